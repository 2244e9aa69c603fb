//! Small XML documents, written here and read by roxmltree.

#[cfg(feature = "xml")]
mod element;
#[cfg(feature = "xml")]
mod encoding;
#[cfg(feature = "xml")]
mod read;
mod write;

#[cfg(feature = "xml")]
pub(crate) use self::element::Element;
#[cfg(feature = "xml")]
pub(crate) use self::read::{Limits, Text, number};
pub(crate) use self::write::{is_beyond_xml, push_element, push_text};
