//! What octets are, beside what their sender says that they are.

use infer::{MatcherType, Type};
use mime_guess::{from_ext, get_mime_extensions_str};

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
            None => !has_look(&essence) || looks_rare(&essence, octets),
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
        ("audio", "m4a") => (family, "mp4"),
        ("application", subtype @ ("javascript" | "xml")) => ("text", subtype),
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

/// Whether octets of this type begin in a way that is known of them.
pub(super) fn has_look(essence: &str) -> bool {
    let (family, subtype) = canonical(essence);
    // A container is known by one of its names.
    let families: &[&str] = match family {
        "text" => return false,
        "audio" | "video" => &["audio", "video"],
        _ => &[family],
    };
    let names = families.iter().flat_map(|it| ["", "x-"].map(|x| format!("{it}/{x}{subtype}")));
    let endings = get_mime_extensions_str(essence).unwrap_or_default();
    names.into_iter().any(|name| infer::is_mime_supported(&name))
        || endings.iter().any(|ending| is_known_by_look(ending))
}

/// Whether files with this ending begin in a way that is known of them.
pub(super) fn is_known_by_look(ending: &str) -> bool {
    infer::is_supported(ending) && !LOOKS_OF_SOME.contains(&ending)
}

/// Endings of which only some files have a known look: those of texts, and one that is of
/// models as well as of programs.
const LOOKS_OF_SOME: &[&str] = &["html", "obj", "sh", "xml"];

/// Whether octets are of a type with a known look although that was not seen: there are more
/// brands of the ISO media format (ISO/IEC 14496-12) and versions of MPEG audio than are
/// listed anywhere.
fn looks_rare(essence: &str, octets: &[u8]) -> bool {
    let (family, subtype) = canonical(essence);
    match (family, subtype, octets) {
        ("audio", "mpeg", [0xff, second, ..]) => second & 0xe0 == 0xe0,
        ("audio" | "video", _, [_, _, _, _, b'f', b't', b'y', b'p', ..]) => true,
        _ => false,
    }
}
