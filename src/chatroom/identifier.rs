//! When two URIs name the same participant.

use crate::cpim::Address;

/// A URI in a spelling that all of its equals have.
///
/// Scheme and host are compared without letter case. Of SIP, IM and PRES URIs
/// the parameters and headers do not count, which say how somebody is reached
/// and not who it is; of telephone numbers the visual separators do not (RFC
/// 3966 section 4). Percent-escapes are compared as they are written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Identifier(Box<str>);

impl Identifier {
    /// `None` where the text is no URI.
    pub(super) fn new(uri: &str) -> Option<Self> {
        Address::new(uri).ok()?;
        let (scheme, rest) = uri.split_once(':')?;
        let scheme = scheme.to_ascii_lowercase();
        let rest = match &scheme[..] {
            "sip" | "sips" | "im" | "pres" => user_at_host(rest),
            "tel" => number(rest),
            _ => rest.to_owned(),
        };
        Some(Self(format!("{scheme}:{rest}").into()))
    }
}

fn user_at_host(text: &str) -> String {
    let (user, host) = text.rsplit_once('@').unwrap_or(("", text));
    let host = host.split([';', '?']).next().unwrap_or_default();
    format!("{user}@{}", host.to_ascii_lowercase())
}

fn number(text: &str) -> String {
    let (number, parameters) = text.split_at(text.find(';').unwrap_or(text.len()));
    let digits = number.replace(['-', '.', '(', ')'], "");
    format!("{digits}{parameters}").to_ascii_lowercase()
}
