//! Content by its type: what may be shown, and what is stored.

use std::borrow::Cow;

use bytes::Bytes;
use msrp_cpim::CpimRef;
use msrp_cpim::content_encoding::decode;

use super::charset::decoded;
use super::html::Html;
use super::kind::image_type;
use super::{Declared, Policy, Treatment, visible_text};

/// The most octets of a body without its Content-Encoding. A larger one is stored as it came.
const MAX_DECODED: usize = 16 * 1024 * 1024;

/// What an application does with the content of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// Text to show, in which nothing is hidden and `\n` is the only control character. See
    /// [`hanging`](super::hanging) for a terminal.
    Text(String),
    /// HTML to show in a page, or in a terminal as [text](Html::to_text).
    Html(Html),
    /// A picture to show. A page gets it with this type and the fields of
    /// [`SANDBOX`](super::SANDBOX).
    Image {
        /// Its type, by its octets and its declaration.
        media_type: &'static str,
        /// A safe name for it, as in [`Declared::file_name`].
        name: String,
        /// The picture.
        octets: Bytes,
    },
    /// A file to store, of which nothing is shown but its name.
    File {
        /// A safe name for it, as in [`Declared::file_name`].
        name: String,
        /// The file.
        octets: Bytes,
    },
    /// The policy refuses this type. The status for the sender is 415.
    Refused,
}

impl Policy {
    /// What may be shown and stored of octets, by what their sender says of them and by what
    /// they are. It takes time in proportion to the octets.
    #[must_use]
    pub fn read(&self, declared: &Declared<'_>, octets: &Bytes) -> Content {
        let wrapper = (declared.essence() == "message/cpim").then(|| CpimRef::parse(octets).ok());
        match wrapper.flatten() {
            Some(message) => {
                self.read_one(&Declared::wrapped(&message), octets.slice_ref(message.body()))
            }
            None => self.read_one(declared, octets.clone()),
        }
    }

    fn read_one(&self, declared: &Declared<'_>, octets: Bytes) -> Content {
        let treatment = self.treatment(&declared.essence());
        if treatment == Treatment::Refuse {
            return Content::Refused;
        }
        let octets = match decode(declared.encoding(), &octets, MAX_DECODED) {
            Ok(Cow::Owned(decoded)) => decoded.into(),
            Ok(Cow::Borrowed(_)) => octets,
            Err(_) => return saved(declared, octets),
        };
        let treatment = if declared.is_attachment() { Treatment::Save } else { treatment };
        let shown = match treatment {
            Treatment::Text => {
                self.text(declared, &octets).map(|it| Content::Text(visible_text(&it)))
            }
            Treatment::Html => {
                let html = self.text(declared, &octets).and_then(|it| Html::cleaned(&it));
                html.map(Content::Html)
            }
            Treatment::Image => image(declared, &octets),
            Treatment::Save | Treatment::Refuse => None,
        };
        shown.unwrap_or_else(|| saved(declared, octets))
    }

    /// The text of octets, unless they are too many or cannot be text.
    fn text<'a>(&self, declared: &Declared<'_>, octets: &'a [u8]) -> Option<Cow<'a, str>> {
        let may_show = self.may_show(octets.len());
        may_show.then(|| decoded(octets, declared.charset().as_deref())).flatten()
    }
}

fn image(declared: &Declared<'_>, octets: &Bytes) -> Option<Content> {
    let media_type = image_type(declared, octets)?;
    let name = declared.file_name(octets);
    Some(Content::Image { media_type, name, octets: octets.clone() })
}

fn saved(declared: &Declared<'_>, octets: Bytes) -> Content {
    Content::File { name: declared.file_name(&octets), octets }
}
