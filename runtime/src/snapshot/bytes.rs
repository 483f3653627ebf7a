//! The binary form of a snapshot.
//!
//! ```text
//! 8 bytes   "lau-snap"
//! 4         version of the form, little-endian as all numbers here
//! 8         length of the rest, n
//! 16        checksum: the first bytes of the rest's SHA-256
//! n         the snapshot, in the form of postcard (a number of variable length for each length and index)
//! ```
//!
//! The parts are looked at in this order, so that the error says what is the matter: another file, another
//! version, a piece of one, a damaged one. The checksum is against accidents; it keeps nobody from forging.

use super::{FORMAT_VERSION, Fault, Snapshot};
use sha2::{Digest, Sha256};

const MAGIC: &[u8; 8] = b"lau-snap";
const CHECKSUM_BYTES: usize = 16;
const HEADER_BYTES: usize = MAGIC.len() + 4 + 8 + CHECKSUM_BYTES;

fn checksum(payload: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let sum: [u8; 32] = Sha256::digest(payload).into();
    std::array::from_fn(|at| sum[at])
}

/// A payload behind the header of this version.
fn sealed(payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES + payload.len());
    bytes.extend(MAGIC);
    bytes.extend(FORMAT_VERSION.to_le_bytes());
    bytes.extend((payload.len() as u64).to_le_bytes());
    bytes.extend(checksum(payload));
    bytes.extend(payload);
    bytes
}

impl Snapshot {
    /// The binary form. Equal snapshots give equal bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        sealed(&postcard::to_allocvec(self).expect("all lengths are known, and there is memory"))
    }

    /// Reads the binary form.
    ///
    /// # Errors
    /// If the bytes are something else, a part of a snapshot, damaged, or of another version.
    ///
    /// ```
    /// use lau_runtime::snapshot::{Fault, Snapshot};
    /// assert_eq!(Snapshot::from_bytes(b"#!/bin/sh"), Err(Fault::NotASnapshot));
    /// assert_eq!(Snapshot::from_bytes(b"lau-snap"), Err(Fault::Truncated));
    /// assert_eq!(Snapshot::from_bytes(b"lau-snap\x07\0\0\0"), Err(Fault::Format { found: 7 }));
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> Result<Snapshot, Fault> {
        let Some(rest) = bytes.strip_prefix(MAGIC) else {
            let begun = !bytes.is_empty() && MAGIC.starts_with(bytes);
            return Err(if begun { Fault::Truncated } else { Fault::NotASnapshot });
        };
        let (version, rest) = rest.split_first_chunk().ok_or(Fault::Truncated)?;
        let found = u32::from_le_bytes(*version);
        if found != FORMAT_VERSION {
            return Err(Fault::Format { found });
        }
        let (length, rest) = rest.split_first_chunk().ok_or(Fault::Truncated)?;
        let (sum, payload) = rest.split_first_chunk().ok_or(Fault::Truncated)?;
        let (length, there) = (u64::from_le_bytes(*length), payload.len() as u64);
        if there < length {
            return Err(Fault::Truncated);
        }
        if there > length {
            return Err(Fault::Malformed("there are bytes after its end".to_owned()));
        }
        if checksum(payload) != *sum {
            return Err(Fault::Checksum);
        }
        match postcard::take_from_bytes::<Snapshot>(payload) {
            Ok((snapshot, [])) if snapshot.format == found => Ok(snapshot),
            Ok(_) => Err(Fault::Malformed("it says two things about its form".to_owned())),
            Err(error) => Err(Fault::Malformed(error.to_string())),
        }
    }

    /// The bytes with a header that fits what comes after it: for those who look for what a forged
    /// snapshot can do.
    #[doc(hidden)]
    #[must_use]
    pub fn forge(bytes: &[u8]) -> Vec<u8> {
        sealed(bytes.get(HEADER_BYTES..).unwrap_or_default())
    }
}
