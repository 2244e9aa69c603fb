//! Small XML documents, written here and read by roxmltree.

#[cfg(feature = "xml")]
mod read;
mod write;

#[cfg(feature = "xml")]
pub(crate) use self::read::{Limits, Text, child, child_text, children, number, text_of};
pub(crate) use self::write::{is_beyond_xml, push_element, push_text};
