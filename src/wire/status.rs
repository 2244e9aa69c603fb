//! Status codes, and the Status header field.

use std::fmt;
use std::str::FromStr;

use super::grammar;
use super::value_error::{ValueError, ValueErrorKind};

/// A status code, of a response or in the Status of a REPORT: three digits.
///
/// The registered codes have names here; others are kept as they are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StatusCode(u16);

macro_rules! status_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $reason:literal;)*) => {
        impl StatusCode {
            $($(#[$doc])* pub const $name: Self = Self($code);)*

            /// Every registered code.
            pub const REGISTERED: &'static [Self] = &[$(Self::$name),*];

            /// The comment that this crate writes after the code: `"Unknown"` for a
            /// code that is not registered.
            #[must_use]
            pub const fn reason(self) -> &'static str {
                match self.0 {
                    $($code => $reason,)*
                    _ => "Unknown",
                }
            }
        }
    };
}

status_codes! {
    /// 200: the transaction succeeded (RFC 4975 section 10.1).
    OK = 200, "OK";
    /// 400: the request was not understood (section 10.2).
    BAD_REQUEST = 400, "Bad Request";
    /// 401: the relay wants credentials (RFC 4976).
    UNAUTHORIZED = 401, "Unauthorized";
    /// 403: the action is not allowed; it is not to be tried again (section 10.3).
    FORBIDDEN = 403, "Forbidden";
    /// 404: the room or participant does not exist (RFC 7701).
    NOT_FOUND = 404, "Not Found";
    /// 408: a later hop did not answer in time (section 10.4).
    TIMEOUT = 408, "Request Timeout";
    /// 413: stop sending this message (section 10.5).
    STOP_SENDING = 413, "Message Too Large";
    /// 415: the media type is not understood (section 10.6).
    UNSUPPORTED_MEDIA_TYPE = 415, "Unsupported Media Type";
    /// 423: a parameter is out of bounds (section 10.7; RFC 4976).
    OUT_OF_BOUNDS = 423, "Parameter Out Of Bounds";
    /// 424: the nickname is malformed (RFC 7701).
    MALFORMED_NICKNAME = 424, "Malformed Nickname";
    /// 425: the nickname is reserved or in use (RFC 7701).
    NICKNAME_IN_USE = 425, "Nickname Reserved Or Already In Use";
    /// 428: private messages are not supported (RFC 7701).
    PRIVATE_MESSAGES_UNSUPPORTED = 428, "Private Messages Not Supported";
    /// 481: the session does not exist (section 10.8).
    NO_SUCH_SESSION = 481, "No Such Session";
    /// 501: the method is not understood (section 10.9).
    UNKNOWN_METHOD = 501, "Unknown Method";
    /// 506: the session is bound to another connection (section 10.10).
    SESSION_IN_USE = 506, "Session Already In Use";
}

impl StatusCode {
    /// The code of this number, or `None` if it has more than three digits.
    #[must_use]
    pub const fn new(code: u16) -> Option<Self> {
        if code <= 999 { Some(Self(code)) } else { None }
    }

    /// The code as a number, 0 to 999.
    #[must_use]
    pub const fn as_u16(self) -> u16 {
        self.0
    }

    /// As it is written.
    pub(crate) fn digits(self) -> [u8; 3] {
        [self.0 / 100, self.0 / 10, self.0].map(|digits| b'0' | (digits % 10) as u8)
    }

    /// Whether the code is 200 to 299.
    #[must_use]
    pub const fn is_success(self) -> bool {
        self.0 / 100 == 2
    }
}

impl FromStr for StatusCode {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let code = grammar::whole(grammar::status_code, text.as_bytes()).and_then(Self::new);
        code.ok_or(ValueError::new(ValueErrorKind::StatusCode, 0..text.len()))
    }
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

impl fmt::Debug for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StatusCode({self})")
    }
}

/// The Status header field of a REPORT (RFC 4975 section 7.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status<'a> {
    /// What the code means: in namespace 0 it is a response code, and in others it is
    /// not (section 7.1.3).
    pub namespace: u16,
    /// The code.
    pub code: StatusCode,
    /// Text for people.
    pub comment: Option<&'a str>,
}

impl<'a> Status<'a> {
    /// A status of namespace 000 with the default comment of the code.
    #[must_use]
    pub const fn new(code: StatusCode) -> Self {
        Self { namespace: 0, code, comment: Some(code.reason()) }
    }

    /// The code, if it means what it means in a response.
    #[must_use]
    pub const fn response_code(&self) -> Option<StatusCode> {
        if self.namespace == 0 { Some(self.code) } else { None }
    }
}
