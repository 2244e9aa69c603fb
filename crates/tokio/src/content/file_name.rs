//! Names for files, whose endings say no more than their octets do.

use mime_guess::{from_ext, get_mime_extensions_str};
use msrp_sdp::file::safe_name;

use super::hidden::is_hidden;
use super::kind::{Kind, UNKNOWN, has_look, is_known_by_look, is_same};
use super::{Declared, visible_line};

/// The ending of a file that may be anything.
const NO_TYPE: &str = "bin";

impl Declared<'_> {
    /// A name under which the octets may be stored, by the first 8 KiB of them or more. The
    /// caller checks whether a file of this name exists.
    ///
    /// It is the [safe form](safe_name) of the name that the sender gave, without hidden
    /// characters. Its ending, the declared type and the octets agree, or it gets another
    /// ending: that of the type if the octets are of it, otherwise `.bin`. The dots that it had
    /// become `_`. Endings of programs stay only where the sender declares a program.
    ///
    /// ```
    /// use msrp_tokio::content::Declared;
    ///
    /// let png = b"\x89PNG\r\n\x1a\n";
    /// let name = |name| Declared::new("image/png").named(name).file_name(png);
    /// assert_eq!(name("cat.png"), "cat.png");
    /// assert_eq!(name("evil.html"), "evil_html.png");
    /// assert_eq!(Declared::new("image/png").named("cat.png").file_name(b"<html>"), "cat_png.bin");
    /// ```
    #[must_use]
    pub fn file_name(&self, first: &[u8]) -> String {
        let seen: String = self.name().chars().filter(|letter| !is_hidden(*letter)).collect();
        // What has marks on nothing, or padding, is not all seen even so.
        let name = safe_name(&visible_line(&safe_name(&seen)));
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        match (Kind::of(self, first), ending) {
            (Kind::Unknown, None) => name,
            (Kind::Unknown, Some(ending)) if claims_nothing(&ending) => name,
            (Kind::Agreed(_, Some(own)), Some(ending)) if ending == own && !is_program(own) => name,
            (Kind::Agreed(kind, _), Some(ending)) if is_of(&ending, &kind) => name,
            (Kind::Agreed(kind, _), _) => with_ending(&name, &ending_of(&kind)),
            (Kind::Unknown | Kind::Disputed, _) => with_ending(&name, NO_TYPE),
        }
    }
}

/// The name with this ending alone.
fn with_ending(name: &str, ending: &str) -> String {
    let stem = name.strip_suffix(&format!(".{ending}")).unwrap_or(name);
    safe_name(&format!("{}.{ending}", stem.replace('.', "_")))
}

/// Whether an ending promises nothing that octets would show.
fn claims_nothing(ending: &str) -> bool {
    let has_look = is_known_by_look(ending) || from_ext(ending).iter_raw().any(has_look);
    !is_program(ending) && !has_look
}

/// Whether a file of this type may have this ending.
fn is_of(ending: &str, kind: &str) -> bool {
    let is_plain = kind == "text/plain";
    let is_text_like = |guess: &str| is_plain && guess.starts_with("text/");
    from_ext(ending).iter_raw().any(|it| is_same(it, kind) || is_text_like(it))
        && !(is_program(ending) && (is_plain || kind == UNKNOWN))
}

/// The usual ending of a type.
fn ending_of(kind: &str) -> String {
    let subtype = kind.rsplit('/').next().unwrap_or_default();
    let usual = match kind {
        "text/plain" => "txt",
        "text/javascript" => "js",
        "image/jpeg" => "jpg",
        "image/svg+xml" => "svg",
        "audio/mpeg" => "mp3",
        _ if is_of(subtype, kind) => subtype,
        _ => match get_mime_extensions_str(kind) {
            Some([first, ..]) => first,
            _ => NO_TYPE,
        },
    };
    usual.to_owned()
}

/// Whether a system or a browser may run what has this ending.
fn is_program(ending: &str) -> bool {
    PROGRAMS.contains(&ending)
}

/// In alphabetical order. The list that browsers warn of has most of them.
#[rustfmt::skip]
const PROGRAMS: &[&str] = &[
    "ade", "adp", "apk", "app", "application", "appref-ms", "appx", "bas", "bash", "bat",
    "chm", "class", "cmd", "com", "command", "cpl", "csh", "deb", "desktop", "dll", "dmg",
    "docm", "exe", "fish", "gadget", "grp", "hlp", "hta", "htm", "html", "htt", "hxt", "inf",
    "ins", "iqy", "isp", "jar", "jnlp", "js", "jse", "ksh", "library-ms", "lnk", "mad", "mht",
    "mhtml", "mjs", "msc", "msh", "msi", "msp", "mst", "ocx", "ops", "osx", "pcd", "php", "pif",
    "pkg", "pl", "plg", "prf", "prg", "ps1", "psc1", "py", "pyc", "pyw", "rb", "reg", "rpm", "scf",
    "scpt", "scr", "sct", "search-ms", "service", "sh", "shb", "shs", "shtml", "slk", "svg",
    "svgz", "sys", "url", "vb", "vbe", "vbs", "vbscript", "ws", "wsc", "wsf", "wsh", "xhtml",
    "xml",
];
