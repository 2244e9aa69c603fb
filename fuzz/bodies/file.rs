//! What a peer says of a file: the attributes, a Content-Disposition, a name for
//! the file system, and offers one after the other.

use std::fmt::{Debug, Display};
use std::path::{Component, Path};
use std::str::FromStr;

use msrp_sdp::file::{
    AnsweredTransfers, ContentDisposition, FileAttributes, FileDate, FileDisposition, FileFit,
    FileHash, FileIcon, FileRange, FileSelector, FileTransferId, MAX_NAME_OCTETS, TransferOffer,
    safe_name,
};

/// Lines, each read as every value there is. Together they are the attributes of
/// media sections, with an empty line between two, which are offered in turn.
pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let lines: Vec<&str> = text.split('\n').take(64).collect();
    for line in &lines {
        let value = line.split_once(':').map_or(*line, |(_, value)| value);
        if let Some(selector) = read_back::<FileSelector>(value) {
            assert_safe(selector.name().unwrap_or_default());
            assert_fits_itself(&selector);
        }
        read_back::<FileHash>(value);
        read_back::<FileTransferId>(value);
        read_back::<FileDisposition>(value);
        read_back::<FileDate>(value);
        read_back::<FileIcon>(value);
        if let Some(range) = read_back::<FileRange>(value) {
            assert_range(range, data.len() as u64);
        }
        read_back::<ContentDisposition>(value);
        assert_safe(line);
    }
    assert_offers(&lines);
}

/// What is read is written so that it reads the same, and ends no line.
fn read_back<T: FromStr<Err: Debug> + Display + PartialEq + Debug>(value: &str) -> Option<T> {
    let value: T = value.parse().ok()?;
    let written = value.to_string();
    assert!(!written.contains(['\r', '\n', '\0']));
    assert_eq!(written.parse::<T>().unwrap(), value);
    assert_eq!(written.parse::<T>().unwrap().to_string(), written);
    Some(value)
}

fn assert_safe(name: &str) {
    let safe = safe_name(name);
    assert!(!safe.is_empty() && safe.len() <= MAX_NAME_OCTETS);
    assert!(!safe.contains(|letter: char| letter.is_control() || "/\\:".contains(letter)));
    let joined = Path::new("out").join(&safe);
    let parts: Vec<_> = joined.components().collect();
    assert_eq!(parts, [Component::Normal("out".as_ref()), Component::Normal(safe.as_ref())]);
    assert_eq!(safe_name(&safe), safe);
}

fn assert_fits_itself(selector: &FileSelector) {
    // Two hashes by one algorithm that differ fit nothing.
    if selector.fit(&selector.facts()) == FileFit::Fits {
        assert!(selector.can_be_same_file(selector));
    }
}

fn assert_range(range: FileRange, size: u64) {
    if let Some(octets) = range.within(size) {
        assert!(octets.start <= octets.end && octets.end <= size);
        assert_eq!(range.offset(), octets.start);
        assert!(range.len().is_none_or(|len| len == octets.end - octets.start));
    }
    assert!(range.file_offset(size).is_none_or(|place| place >= size));
}

/// No id begins a transfer twice.
fn assert_offers(lines: &[&str]) {
    let mut transfers = AnsweredTransfers::new(4);
    let mut begun = Vec::new();
    for (at, section) in lines.split(|line| line.is_empty()).enumerate() {
        let pairs = section.iter().map(|line| {
            line.split_once(':').map_or((*line, None), |(name, value)| (name, Some(value)))
        });
        let Ok(Some(file)) = FileAttributes::parse(pairs) else { continue };
        let written = file.attributes();
        let again = written.iter().map(|(name, value)| (*name, value.as_deref()));
        assert_eq!(FileAttributes::parse(again).unwrap().as_ref(), Some(&file));

        let Some(id) = file.transfer_id else { continue };
        let port = if section.contains(&"port0") { 0 } else { 9 };
        let offer = transfers.offered(at % 2, port, &id, &file.selector);
        if matches!(offer, TransferOffer::New | TransferOffer::Restart { .. }) {
            assert!(!begun.contains(&id));
            begun.push(id);
            assert!(begun.len() <= 4);
        }
    }
}
