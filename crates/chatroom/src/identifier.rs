//! When two URIs name the same participant.

use msrp_cpim::Address;

use crate::error::RoomError;

/// The most octets of a URI.
const MAX_OCTETS: usize = 2048;

/// Whether two URIs name the same participant, by the comparison of a
/// [`Room`](crate::Room). A client uses it to recognize its own From, and the
/// other side of a private conversation.
///
/// Scheme and host match in any letter case. The parameters and headers of SIP,
/// IM and PRES URIs do not count, because they say how to reach somebody and not
/// who it is; nor do the visual separators of telephone numbers (RFC 3966 section
/// 4). Percent-escapes match as they are written. A text that is no absolute URI,
/// or has more than 2,048 octets, matches nothing.
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
    Identifier::new(one).is_ok_and(|one| Identifier::new(other) == Ok(one))
}

/// A URI in the one spelling of all URIs that match it ([`is_same_uri`]).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Identifier(Box<str>);

impl Identifier {
    pub(crate) fn new(uri: &str) -> Result<Self, RoomError> {
        if uri.len() > MAX_OCTETS || Address::new(uri).is_err() {
            return Err(RoomError::Uri);
        }
        let (scheme, rest) = uri.split_once(':').ok_or(RoomError::Uri)?;
        let scheme = scheme.to_ascii_lowercase();
        let rest = match &scheme[..] {
            "sip" | "sips" | "im" | "pres" => user_at_host(rest),
            "tel" => number(rest),
            _ => rest.to_owned(),
        };
        Ok(Self(format!("{scheme}:{rest}").into()))
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
