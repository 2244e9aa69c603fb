//! Header fields whose names or values are words of RFC 4975.

use crate::named::named;

named! {
    /// The registered header fields, and the MIME header fields that RFC 4975 names.
    #[non_exhaustive]
    pub enum HeaderName: "header field", any case {
        /// To-Path (RFC 4975).
        ToPath = "To-Path",
        /// From-Path (RFC 4975).
        FromPath = "From-Path",
        /// Message-ID (RFC 4975).
        MessageId = "Message-ID",
        /// Success-Report (RFC 4975).
        SuccessReport = "Success-Report",
        /// Failure-Report (RFC 4975).
        FailureReport = "Failure-Report",
        /// Byte-Range (RFC 4975).
        ByteRange = "Byte-Range",
        /// Status (RFC 4975).
        Status = "Status",
        /// Expires (RFC 4976).
        Expires = "Expires",
        /// Min-Expires (RFC 4976).
        MinExpires = "Min-Expires",
        /// Max-Expires (RFC 4976).
        MaxExpires = "Max-Expires",
        /// Use-Path (RFC 4976).
        UsePath = "Use-Path",
        /// WWW-Authenticate (RFC 4976).
        WwwAuthenticate = "WWW-Authenticate",
        /// Authorization (RFC 4976).
        Authorization = "Authorization",
        /// Authentication-Info (RFC 4976).
        AuthenticationInfo = "Authentication-Info",
        /// Use-Nickname (RFC 7701).
        UseNickname = "Use-Nickname",
        /// Content-Type (MIME).
        ContentType = "Content-Type",
        /// Content-ID (MIME).
        ContentId = "Content-ID",
        /// Content-Description (MIME).
        ContentDescription = "Content-Description",
        /// Content-Disposition (MIME).
        ContentDisposition = "Content-Disposition",
    }
}

impl HeaderName {
    /// The header field of this name, in any letter case.
    pub(crate) fn of(name: &[u8]) -> Option<Self> {
        let is_name = |known: &Self| known.as_str().as_bytes().eq_ignore_ascii_case(name);
        Self::ALL.iter().copied().find(is_name)
    }
}

named! {
    /// The Failure-Report header field: which failures the sender hears of
    /// (RFC 4975 section 7.1.1). Absent, it means [`FailureReport::Yes`].
    #[derive(Default)]
    pub enum FailureReport: "Failure-Report", any case {
        /// Every chunk is responded to, and failures are reported.
        #[default]
        Yes = "yes",
        /// Neither responses nor REPORTs.
        No = "no",
        /// Responses to chunks that fail, and no others.
        Partial = "partial",
    }
}

named! {
    /// The continuation flag at the end of an end-line (RFC 4975 section 7.1).
    pub enum Continuation: "continuation flag" {
        /// The message is complete.
        Complete = "$",
        /// More chunks follow.
        More = "+",
        /// The sender has abandoned the message.
        Aborted = "#",
    }
}

impl Continuation {
    /// The flag as an octet.
    #[must_use]
    pub const fn as_byte(self) -> u8 {
        match self.as_str().as_bytes() {
            [flag, ..] => *flag,
            [] => 0,
        }
    }

    /// The flag that `octet` is.
    #[must_use]
    pub fn from_byte(octet: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|flag| flag.as_byte() == octet)
    }
}

/// Whether a header field describes the body, and so needs one
/// (RFC 4975 section 7.1).
pub(crate) fn is_mime_name(name: &[u8]) -> bool {
    const PREFIX: &[u8] = b"content-";
    name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}
