//! Names from a peer, made harmless.

/// The most octets of a name from [`safe_name`]. Most file systems allow 255, which
/// leaves room for an ending such as `.part`.
pub const MAX_NAME_OCTETS: usize = 240;

/// The name of a file whose own name has nothing that can be kept.
pub const DEFAULT_NAME: &str = "file";

/// The most octets of an ending that survives a cut, including the dot.
const MAX_ENDING_OCTETS: usize = 32;

/// Turns a name from a peer into one that is safe to join to a folder on any operating
/// system (RFC 5547 section 10).
///
/// The result has 1 to [`MAX_NAME_OCTETS`] octets and no folder:
///
/// - It keeps what follows the last `/` or `\`. Characters that look like these,
///   control characters and those that Windows reserves become `_`.
/// - It drops marks that change the direction of writing, so that `exe` does not show
///   up as the start of a name.
/// - It drops dots and blanks at both ends: no name is hidden, `.` or `..`.
/// - It puts `_` before the name of a device (`CON`, `nul.txt`, `COM1`) and before a
///   name that a command could take for an option.
/// - It cuts a long name before its ending.
///
/// It decodes no percent signs, as [`FileSelector::name`](super::FileSelector::name)
/// has done so. The caller checks whether a file of this name exists.
///
/// ```
/// use msrp_sdp::file::safe_name;
///
/// assert_eq!(safe_name("My report.pdf"), "My report.pdf");
/// assert_eq!(safe_name("../../etc/passwd"), "passwd");
/// assert_eq!(safe_name(r"C:\Windows\NUL.txt"), "_NUL.txt");
/// assert_eq!(safe_name("..%2f.bashrc\0"), "%2f.bashrc_");
/// assert_eq!(safe_name(" .. "), "file");
/// ```
#[must_use]
pub fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).find(|part| !is_nothing(part)).unwrap_or_default();
    let kept: String = last.chars().filter(|letter| !turns_direction(*letter)).map(plain).collect();
    let name = kept.trim_matches(is_edge);
    if name.is_empty() {
        DEFAULT_NAME.to_owned()
    } else if is_device(name) || name.starts_with('-') {
        shortened(&format!("_{name}"))
    } else {
        shortened(name)
    }
}

fn is_nothing(part: &str) -> bool {
    part.chars().all(|letter| is_edge(letter) || turns_direction(letter))
}

/// Whether no name may start or end with this character.
fn is_edge(letter: char) -> bool {
    letter == '.' || letter.is_whitespace() || letter == '\u{feff}'
}

/// Whether this is a mark for the direction of writing, or one without a width that no
/// script needs.
const fn turns_direction(letter: char) -> bool {
    matches!(
        letter,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

/// The character, or `_` if a file system, or a program that folds characters, could
/// take it for structure.
fn plain(letter: char) -> char {
    match letter {
        '<' | '>' | ':' | '"' | '|' | '?' | '*' => '_',
        // Colons, slashes, backslashes and dots of other Unicode blocks.
        '\u{589}'
        | '\u{2024}'..='\u{2026}'
        | '\u{2044}'
        | '\u{2215}'
        | '\u{2216}'
        | '\u{2236}'
        | '\u{29f5}'
        | '\u{29f8}'
        | '\u{29f9}'
        | '\u{a789}'
        | '\u{fe13}'
        | '\u{fe52}'
        | '\u{fe55}'
        | '\u{fe68}'
        | '\u{ff0e}'
        | '\u{ff0f}'
        | '\u{ff1a}'
        | '\u{ff3c}' => '_',
        '\u{2028}' | '\u{2029}' => '_',
        _ if letter.is_control() => '_',
        _ => letter,
    }
}

/// The name, cut to [`MAX_NAME_OCTETS`].
fn shortened(name: &str) -> String {
    if name.len() <= MAX_NAME_OCTETS {
        return name.to_owned();
    }
    let ending = name.rfind('.').unwrap_or(name.len());
    let (stem, ending) = name.split_at(ending);
    let (stem, ending) =
        if ending.len() <= MAX_ENDING_OCTETS { (stem, ending) } else { (name, "") };
    let room = MAX_NAME_OCTETS - ending.len();
    let end = (0..=room).rev().find(|end| stem.is_char_boundary(*end)).unwrap_or(0);
    let stem = stem.get(..end).unwrap_or_default().trim_end_matches(is_edge);
    format!("{stem}{ending}")
}

/// Whether Windows reserves this name for a device, with any ending.
fn is_device(name: &str) -> bool {
    const DEVICES: [&str; 7] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"];
    let stem = name.split('.').next().unwrap_or_default().trim_end_matches(char::is_whitespace);
    let is_port = |kind: &str| {
        let (start, number) = stem.split_at_checked(3).unwrap_or_default();
        let mut digits = number.chars();
        start.eq_ignore_ascii_case(kind)
            && matches!(digits.next(), Some('0'..='9' | '¹' | '²' | '³'))
            && digits.next().is_none()
    };
    DEVICES.iter().any(|device| device.eq_ignore_ascii_case(stem))
        || is_port("COM")
        || is_port("LPT")
}
