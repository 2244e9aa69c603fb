//! When two URIs name the same participant.

use msrp_cpim::Address;

/// The most octets of a URI.
const MAX_OCTETS: usize = 2048;

/// Whether two URIs name the same participant, by the comparison that a
/// [`Room`](super::Room) makes: a client knows by it which From is its own, and
/// whose a private message is.
///
/// Scheme and host are compared without letter case. Of SIP, IM and PRES URIs
/// the parameters and headers do not count, which say how somebody is reached
/// and not who it is; of telephone numbers the visual separators do not (RFC
/// 3966 section 4). Percent-escapes are compared as they are written. What is
/// no URI, or has more than 2,048 octets, is nobody.
///
/// ```
/// use msrp_chatroom::is_same_uri;
///
/// assert!(is_same_uri("sip:ada@example.com", "SIP:ada@Example.COM;transport=tcp"));
/// assert!(is_same_uri("tel:+1-201-555-0123", "tel:+12015550123"));
/// assert!(!is_same_uri("sip:ada@example.com", "sip:Ada@example.com"));
/// assert!(!is_same_uri("ada", "ada"));
/// ```
#[must_use]
pub fn is_same_uri(one: &str, other: &str) -> bool {
    Identifier::new(one).is_some_and(|one| Identifier::new(other) == Some(one))
}

/// A URI in a spelling that all of its equals have ([`is_same_uri`]).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Identifier(Box<str>);

impl Identifier {
    /// `None` where the text is no URI, or too long.
    pub(crate) fn new(uri: &str) -> Option<Self> {
        Address::new(uri).ok().filter(|_| uri.len() <= MAX_OCTETS)?;
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
