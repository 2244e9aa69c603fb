//! Documents of XML with limits, and without anything to expand or fetch.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use memchr::memchr_iter;
use roxmltree::{Document, ParsingOptions, TextPos};

use super::element::Element;
use super::encoding::Encoding;
use crate::error::{ParseError, ParseErrorKind};
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

    /// Whether a text is cheap to read.
    fn hold_for(&self, text: &[u8]) -> bool {
        let mut tags = text.split(|octet| *octet == b'<');
        self.has_few_namespaces(text)
            && tags.all(|tag| memchr_iter(b'=', tag).count() <= self.equals_signs)
    }

    /// Whether namespaces cost little, wherever they are declared: no more prefixes apply to an
    /// element than there are in the document.
    fn has_few_namespaces(&self, text: &[u8]) -> bool {
        let names = text.split(|octet| matches!(octet, b' ' | b'\t' | b'\r' | b'\n' | b'='));
        let declared = names.filter(|name| name.starts_with(b"xmlns"));
        let (mut declarations, mut names) = (0_usize, HashSet::new());
        for name in declared.take(self.declarations + 1) {
            declarations += 1;
            names.insert(name);
        }
        let steps = names.len().saturating_pow(2).saturating_mul(declarations);
        declarations <= self.declarations && steps <= MAX_NAMESPACE_STEPS
    }
}

/// The most steps to resolve namespaces. roxmltree copies those of an element into each child
/// that declares one of its own, and compares their prefixes with each other.
const MAX_NAMESPACE_STEPS: usize = 1 << 24;

/// The octets of a document as text, without what some senders put around it: blanks, NUL,
/// or lines of the message that carries it.
pub(crate) struct Text<'a> {
    limits: &'static Limits,
    encoding: Encoding<'a>,
    text: Cow<'a, str>,
    /// Where the document stands in it.
    document: Range<usize>,
}

impl<'a> Text<'a> {
    /// The text, if it is small enough to read.
    pub(crate) fn checked(octets: &'a [u8], limits: &'static Limits) -> Result<Self, ParseError> {
        let too_large = || ParseError::new(ParseErrorKind::Xml, 0..octets.len());
        if octets.len() > limits.octets {
            return Err(too_large());
        }
        let encoding = Encoding::of(octets);
        let text = encoding.text();
        if !limits.hold_for(text.as_bytes()) {
            return Err(too_large());
        }
        let document = text.find('<').unwrap_or(0)..text.rfind('>').map_or(text.len(), |at| at + 1);
        Ok(Self { limits, encoding, text, document })
    }

    /// The document, if its root is this element. Another namespace is tolerated, and
    /// [`Xml::tolerated`] says so.
    pub(crate) fn parse(
        &self,
        namespace: &'static str,
        root: &'static str,
    ) -> Result<Xml<'_>, ParseError> {
        let nodes_limit = self.limits.nodes;
        let options = ParsingOptions { allow_dtd: false, nodes_limit, ..Default::default() };
        let document = Document::parse_with_options(self.document(), options);
        let document = document.map_err(|wrong| {
            let at = offset(self.document(), wrong.pos());
            ParseError::xml(wrong, self.place(at..at).start)
        })?;
        let xml = Xml { document, namespace, text: self };
        let is_it = xml.root().name() == root;
        if is_it { Ok(xml) } else { Err(xml.fault(ParseErrorKind::Root(root))) }
    }

    /// What the document needs before its elements are looked at.
    fn tolerated(&self) -> CpimTolerances {
        let needed = self.encoding.tolerated();
        if self.is_alone() { needed } else { needed.with(CpimTolerance::TextAroundDocument) }
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
        self.encoding.place(&self.text, &(start + place.start..start + place.end))
    }
}

/// A document whose root is the element that was asked for.
pub(crate) struct Xml<'a> {
    document: Document<'a>,
    namespace: &'static str,
    text: &'a Text<'a>,
}

impl Xml<'_> {
    pub(crate) fn root(&self) -> Element<'_> {
        Element::root(&self.document, self.namespace)
    }

    /// What is wrong with the document as a whole.
    pub(crate) fn fault(&self, kind: ParseErrorKind) -> ParseError {
        ParseError::new(kind, self.text.place(self.document.root_element().range()))
    }

    /// The deviations in what no element says.
    pub(crate) fn tolerated(&self) -> CpimTolerances {
        let needed = self.text.tolerated();
        if self.root().has_stray() { needed.with(CpimTolerance::WrongNamespace) } else { needed }
    }

    /// [`Element::child_text`] of the root.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.root().child_text(name)
    }
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

/// `xs:nonNegativeInteger`. A number beyond 32 bits is the largest.
pub(crate) fn number(text: &str) -> Option<u32> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u32::MAX))
}
