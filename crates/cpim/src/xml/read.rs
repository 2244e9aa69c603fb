//! Documents of XML with limits, and without anything to expand or fetch.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use memchr::memchr_iter;
use roxmltree::{Document, Node, ParsingOptions, TextPos};

use crate::error::{ParseError, ParseErrorKind};
use crate::text::Source;
use crate::tolerance::{CpimTolerance, CpimTolerances};

/// What a document has at most.
pub(crate) struct Limits {
    octets: usize,
    nodes: u32,
    /// Equals signs between two `<`, which bound the attributes of an element: roxmltree
    /// compares each of them with all others.
    equals_signs: usize,
    /// Names that start with `xmlns`, which bound the declarations of namespaces.
    declarations: usize,
}

impl Limits {
    /// For the documents of RFC 3994 and RFC 5438, which have a dozen elements.
    pub(crate) const SMALL: Self =
        Self { octets: 64 * 1024, nodes: 1024, equals_signs: 1024, declarations: 256 };

    /// For lists of some thousand users, each of which may declare namespaces.
    pub(crate) const LARGE: Self =
        Self { octets: 1024 * 1024, nodes: 64 * 1024, equals_signs: 64, declarations: 16 * 1024 };
}

/// The most steps to resolve namespaces. roxmltree copies those of an element into each child
/// that declares one of its own, and compares their prefixes with each other.
const MAX_NAMESPACE_STEPS: usize = 1 << 24;

/// The octets of a document as text, without what some senders put around it: blanks, NUL,
/// or lines of the message that carries it.
pub(crate) struct Text<'a> {
    limits: &'static Limits,
    source: Source<'a>,
    text: Cow<'a, str>,
    /// Where the document stands in it.
    document: Range<usize>,
}

impl<'a> Text<'a> {
    /// The text, if it is small enough to read.
    pub(crate) fn checked(octets: &'a [u8], limits: &'static Limits) -> Result<Self, ParseError> {
        let mut tags = octets.split(|octet| *octet == b'<');
        let is_small = octets.len() <= limits.octets
            && has_few_namespaces(octets, limits)
            && tags.all(|tag| memchr_iter(b'=', tag).count() <= limits.equals_signs);
        if !is_small {
            return Err(ParseError::new(ParseErrorKind::Xml, 0..octets.len()));
        }
        let source = Source::new(octets);
        let text = source.text();
        let document = text.find('<').unwrap_or(0)..text.rfind('>').map_or(text.len(), |at| at + 1);
        Ok(Self { limits, source, text, document })
    }

    /// The document, if its root is this element of this namespace.
    pub(crate) fn parse(&self, namespace: &str, root: &'static str) -> Result<Xml<'_>, ParseError> {
        let nodes_limit = self.limits.nodes;
        let options = ParsingOptions { allow_dtd: false, nodes_limit, ..Default::default() };
        let document = Document::parse_with_options(self.document(), options);
        let document = document.map_err(|wrong| {
            let at = offset(self.document(), wrong.pos());
            ParseError::xml(wrong, self.place(at..at).start)
        })?;
        let xml = Xml { document, text: self };
        let is_it = xml.root().has_tag_name((namespace, root));
        if is_it { Ok(xml) } else { Err(xml.fault(ParseErrorKind::Root(root))) }
    }

    /// What the document needs before its elements are looked at.
    fn tolerated(&self) -> CpimTolerances {
        let mut needed = CpimTolerances::none();
        if self.source.unreadable().is_some() {
            needed = needed.with(CpimTolerance::NotUtf8);
        }
        if !self.is_alone() {
            needed = needed.with(CpimTolerance::TextAroundDocument);
        }
        needed
    }

    /// Whether around the document there is only what XML allows: a byte order mark, and
    /// white space, but none before an XML declaration.
    fn is_alone(&self) -> bool {
        let is_space = |text: &str| text.trim_matches([' ', '\t', '\r', '\n']).is_empty();
        let before = self.text.get(..self.document.start).unwrap_or_default();
        let before = before.strip_prefix('\u{feff}').unwrap_or(before);
        let after = self.text.get(self.document.end..).unwrap_or_default();
        let is_declared = self.document().starts_with("<?xml");
        is_space(after) && if is_declared { before.is_empty() } else { is_space(before) }
    }

    fn document(&self) -> &str {
        self.text.get(self.document.clone()).unwrap_or_default()
    }

    /// Where a place of the document stands in the octets.
    fn place(&self, place: Range<usize>) -> Range<usize> {
        let start = self.document.start;
        self.source.place(&(start + place.start..start + place.end))
    }
}

/// A document whose root is the element that was asked for.
pub(crate) struct Xml<'a> {
    document: Document<'a>,
    text: &'a Text<'a>,
}

impl<'a> Xml<'a> {
    pub(crate) fn root(&self) -> Node<'_, 'a> {
        self.document.root_element()
    }

    /// What is wrong with the document as a whole.
    pub(crate) fn fault(&self, kind: ParseErrorKind) -> ParseError {
        ParseError::new(kind, self.text.place(self.root().range()))
    }

    /// The deviations outside of its elements.
    pub(crate) fn tolerated(&self) -> CpimTolerances {
        self.text.tolerated()
    }

    /// [`child_text`] of the root.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        child_text(self.root(), name)
    }
}

/// Whether namespaces cost little, wherever they are declared: no more prefixes apply to an
/// element than there are in the document.
fn has_few_namespaces(octets: &[u8], limits: &Limits) -> bool {
    let names = octets.split(|octet| matches!(octet, b' ' | b'\t' | b'\r' | b'\n' | b'='));
    let declared = names.filter(|name| name.starts_with(b"xmlns"));
    let (mut declarations, mut names) = (0_usize, HashSet::new());
    for name in declared.take(limits.declarations + 1) {
        declarations += 1;
        names.insert(name);
    }
    let steps = names.len().saturating_pow(2).saturating_mul(declarations);
    declarations <= limits.declarations && steps <= MAX_NAMESPACE_STEPS
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
    children(parent, name).next()
}

/// The child elements of this name in the namespace of their parent.
pub(crate) fn children<'a, 'i>(
    parent: Node<'a, 'i>,
    name: &str,
) -> impl Iterator<Item = Node<'a, 'i>> {
    let namespace = parent.tag_name().namespace();
    parent.children().filter(move |node| {
        node.is_element()
            && node.tag_name().name() == name
            && node.tag_name().namespace() == namespace
    })
}

/// The text of a child element, without white space at its ends.
pub(crate) fn child_text(parent: Node<'_, '_>, name: &str) -> Option<String> {
    child(parent, name).map(|node| text_of(node).trim().to_owned())
}

/// The text in an element, in which comments may stand.
pub(crate) fn text_of(node: Node<'_, '_>) -> String {
    node.children().filter(Node::is_text).filter_map(|node| node.text()).collect()
}

/// `xs:nonNegativeInteger`. A number beyond 32 bits is the largest.
pub(crate) fn number(text: &str) -> Option<u32> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u32::MAX))
}
