//! What octets are, beside what their sender says that they are.

use infer::{MatcherType, Type};
use mime_guess::from_ext;

use super::Declared;

/// A declaration that says nothing.
pub(super) const UNKNOWN: &str = "application/octet-stream";

/// How many octets a byte is looked for that no text has.
const TEXT_SAMPLE: usize = 1024;

/// What the octets of a file and its sender agree on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The sender says nothing, and the octets show nothing.
    Unknown,
    /// Both say this type, or one does and the other does not object. The octets may have an
    /// ending that is theirs.
    Agreed(String, Option<&'static str>),
    /// They contradict each other.
    Disputed,
}

impl Kind {
    /// By the first octets; some 8 KiB suffice.
    pub(super) fn of(declared: &Declared<'_>, octets: &[u8]) -> Self {
        let essence = declared.essence();
        let sniffed = infer::get(octets);
        let says_nothing = essence == UNKNOWN || !essence.contains('/');
        let is_agreed = match &sniffed {
            Some(sniffed) if says_nothing => {
                return Self::Agreed(sniffed.mime_type().to_owned(), Some(sniffed.extension()));
            }
            None if says_nothing => return Self::Unknown,
            _ if essence.starts_with("text/") => may_be_text(declared, octets, sniffed.as_ref()),
            Some(sniffed) => agrees(&essence, sniffed),
            None => !is_always_known(&essence),
        };
        if !is_agreed {
            return Self::Disputed;
        }
        let same = sniffed.filter(|sniffed| is_called(&essence, sniffed));
        Self::Agreed(essence, same.map(|sniffed| sniffed.extension()))
    }
}

/// The type of a picture, if the octets are one and of the type that is declared.
pub(super) fn image_type(declared: &Declared<'_>, octets: &[u8]) -> Option<&'static str> {
    let sniffed = infer::get(octets).filter(|it| it.matcher_type() == MatcherType::Image)?;
    is_same(&declared.essence(), sniffed.mime_type()).then(|| sniffed.mime_type())
}

/// Whether two names are of one type.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    canonical(one) == canonical(other)
}

/// A type without the names that it had before it was registered.
fn canonical(essence: &str) -> (&str, &str) {
    let (family, subtype) = essence.split_once('/').unwrap_or((essence, ""));
    match (family, subtype.strip_prefix("x-").unwrap_or(subtype)) {
        ("image", "jpg" | "pjpeg") => (family, "jpeg"),
        ("image", "heic") => (family, "heif"),
        ("audio", "mp3") => (family, "mpeg"),
        canonical => canonical,
    }
}

fn may_be_text(declared: &Declared<'_>, octets: &[u8], sniffed: Option<&Type>) -> bool {
    let is_wide = declared.charset().is_some_and(|it| it.to_ascii_lowercase().contains("16"));
    let has_zero = octets.iter().take(TEXT_SAMPLE).any(|octet| *octet == 0);
    sniffed.is_none_or(|it| it.matcher_type() == MatcherType::Text) && (is_wide || !has_zero)
}

/// Whether octets of one type may be declared as another: many types are made of others, and
/// look like these from outside.
fn agrees(essence: &str, sniffed: &Type) -> bool {
    let family = essence.split('/').next().unwrap_or_default();
    let is_without_look = || !infer::is_mime_supported(essence);
    let is_made_of = |kind| sniffed.matcher_type() == kind;
    is_called(essence, sniffed)
        || (is_made_of(MatcherType::Text) && is_without_look())
        || (is_made_of(MatcherType::Audio) || is_made_of(MatcherType::Video))
            && matches!(family, "audio" | "video")
        || (is_made_of(MatcherType::Font) && family == "font")
        || (is_made_of(MatcherType::Doc) && is_document(essence))
        || (sniffed.mime_type() == "application/zip"
            && (is_document(essence) || (family == "application" && is_without_look())))
}

/// Whether this is a name of a type: its own, or one that its ending stands for.
fn is_called(essence: &str, sniffed: &Type) -> bool {
    is_same(essence, sniffed.mime_type())
        || from_ext(sniffed.extension()).iter_raw().any(|it| is_same(essence, it))
}

/// Whether this is an office document, which is a container that looks like another.
fn is_document(essence: &str) -> bool {
    ["officedocument", "opendocument", "ms-", "msword", "epub"]
        .iter()
        .any(|it| essence.contains(it))
}

/// Whether all octets of this type are known as such.
pub(super) fn is_always_known(essence: &str) -> bool {
    let (family, subtype) = canonical(essence);
    (family == "image" && infer::is_mime_supported(&format!("{family}/{subtype}")))
        || matches!(essence, "application/pdf" | "application/zip" | "application/gzip")
}
