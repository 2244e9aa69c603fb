//! The typed values of start lines and header fields.

use std::fmt;

use thiserror::Error;

/// A request method (RFC 4975 section 9; AUTH RFC 4976; NICKNAME RFC 7701).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method<'a> {
    /// SEND: a message or a chunk of one.
    Send,
    /// REPORT: what became of a message.
    Report,
    /// AUTH: asks a relay for its use (RFC 4976).
    Auth,
    /// NICKNAME: asks a chat room for a name (RFC 7701).
    Nickname,
    /// Any other, as it stands in the start line.
    Other(&'a str),
}

impl<'a> Method<'a> {
    /// The method of that name; names are case-sensitive.
    #[must_use]
    pub fn from_name(name: &'a str) -> Self {
        match name {
            "SEND" => Self::Send,
            "REPORT" => Self::Report,
            "AUTH" => Self::Auth,
            "NICKNAME" => Self::Nickname,
            other => Self::Other(other),
        }
    }

    /// The name as it stands in a start line.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        match self {
            Self::Send => "SEND",
            Self::Report => "REPORT",
            Self::Auth => "AUTH",
            Self::Nickname => "NICKNAME",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for Method<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A status code, of a response or in the Status of a REPORT: three digits.
///
/// The registered ones have names here; others are kept as they are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StatusCode(u16);

macro_rules! status_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $reason:literal;)*) => {
        impl StatusCode {
            $($(#[$doc])* pub const $name: Self = Self($code);)*

            /// Every registered code.
            pub const REGISTERED: &'static [Self] = &[$(Self::$name),*];

            /// The phrase this crate writes behind the code, `"Unknown"` for a
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
    /// The code of that number, `None` where it has more than three digits.
    #[must_use]
    pub const fn new(code: u16) -> Option<Self> {
        if code <= 999 { Some(Self(code)) } else { None }
    }

    /// The code as a number, 0 to 999.
    #[must_use]
    pub const fn as_u16(self) -> u16 {
        self.0
    }

    /// Whether the code is 200 to 299.
    #[must_use]
    pub const fn is_success(self) -> bool {
        self.0 / 100 == 2
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
    /// What the code means: 0 says that it is a response code. Codes of other
    /// namespaces are not to be read as such (section 7.1.3).
    pub namespace: u16,
    /// The code.
    pub code: StatusCode,
    /// Words for people.
    pub comment: Option<&'a str>,
}

impl<'a> Status<'a> {
    /// A status of namespace 000 with the code's own phrase.
    #[must_use]
    pub const fn new(code: StatusCode) -> Self {
        Self { namespace: 0, code, comment: Some(code.reason()) }
    }

    /// The code, where it is to be read like that of a response.
    #[must_use]
    pub const fn response_code(&self) -> Option<StatusCode> {
        if self.namespace == 0 { Some(self.code) } else { None }
    }
}

/// The Failure-Report header field: what the sender wants to hear of failures
/// (RFC 4975 section 7.1.1). Absent means [`FailureReport::Yes`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FailureReport {
    /// A response to every chunk, and REPORTs on failure.
    #[default]
    Yes,
    /// Neither a response nor a REPORT.
    No,
    /// Responses only where something failed.
    Partial,
}

impl FailureReport {
    /// The value as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Partial => "partial",
        }
    }
}

/// The continuation flag that ends an end-line (RFC 4975 section 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Continuation {
    /// `$`: the end of the message.
    Complete,
    /// `+`: more chunks follow.
    More,
    /// `#`: the sender has given the message up.
    Aborted,
}

impl Continuation {
    /// The flag as an octet.
    #[must_use]
    pub const fn as_byte(self) -> u8 {
        match self {
            Self::Complete => b'$',
            Self::More => b'+',
            Self::Aborted => b'#',
        }
    }

    /// The flag that `octet` is.
    #[must_use]
    pub const fn from_byte(octet: u8) -> Option<Self> {
        match octet {
            b'$' => Some(Self::Complete),
            b'+' => Some(Self::More),
            b'#' => Some(Self::Aborted),
            _ => None,
        }
    }
}

/// The Byte-Range header field: which octets of the message a chunk carries or
/// a REPORT is about (RFC 4975 section 7.1.1). Positions count from one; `None`
/// stands for `*`.
///
/// ```
/// use msrp::ByteRange;
///
/// let range = ByteRange::new(2049, None, Some(4385))?;
/// assert_eq!(range.to_string(), "2049-*/4385");
/// assert_eq!(ByteRange::EMPTY.to_string(), "1-0/0");
/// assert!(ByteRange::new(0, None, None).is_err());
/// # Ok::<(), msrp::ByteRangeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ByteRange {
    start: u64,
    end: Option<u64>,
    total: Option<u64>,
}

/// Why three numbers are no Byte-Range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ByteRangeError {
    /// The range starts at zero; the first octet is number one.
    #[error("a range starts at 1 or later")]
    ZeroStart,
    /// The range ends more than one octet before its start.
    #[error("a range ends at its start less one or later")]
    EndBeforeStart,
    /// The range ends behind the total.
    #[error("a range ends at its total or before")]
    EndBeyondTotal,
}

impl ByteRange {
    /// `1-0/0`: the range of an empty message.
    pub const EMPTY: Self = Self { start: 1, end: Some(0), total: Some(0) };

    /// The range from `start` to `end`, both counted from one, of `total`
    /// octets. An empty range ends one before its start.
    ///
    /// # Errors
    ///
    /// [`ByteRangeError`] where the numbers do not fit each other.
    pub const fn new(
        start: u64,
        end: Option<u64>,
        total: Option<u64>,
    ) -> Result<Self, ByteRangeError> {
        if start == 0 {
            return Err(ByteRangeError::ZeroStart);
        }
        if let Some(end) = end {
            if end < start - 1 {
                return Err(ByteRangeError::EndBeforeStart);
            }
            if let Some(total) = total
                && end > total
            {
                return Err(ByteRangeError::EndBeyondTotal);
            }
        }
        Ok(Self { start, end, total })
    }

    /// The range of a whole message of `total` octets.
    #[must_use]
    pub const fn whole(total: u64) -> Self {
        Self { start: 1, end: Some(total), total: Some(total) }
    }

    /// The octets from zero-based `offset` on; saturates at the last number.
    pub(crate) const fn from_offsets(offset: u64, end: Option<u64>, total: Option<u64>) -> Self {
        Self { start: offset.saturating_add(1), end, total }
    }

    /// Place of the first octet, counted from one.
    #[must_use]
    pub const fn start(&self) -> u64 {
        self.start
    }

    /// Place of the last octet, counted from one; `None` for `*`.
    #[must_use]
    pub const fn end(&self) -> Option<u64> {
        self.end
    }

    /// Octets of the whole message; `None` for `*`.
    #[must_use]
    pub const fn total(&self) -> Option<u64> {
        self.total
    }
}

impl fmt::Display for ByteRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-", self.start)?;
        write_number(f, self.end)?;
        f.write_str("/")?;
        write_number(f, self.total)
    }
}

fn write_number(f: &mut fmt::Formatter<'_>, number: Option<u64>) -> fmt::Result {
    match number {
        Some(number) => write!(f, "{number}"),
        None => f.write_str("*"),
    }
}

/// The registered header fields, and those MIME fields that MSRP names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HeaderName {
    /// To-Path (RFC 4975).
    ToPath,
    /// From-Path (RFC 4975).
    FromPath,
    /// Message-ID (RFC 4975).
    MessageId,
    /// Success-Report (RFC 4975).
    SuccessReport,
    /// Failure-Report (RFC 4975).
    FailureReport,
    /// Byte-Range (RFC 4975).
    ByteRange,
    /// Status (RFC 4975).
    Status,
    /// Expires (RFC 4976).
    Expires,
    /// Min-Expires (RFC 4976).
    MinExpires,
    /// Max-Expires (RFC 4976).
    MaxExpires,
    /// Use-Path (RFC 4976).
    UsePath,
    /// WWW-Authenticate (RFC 4976).
    WwwAuthenticate,
    /// Authorization (RFC 4976).
    Authorization,
    /// Authentication-Info (RFC 4976).
    AuthenticationInfo,
    /// Use-Nickname (RFC 7701).
    UseNickname,
    /// Content-Type (MIME).
    ContentType,
    /// Content-ID (MIME).
    ContentId,
    /// Content-Description (MIME).
    ContentDescription,
    /// Content-Disposition (MIME).
    ContentDisposition,
}

impl HeaderName {
    /// Every name of this enum.
    pub const ALL: [Self; 19] = [
        Self::ToPath,
        Self::FromPath,
        Self::MessageId,
        Self::SuccessReport,
        Self::FailureReport,
        Self::ByteRange,
        Self::Status,
        Self::Expires,
        Self::MinExpires,
        Self::MaxExpires,
        Self::UsePath,
        Self::WwwAuthenticate,
        Self::Authorization,
        Self::AuthenticationInfo,
        Self::UseNickname,
        Self::ContentType,
        Self::ContentId,
        Self::ContentDescription,
        Self::ContentDisposition,
    ];

    /// The name as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ToPath => "To-Path",
            Self::FromPath => "From-Path",
            Self::MessageId => "Message-ID",
            Self::SuccessReport => "Success-Report",
            Self::FailureReport => "Failure-Report",
            Self::ByteRange => "Byte-Range",
            Self::Status => "Status",
            Self::Expires => "Expires",
            Self::MinExpires => "Min-Expires",
            Self::MaxExpires => "Max-Expires",
            Self::UsePath => "Use-Path",
            Self::WwwAuthenticate => "WWW-Authenticate",
            Self::Authorization => "Authorization",
            Self::AuthenticationInfo => "Authentication-Info",
            Self::UseNickname => "Use-Nickname",
            Self::ContentType => "Content-Type",
            Self::ContentId => "Content-ID",
            Self::ContentDescription => "Content-Description",
            Self::ContentDisposition => "Content-Disposition",
        }
    }

    /// The header field of that name, in any letter case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::from_octets(name.as_bytes())
    }

    /// Sorts by length first, and looks for the usual spelling first: one plain
    /// comparison is left for most names.
    pub(crate) fn from_octets(name: &[u8]) -> Option<Self> {
        let candidates: &[Self] = match name.len() {
            6 => &[Self::Status],
            7 => &[Self::ToPath, Self::Expires],
            8 => &[Self::UsePath],
            9 => &[Self::FromPath],
            10 => &[Self::MessageId, Self::ByteRange, Self::ContentId],
            11 => &[Self::MinExpires, Self::MaxExpires],
            12 => &[Self::ContentType, Self::UseNickname],
            13 => &[Self::Authorization],
            14 => &[Self::FailureReport, Self::SuccessReport],
            16 => &[Self::WwwAuthenticate],
            19 => &[Self::ContentDisposition, Self::ContentDescription, Self::AuthenticationInfo],
            _ => return None,
        };
        let mut all = candidates.iter().copied();
        let usual = all.clone().find(|candidate| candidate.as_str().as_bytes() == name);
        usual.or_else(|| all.find(|known| known.as_str().as_bytes().eq_ignore_ascii_case(name)))
    }
}

/// Whether a header field describes the body, and so needs one
/// (RFC 4975 section 7.1).
pub(crate) fn is_mime_name(name: &[u8]) -> bool {
    const PREFIX: &[u8] = b"content-";
    name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}
