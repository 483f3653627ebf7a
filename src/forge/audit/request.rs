//! Numbers of requests: what ties the rows of one submission together.

use super::AuditError;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::str::FromStr;

/// The number of a request: 128 random bits, printed as 32 hexadecimal digits.
///
/// ```
/// use lau_agent_runtime::forge::audit::Request;
///
/// let request = Request::new()?;
/// assert_eq!(request.to_string().parse(), Ok(request));
/// # Ok::<(), lau_agent_runtime::forge::audit::AuditError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Request(pub u128);

impl Request {
    /// A new number.
    ///
    /// # Errors
    ///
    /// `/dev/urandom` cannot be read.
    pub fn new() -> Result<Request, AuditError> {
        let mut bytes = [0; 16];
        let read = File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
        read.map_err(AuditError::Random)?;
        Ok(Request(u128::from_be_bytes(bytes)))
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for Request {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Request, &'static str> {
        let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u128::from_str_radix(text, 16).ok().filter(|_| digits);
        number.map(Request).ok_or("the number of a request has 32 hexadecimal digits")
    }
}

impl Serialize for Request {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Request {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Request, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}
