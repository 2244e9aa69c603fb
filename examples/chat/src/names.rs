//! What participants are called, and whom a name means. Two of them may have the
//! same user in their URIs, or one may take the other's as a nickname. A
//! participant who could be mistaken for another is shown with the URI.

use msrp_chatroom::is_same_uri;
use msrp_tokio::content::{look_alike, spelled, visible_line};
use thiserror::Error;

use crate::rendezvous::Roster;

/// The name of the client's own user.
const YOU: &str = "you";

/// Why a name does not mean one participant.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FindError {
    /// No participant has it.
    #[error("{0} is not in the room")]
    Nobody(String),
    /// Several participants have it.
    #[error("several participants are called {name}; use a URI: {}", spelled(&uris.join(", ")))]
    Several {
        /// The name.
        name: String,
        /// Their URIs.
        uris: Vec<String>,
    },
}

/// The URI and nickname of a participant as in the roster.
pub(crate) fn entry<'a>(roster: &'a Roster, uri: &str) -> Option<(&'a str, Option<&'a str>)> {
    let exact = roster.get_key_value(uri);
    let found = exact.or_else(|| roster.iter().find(|(key, _)| is_same_uri(key, uri)));
    found.map(|(uri, nickname)| (uri.as_str(), nickname.as_deref()))
}

/// The name of a participant with that URI and nickname.
pub(crate) fn called(roster: &Roster, uri: &str, nickname: Option<&str>) -> String {
    let name = nickname.unwrap_or_else(|| user_of(uri));
    let mut others = resembling(roster, name).filter(|other| !is_same_uri(other, uri));
    let is_unique = others.next().is_none() && !look_alike(name, YOU);
    let name = visible_line(name);
    // A name with brackets could look like a name and a URI, or like another's line.
    let is_plain = !name.contains(['<', '>', '[', ']', '(', ')']);
    if is_unique && is_plain { name } else { format!("{name} ({})", spelled(uri)) }
}

/// The URI of the participant with that name: the URI itself, a nickname, or the
/// user in a URI.
pub(crate) fn find<'a>(roster: &'a Roster, name: &str) -> Result<&'a str, FindError> {
    if let Some((uri, _)) = entry(roster, name) {
        return Ok(uri);
    }
    let mut found = named(roster, name);
    let first = found.next().ok_or_else(|| FindError::Nobody(name.to_owned()))?;
    let mut others = found.filter(|other| !is_same_uri(other, first)).map(str::to_owned).peekable();
    if others.peek().is_none() {
        return Ok(first);
    }
    let uris = std::iter::once(first.to_owned()).chain(others).collect();
    Err(FindError::Several { name: name.to_owned(), uris })
}

/// The participants with that nickname, or that user in their URI.
fn named<'a>(roster: &'a Roster, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    let name = folded(name);
    let is_it = move |(uri, nickname): &(&String, &Option<String>)| {
        folded(user_of(uri)) == name || nickname.as_deref().is_some_and(|it| folded(it) == name)
    };
    roster.iter().filter(is_it).map(|(uri, _)| uri.as_str())
}

/// The participants with a nickname, or a user in their URI, that looks like this name.
fn resembling<'a>(roster: &'a Roster, name: &'a str) -> impl Iterator<Item = &'a str> {
    let is_like = |other: &str| look_alike(start_of(other), start_of(name));
    let is_it = move |(uri, nickname): &(&String, &Option<String>)| {
        is_like(user_of(uri)) || nickname.as_deref().is_some_and(is_like)
    };
    roster.iter().filter(is_it).map(|(uri, _)| uri.as_str())
}

/// As much of a name as people compare.
fn start_of(name: &str) -> &str {
    let end = name.char_indices().nth(64).map_or(name.len(), |(at, _)| at);
    name.get(..end).unwrap_or(name)
}

/// The form in which names are compared: without letter case and outer blanks.
fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

/// The user in a URI as a room reads it, or else all after the scheme.
fn user_of(uri: &str) -> &str {
    let rest = uri.split_once(':').map_or(uri, |(_, rest)| rest);
    rest.rsplit_once('@').map_or(rest, |(user, _)| user)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roster(entries: &[(&str, Option<&str>)]) -> Roster {
        let owned =
            |(uri, nickname): &(&str, Option<&str>)| (uri.to_string(), nickname.map(str::to_owned));
        entries.iter().map(owned).collect()
    }

    const GOOD: &str = "sip:ada@good.example";
    const EVIL: &str = "sip:ada@evil.example";
    const BOB: &str = "sip:bob@good.example";

    #[test]
    fn who_is_alone_with_a_name_is_called_by_it() {
        let roster = roster(&[(GOOD, None), (BOB, Some("Bobby"))]);
        assert_eq!(called(&roster, GOOD, None), "ada");
        assert_eq!(called(&roster, BOB, Some("Bobby")), "Bobby");
        for (name, uri) in [("ADA", GOOD), ("bob", BOB), ("bobby", BOB), (GOOD, GOOD)] {
            assert_eq!(find(&roster, name), Ok(uri));
        }
        assert_eq!(find(&roster, "cleo"), Err(FindError::Nobody("cleo".into())));
    }

    #[test]
    fn who_could_be_taken_for_another_is_called_by_the_uri_too() {
        for nickname in [Some("ada"), Some("ADA "), None] {
            let roster = roster(&[(GOOD, None), (EVIL, nickname)]);
            assert!(called(&roster, EVIL, nickname).ends_with(" (sip:ada@evil.example)"));
            assert_eq!(called(&roster, GOOD, None), "ada (sip:ada@good.example)");
            let uris = vec![EVIL.to_owned(), GOOD.to_owned()];
            assert_eq!(find(&roster, "Ada"), Err(FindError::Several { name: "Ada".into(), uris }));
            assert_eq!(find(&roster, GOOD), Ok(GOOD));
        }
        // A nickname that is the user part of another participant's URI.
        let roster = roster(&[(GOOD, Some("Countess")), (BOB, Some("Ada"))]);
        assert_eq!(called(&roster, BOB, Some("Ada")), "Ada (sip:bob@good.example)");
        assert!(find(&roster, "ada").is_err());
    }

    #[test]
    fn no_name_looks_like_more_than_a_name() {
        let roster = roster(&[(GOOD, None)]);
        for name in ["You", "ada (sip:ada@good.example)", "ada> Hello", "x [ada to you]"] {
            assert_eq!(called(&roster, EVIL, Some(name)), format!("{name} ({EVIL})"));
        }
    }

    /// Names are told apart by how they look, and a URI that looks like another is spelled out.
    #[test]
    fn who_looks_like_another_is_called_by_the_uri_spelled_out() {
        for (other, shown) in [
            ("sip:\u{430}da@good.example", "\u{430}da (sip:[U+0430]da@good.example)"),
            ("sip:ad\u{200b}a@good.example", "ad[U+200B]a (sip:ad[U+200B]a@good.example)"),
        ] {
            let roster = roster(&[(GOOD, None), (other, None)]);
            assert_eq!(called(&roster, other, None), shown);
            assert_eq!(called(&roster, GOOD, None), "ada (sip:ada@good.example)");
        }
        // Hidden characters are seen even if nobody looks like that.
        let alone = roster(&[("sip:ad\u{200b}a@x", None)]);
        assert_eq!(called(&alone, "sip:ad\u{200b}a@x", None), "ad[U+200B]a (sip:ad[U+200B]a@x)");
        assert_eq!(
            called(&alone, "sip:ad\u{200b}a@x", Some("\u{443}ou")),
            "\u{443}ou (sip:ad[U+200B]a@x)"
        );
    }

    /// As a room compares them.
    #[test]
    fn a_uri_has_several_spellings() {
        let other = "SIP:ada@GOOD.example;transport=tcp";
        let named = roster(&[(GOOD, Some("Countess"))]);
        assert_eq!(entry(&named, other), Some((GOOD, Some("Countess"))));
        // In two sessions of one user.
        let roster = roster(&[(GOOD, None), (other, None)]);
        assert_eq!(called(&roster, other, None), "ada");
        assert_eq!(find(&roster, "ada").map(|uri| is_same_uri(uri, GOOD)), Ok(true));
        assert_eq!(user_of("sip:a@b@good.example"), "a@b");
        assert_eq!(user_of("tel:+12015550123"), "+12015550123");
    }
}
