//! What may be shown and stored of anything, whatever its sender says of it.

use bytes::Bytes;
use msrp_sdp::file::safe_name;
use msrp_tokio::content::{
    Content, Declared, Policy, Treatment, hanging, spelled, visible_json, visible_line,
    visible_text,
};

use super::input::Input;

const TYPES: [&str; 8] = [
    "text/plain",
    "text/html",
    "image/png",
    "image/jpeg",
    "message/cpim",
    "application/octet-stream",
    "text/plain;charset=iso-2022-jp",
    "application/pdf",
];

/// A type, a name, and the octets.
pub(crate) fn run(data: &[u8]) {
    let mut input = Input(data);
    let number = input.below(TYPES.len() + 1);
    let content_type = TYPES.get(number).copied().unwrap_or_else(|| input.text());
    let name = input.text();
    let octets = Bytes::copy_from_slice(input.0);
    let declared = Declared::new(content_type).named(name);
    for policy in [Policy::default(), Policy::default().with("*", Treatment::Html)] {
        assert_harmless(&policy.read(&declared, &octets), &octets);
    }
    assert_file_name(&declared, &octets);
    assert_shown(&String::from_utf8_lossy(&octets));
    assert_shown(name);
}

fn assert_harmless(content: &Content, octets: &Bytes) {
    match content {
        Content::Text(text) => assert!(text.chars().all(is_seen_or_line_end)),
        Content::Html(html) => {
            assert!(html.as_str().chars().all(is_seen_or_line_end));
            assert!(html.to_text().chars().all(is_seen_or_line_end));
            assert_no_tag_acts(html.as_str());
        }
        Content::Image { media_type, octets, .. } => {
            assert!(infer::is_mime(octets, media_type) && media_type.starts_with("image/"));
        }
        Content::File { octets: kept, .. } => assert!(octets.ends_with(kept)),
        _ => panic!("nothing is refused"),
    }
}

fn assert_no_tag_acts(html: &str) {
    for tag in html.split('<').skip(1) {
        let end = tag.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '/');
        let name = tag[..end.unwrap_or(tag.len())].trim_start_matches('/');
        assert!(!["script", "style", "svg", "math", "img", "iframe", "form", ""].contains(&name));
    }
}

fn assert_file_name(declared: &Declared<'_>, octets: &[u8]) {
    let name = declared.file_name(octets);
    assert_eq!(safe_name(&name), name);
    assert_eq!(visible_line(&name), name);
    assert_eq!(declared.clone().named(&name[..]).file_name(octets), name);
}

fn assert_shown(text: &str) {
    let line = visible_line(text);
    assert!(line.chars().all(is_seen) && line.len() <= 4 * text.len());
    assert_eq!(visible_line(&line), line);
    let lines = visible_text(text);
    assert!(lines.chars().all(is_seen_or_line_end) && lines.len() <= 4 * text.len());
    assert_eq!(visible_text(&lines), lines);
    for line in hanging(&format!("<ada> {text}"), 40).lines().skip(1) {
        assert!(line.starts_with("    ") || line.is_empty());
    }
    let json = visible_json(text);
    assert!(json.chars().all(is_seen_or_line_end));
    assert_eq!(visible_json(&json), json);
    assert!(spelled(text).chars().all(|letter| matches!(letter, ' '..='~' | '␀'..='␡')));
}

fn is_seen_or_line_end(letter: char) -> bool {
    letter == '\n' || is_seen(letter)
}

/// Neither a control character, nor one for the direction of writing, nor one that is ignored
/// by default, all of which Unicode lists.
fn is_seen(letter: char) -> bool {
    !letter.is_control()
        && !matches!(
            letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
                | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        )
}
