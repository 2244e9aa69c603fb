//! Small documents of XML, written here and read by roxmltree.

/// Text of an element or an attribute in quotes, with the references that it
/// needs. What XML 1.0 cannot represent becomes U+FFFD.
pub(crate) fn push_text(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // A reader makes a plain one a line feed or a space.
            '\r' => out.push_str("&#13;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => out.push(char::REPLACEMENT_CHARACTER),
            _ => out.push(letter),
        }
    }
}

/// `<name>text</name>`, on a line of its own.
pub(crate) fn push_element(out: &mut String, name: &str, text: &str) {
    out.extend(["<", name, ">"]);
    push_text(out, text);
    out.extend(["</", name, ">\r\n"]);
}

#[cfg(feature = "xml")]
pub(crate) use self::read::{Unreadable, child, parse, text_of};

#[cfg(feature = "xml")]
mod read {
    use memchr::{memchr_iter, memmem};
    use roxmltree::{Document, Node, ParsingOptions};

    /// The most octets and nodes of a document. Both kinds have a dozen
    /// elements.
    const MAX_OCTETS: usize = 64 * 1024;
    const MAX_NODES: u32 = 1024;

    /// The most places where `xmlns` stands, and the most equals signs, as many
    /// as attributes at least. roxmltree copies the declarations of an element
    /// into each child that has one of its own, and looks for an attribute
    /// among all others of its element.
    const MAX_NAMESPACES: usize = 16;
    const MAX_EQUALS_SIGNS: usize = 1024;

    /// No well-formed document in UTF-8, one with a DTD, or beyond the limits.
    pub(crate) struct Unreadable;

    /// The document, which has no DTD: nothing in it is expanded or fetched.
    pub(crate) fn parse(octets: &[u8]) -> Result<Document<'_>, Unreadable> {
        let is_small = octets.len() <= MAX_OCTETS
            && memmem::find_iter(octets, "xmlns").count() <= MAX_NAMESPACES
            && memchr_iter(b'=', octets).count() <= MAX_EQUALS_SIGNS;
        if !is_small {
            return Err(Unreadable);
        }
        let text = std::str::from_utf8(octets).map_err(|_| Unreadable)?;
        let options =
            ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..Default::default() };
        Document::parse_with_options(text, options).map_err(|_| Unreadable)
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

    /// The text in an element, which may be cut by comments.
    pub(crate) fn text_of(node: Node<'_, '_>) -> String {
        node.children().filter(Node::is_text).filter_map(|node| node.text()).collect()
    }
}
