//! A request as the launcher reads it: fields one after the other, in the order that `protocol` tells.
//!
//! Sections stay bytes until the step that they are for reads them, entry by entry; texts stay where they are, with the
//! zero byte that the kernel wants. What is cut short or too long is `EINVAL`.

use crate::protocol;
use crate::protocol::NONE;

pub(crate) const EINVAL: u32 = 22;

/// Reads fields one after the other.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn bytes(&mut self, length: usize) -> Result<&'a [u8], u32> {
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(EINVAL)?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, u32> {
        let bytes = self.bytes(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, u32> {
        Ok(u64::from(self.u32()?) | u64::from(self.u32()?) << 32)
    }

    /// A text with its zero byte.
    pub(crate) fn text(&mut self) -> Result<&'a [u8], u32> {
        let end = self.0.iter().position(|byte| *byte == 0).ok_or(EINVAL)?;
        self.bytes(end + 1)
    }

    pub(crate) fn section(&mut self) -> Result<Reader<'a>, u32> {
        let length = self.u32()? as usize;
        Ok(Reader(self.bytes(length)?))
    }
}

pub(crate) struct Request<'a> {
    pub(crate) namespaces: u32,
    pub(crate) options: u32,
    pub(crate) outside: u32,
    pub(crate) outside_group: u32,
    pub(crate) inside: u32,
    pub(crate) input: u32,
    pub(crate) output: u32,
    pub(crate) extra: u32,
    pub(crate) ruleset: u32,
    pub(crate) program_fd: u32,
    pub(crate) cgroups: Reader<'a>,
    pub(crate) tree: Reader<'a>,
    pub(crate) limits: Reader<'a>,
    pub(crate) rules: Reader<'a>,
    pub(crate) filters: Reader<'a>,
    pub(crate) program: Reader<'a>,
}

impl<'a> Request<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, u32> {
        let mut r = Reader(bytes);
        if r.u32()? != protocol::MAGIC {
            return Err(EINVAL);
        }
        Ok(Request {
            namespaces: r.u32()?,
            options: r.u32()?,
            outside: r.u32()?,
            outside_group: r.u32()?,
            inside: r.u32()?,
            input: r.u32()?,
            output: r.u32()?,
            extra: r.u32()?,
            ruleset: r.u32()?,
            program_fd: r.u32()?,
            cgroups: r.section()?,
            tree: r.section()?,
            limits: r.section()?,
            rules: r.section()?,
            filters: r.section()?,
            program: r.section()?,
        })
    }

    pub(crate) fn has(&self, option: u32) -> bool {
        self.options & option != 0
    }
}

/// The number that a descriptor of the request has here: they came in order, after 0 to 2 alone were open.
pub(crate) fn descriptor(index: u32) -> u32 {
    if index == NONE { NONE } else { index + 3 }
}
