//! The elements of documents.

use roxmltree::{Document, ExpandedName, Node};

/// An element of the specification of its document, whose namespace it has.
///
/// In documents of some senders it has that of the root instead, or none. Elements of others
/// are extensions.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    node: Node<'a, 'a>,
    namespace: &'static str,
    /// That of the root.
    instead: Option<&'a str>,
}

impl<'a> Element<'a> {
    pub(super) fn root(document: &'a Document<'a>, namespace: &'static str) -> Self {
        let node = document.root_element();
        Self { node, namespace, instead: namespace_of(node) }
    }

    pub(crate) fn name(self) -> &'a str {
        self.node.tag_name().name()
    }

    /// An attribute, of this namespace if there is one before its name.
    pub(crate) fn attribute<'n, 'm>(
        self,
        name: impl Into<ExpandedName<'n, 'm>>,
    ) -> Option<&'a str> {
        self.node.attribute(name)
    }

    /// The elements in this one, extensions too.
    pub(crate) fn all(self) -> impl Iterator<Item = Self> {
        let elements = self.node.children().filter(Node::is_element);
        elements.map(move |node| Self { node, ..self })
    }

    /// The elements of this name in this one that are no extensions.
    pub(crate) fn children(self, name: &str) -> impl Iterator<Item = Self> {
        self.all().filter(move |it| it.name() == name && it.extension().is_none())
    }

    /// The first of them that has the right namespace, or else the first.
    pub(crate) fn child(self, name: &str) -> Option<Self> {
        let right = self.children(name).find(|it| it.has_namespace());
        right.or_else(|| self.children(name).next())
    }

    /// The text of a child element, without white space at its ends.
    pub(crate) fn child_text(self, name: &str) -> Option<String> {
        self.child(name).map(|child| child.text().trim().to_owned())
    }

    /// The text in an element, in which comments may stand.
    pub(crate) fn text(self) -> String {
        self.node.children().filter(Node::is_text).filter_map(|node| node.text()).collect()
    }

    /// The namespace of an extension.
    pub(crate) fn extension(self) -> Option<&'a str> {
        let found = namespace_of(self.node)?;
        (found != self.namespace && Some(found) != self.instead).then_some(found)
    }

    /// Whether this element, or one in it, has another namespace than it should have.
    pub(super) fn has_stray(self) -> bool {
        let mut open = vec![self];
        while let Some(element) = open.pop() {
            if !element.has_namespace() {
                return true;
            }
            open.extend(element.all().filter(|it| it.extension().is_none()));
        }
        false
    }

    fn has_namespace(self) -> bool {
        namespace_of(self.node) == Some(self.namespace)
    }
}

/// The namespace of an element, or `None` if it is empty.
fn namespace_of<'a>(node: Node<'a, 'a>) -> Option<&'a str> {
    node.tag_name().namespace().filter(|it| !it.is_empty())
}
