//! Documents of XML with limits, and without anything to expand or fetch.

use memchr::{memchr_iter, memmem};
use roxmltree::{Document, Node, ParsingOptions, TextPos};

use crate::error::{ParseError, ParseErrorKind};

/// The most octets and nodes of a document. The documents of RFC 3994 and
/// RFC 5438 have a dozen elements.
const MAX_OCTETS: usize = 64 * 1024;
const MAX_NODES: u32 = 1024;

/// The most occurrences of `xmlns` and of equals signs, which bound namespace
/// declarations and attributes. roxmltree copies the declarations of an element
/// into each child that has one of its own, and compares each attribute with all
/// others of its element.
const MAX_NAMESPACES: usize = 16;
const MAX_EQUALS_SIGNS: usize = 1024;

/// A document whose root is the element that was asked for.
pub(crate) struct Xml<'a> {
    document: Document<'a>,
    /// Octets before it in the input.
    start: usize,
}

impl<'a> Xml<'a> {
    /// Reads a document whose root is this element of this namespace. What some senders
    /// put around it does not count: white space, byte order marks and NUL.
    pub(crate) fn parse(
        octets: &'a [u8],
        namespace: &str,
        root: &'static str,
    ) -> Result<Self, ParseError> {
        let text = checked_text(octets)?;
        let start = text.len() - text.trim_start_matches(is_padding).len();
        let text = text.trim_matches(is_padding);
        let options =
            ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..Default::default() };
        let document = Document::parse_with_options(text, options).map_err(|wrong| {
            let at = start + offset(text, wrong.pos());
            ParseError::xml(wrong, at)
        })?;
        let xml = Self { document, start };
        let is_it = xml.root().has_tag_name((namespace, root));
        if is_it { Ok(xml) } else { Err(xml.fault(ParseErrorKind::Root(root))) }
    }

    pub(crate) fn root(&self) -> Node<'_, 'a> {
        self.document.root_element()
    }

    /// What is wrong with the document as a whole.
    pub(crate) fn fault(&self, kind: ParseErrorKind) -> ParseError {
        let place = self.root().range();
        ParseError::new(kind, self.start + place.start..self.start + place.end)
    }

    /// The text of a child of the root, without white space at its ends.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        child(self.root(), name).map(|node| text_of(node).trim().to_owned())
    }
}

const fn is_padding(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\r' | '\n' | '\0' | '\u{feff}')
}

/// The octets as text, if they are few enough to read.
fn checked_text(octets: &[u8]) -> Result<&str, ParseError> {
    let is_small = octets.len() <= MAX_OCTETS
        && memmem::find_iter(octets, "xmlns").count() <= MAX_NAMESPACES
        && memchr_iter(b'=', octets).count() <= MAX_EQUALS_SIGNS;
    if !is_small {
        return Err(ParseError::new(ParseErrorKind::Xml, 0..octets.len()));
    }
    std::str::from_utf8(octets).map_err(|wrong| {
        let start = wrong.valid_up_to();
        let octets = wrong.error_len().unwrap_or(octets.len() - start);
        ParseError::new(ParseErrorKind::Xml, start..start + octets)
    })
}

/// The octets before a line and a column, which are counted from one, the
/// column in characters.
fn offset(text: &str, at: TextPos) -> usize {
    let (row, column) = (at.row.saturating_sub(1), at.col.saturating_sub(1));
    let mut lines = text.split_inclusive('\n');
    let before: usize = lines.by_ref().take(row as usize).map(str::len).sum();
    let line = lines.next().unwrap_or_default();
    before + line.chars().take(column as usize).map(char::len_utf8).sum::<usize>()
}

/// The first child element of this name in the namespace of its parent.
pub(crate) fn child<'a, 'i>(parent: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    let namespace = parent.tag_name().namespace();
    parent.children().find(|node| {
        node.is_element()
            && node.tag_name().name() == name
            && node.tag_name().namespace() == namespace
    })
}

/// The text in an element, in which comments may stand.
pub(crate) fn text_of(node: Node<'_, '_>) -> String {
    node.children().filter(Node::is_text).filter_map(|node| node.text()).collect()
}
