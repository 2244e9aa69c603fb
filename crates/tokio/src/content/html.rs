//! HTML without what acts, loads or hides something.

use std::sync::LazyLock;

use ammonia::Builder;
use html2text::config;

use super::visible_text;

/// The most octets, and the most tags. Tags within tags take time by the square of their number.
const MAX_OCTETS: usize = 64 * 1024;
const MAX_TAGS: usize = 2048;

/// Paragraphs, lists, headings, emphasis and links. Neither images, which would tell their
/// server who reads, nor anything with a style, an identifier or a direction.
const TAGS: [&str; 33] = [
    "a",
    "b",
    "blockquote",
    "br",
    "cite",
    "code",
    "dd",
    "del",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "i",
    "ins",
    "kbd",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "span",
    "strong",
    "sub",
    "sup",
    "u",
    "ul",
];

/// Where links may lead.
const SCHEMES: [&str; 7] = ["http", "https", "mailto", "sip", "sips", "tel", "xmpp"];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(TAGS.into())
        .clean_content_tags(["script", "style"].into())
        .tag_attributes([("a", ["href"].into())].into())
        .url_schemes(SCHEMES.into())
        .link_rel(Some("noopener noreferrer nofollow"));
    builder
});

/// HTML of which nothing acts, loads or hides anything, for a page to show.
///
/// It has paragraphs, lists, headings, emphasis and links that are followed when somebody
/// chooses to: no scripts, styles, forms, frames or images. Its characters are those of
/// [`visible_text`]. What a link says is not what it leads to, so a page should show the latter
/// too. Even so it belongs into a sandbox: see [`SANDBOX`](super::SANDBOX).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Html(String);

impl Html {
    /// `None` if it is larger than 64 KiB, or has more than 2,048 tags.
    pub(super) fn cleaned(html: &str) -> Option<Self> {
        let is_bounded = html.len() <= MAX_OCTETS && html.matches('<').count() <= MAX_TAGS;
        // References stand for characters that are hidden, so these are looked for afterwards.
        is_bounded.then(|| Self(visible_text(&CLEANER.clean(html).to_string())))
    }

    /// The HTML, as the content of an element.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it says, for a terminal: lists with stars, links with their targets at the end.
    #[must_use]
    pub fn to_text(&self) -> String {
        let text = config::plain().string_from_read(self.0.as_bytes(), COLUMNS);
        visible_text(&text.unwrap_or_default())
    }
}

/// More than any line has: lines are for the terminal to break.
const COLUMNS: usize = MAX_OCTETS;
