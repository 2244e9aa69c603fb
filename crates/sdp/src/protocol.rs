//! The protocol of an `m=` line (RFC 4975 section 8.1).

use std::borrow::Cow;

use crate::tolerance::{Reading, SdpTolerance};

/// TCP with or without TLS, in the spelling of its description: an answer repeats that
/// of its offer (RFC 3264 section 6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Protocol {
    text: Cow<'static, str>,
    is_secure: bool,
}

const PLAIN: &str = "TCP/MSRP";
const SECURE: &str = "TCP/TLS/MSRP";

impl Protocol {
    pub(crate) const fn new(is_secure: bool) -> Self {
        Self { text: Cow::Borrowed(if is_secure { SECURE } else { PLAIN }), is_secure }
    }

    /// `None` if it is not for MSRP.
    pub(crate) fn read(text: &str, reading: &mut Reading) -> Option<Self> {
        let misspelt = text.to_ascii_uppercase().replace("MRSP", "MSRP");
        let known = Self::new(misspelt == SECURE);
        if misspelt != known.text {
            return None;
        }
        let is_misspelt = !text.eq_ignore_ascii_case(&known.text);
        if is_misspelt && !reading.tolerates(SdpTolerance::ProtocolSpelling) {
            return None;
        }
        let is_upper = !text.bytes().any(|octet| octet.is_ascii_lowercase());
        (is_upper || reading.tolerates(SdpTolerance::LetterCase))
            .then(|| Self { text: text.to_owned().into(), ..known })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) const fn is_secure(&self) -> bool {
        self.is_secure
    }
}
