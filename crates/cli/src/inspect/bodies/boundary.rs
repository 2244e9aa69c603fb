//! The boundary of a body that comes without its Content-Type.

use std::collections::HashMap;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The Content-Type of a body, and where the body starts.
pub(super) fn found_type(octets: &[u8]) -> (String, usize) {
    let of_first_line = || {
        let end = octets.iter().position(|octet| *octet == b'\n')?;
        let line = str::from_utf8(octets[..end].trim_ascii()).ok()?;
        is_multipart(line).then(|| (line.to_owned(), end + 1))
    };
    of_first_line().or_else(|| of_header(octets)).unwrap_or_else(|| (of_boundary(octets), 0))
}

/// The Content-Type among the header fields before the body. Behind a boundary they are those
/// of a part.
fn of_header(octets: &[u8]) -> Option<(String, usize)> {
    let end = octets.windows(2).position(|pair| pair == b"\n\n").map(|at| at + 2);
    let end = end
        .into_iter()
        .chain(octets.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4));
    let end = end.min()?;
    let unfolded = str::from_utf8(&octets[..end]).ok()?.replace("\r\n", "\n");
    let unfolded = unfolded.replace("\n ", " ").replace("\n\t", " ");
    if unfolded.lines().any(|line| line.starts_with("--")) {
        return None;
    }
    let mut fields = unfolded.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = fields.find(|(name, _)| name.eq_ignore_ascii_case("Content-Type"))?;
    let value = value.trim();
    is_multipart(value).then(|| (value.to_owned(), end))
}

fn is_multipart(content_type: &str) -> bool {
    let top = content_type.split_once('/').map(|(top, _)| top);
    top.is_some_and(|top| top.eq_ignore_ascii_case("multipart"))
}

/// The type with the boundary of the first line that can be one: one that comes again, if
/// there is any.
fn of_boundary(octets: &[u8]) -> String {
    let lines = || octets.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii_end);
    let boundaries = || lines().filter_map(boundary_of).filter(|it| !it.is_empty());
    let mut counted = HashMap::new();
    for boundary in boundaries() {
        let ended = boundary.strip_suffix(b"--").unwrap_or(boundary);
        *counted.entry(ended).or_insert(0) += 1;
    }
    let comes_again = |it: &&[u8]| counted.get(it).is_some_and(|count| *count > 1);
    let boundary = boundaries().find(comes_again).or_else(|| boundaries().next());
    let boundary = String::from_utf8_lossy(boundary.unwrap_or_default());
    let boundary = boundary.replace('\\', "\\\\").replace('"', "\\\"");
    format!("multipart/mixed; boundary=\"{boundary}\"")
}

/// What follows two hyphens.
fn boundary_of(line: &[u8]) -> Option<&[u8]> {
    line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line).strip_prefix(b"--")
}
