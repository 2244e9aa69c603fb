//! A body of several parts, written strictly.

use bytes::{Bytes, BytesMut};
use memchr::memmem;
use thiserror::Error;

use msrp::MediaType;
use msrp::mime::{MimeValueBuilder, is_field_name, is_field_value};

/// Why a body of several parts cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MultipartBuildError {
    /// A boundary that is none.
    #[error("a boundary has 1 to 70 letters, digits and '()+_,-./:=?, and spaces inside")]
    Boundary,
    /// A part with the boundary in it.
    #[error("the boundary occurs in a part; choose another, best a random one")]
    BoundaryInPart,
    /// A header field with a name or a value that it cannot have, or a second
    /// Content-Type.
    #[error("a header field has a name without spaces and colons, and a value on one line")]
    Header,
    /// No part at all.
    #[error("there has to be a part")]
    Empty,
}

/// Writes a body of several parts.
///
/// A multipart/related has its root first, and its type among the parameters
/// (RFC 2387 section 3), so that a session description goes with the icon of
/// the file that it offers (RFC 5547 section 8.8):
///
/// ```
/// use msrp::MediaType;
/// use msrp_cpim::multipart::MultipartBuilder;
///
/// let (content_type, body) = MultipartBuilder::related("x7u2hd9")
///     .part(&MediaType::new("application/sdp")?, &[], b"v=0\r\n")
///     .part(
///         &MediaType::new("image/png")?,
///         &[("Content-ID", "<icon@example.com>")],
///         b"\x89PNG",
///     )
///     .build()?;
/// assert_eq!(
///     content_type.as_str(),
///     "multipart/related; type=\"application/sdp\"; boundary=x7u2hd9",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a body is written when `build` ends it"]
pub struct MultipartBuilder {
    essence: &'static str,
    /// Two hyphens and the boundary.
    delimiter: String,
    root: Option<String>,
    out: BytesMut,
    fault: Option<MultipartBuildError>,
}

impl MultipartBuilder {
    /// Parts that come one after the other.
    pub fn mixed(boundary: &str) -> Self {
        Self::new("multipart/mixed", boundary)
    }

    /// The same several times over, the plainest first.
    pub fn alternative(boundary: &str) -> Self {
        Self::new("multipart/alternative", boundary)
    }

    /// A root and what belongs to it.
    pub fn related(boundary: &str) -> Self {
        Self::new("multipart/related", boundary)
    }

    fn new(essence: &'static str, boundary: &str) -> Self {
        let fault = (!is_boundary(boundary)).then_some(MultipartBuildError::Boundary);
        let delimiter = format!("--{boundary}");
        Self { essence, delimiter, root: None, out: BytesMut::new(), fault }
    }

    /// Adds a part with these header fields beside Content-Type: names and
    /// values.
    pub fn part(mut self, content_type: &MediaType, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let is_field = |(name, value): &(&str, &str)| {
            is_field_name(name)
                && is_field_value(value)
                && !value.is_empty()
                && !name.eq_ignore_ascii_case("Content-Type")
        };
        if !headers.iter().all(is_field) {
            return self.wrong(MultipartBuildError::Header);
        }
        self.root.get_or_insert_with(|| content_type.essence().to_owned());
        let mut head = format!("Content-Type: {content_type}\r\n");
        for (name, value) in headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        if self.is_in(head.as_bytes()) || self.is_in(body) {
            return self.wrong(MultipartBuildError::BoundaryInPart);
        }
        let pieces = [self.delimiter.as_bytes(), b"\r\n", head.as_bytes(), b"\r\n", body, b"\r\n"];
        pieces.into_iter().for_each(|piece| self.out.extend_from_slice(piece));
        self
    }

    /// The media type of the whole, and its octets.
    ///
    /// # Errors
    ///
    /// The first thing that was wrong.
    pub fn build(mut self) -> Result<(MediaType, Bytes), MultipartBuildError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let root = self.root.as_deref().ok_or(MultipartBuildError::Empty)?;
        let mut content_type = MimeValueBuilder::new(self.essence);
        if self.essence == "multipart/related" {
            content_type = content_type.parameter("type", root);
        }
        let boundary = self.delimiter.strip_prefix("--").unwrap_or_default();
        let content_type = content_type.parameter("boundary", boundary).build();
        let content_type = content_type.ok().and_then(|text| MediaType::new(&text).ok());
        let content_type = content_type.ok_or(MultipartBuildError::Boundary)?;
        self.out.extend_from_slice(self.delimiter.as_bytes());
        self.out.extend_from_slice(b"--\r\n");
        Ok((content_type, self.out.freeze()))
    }

    fn is_in(&self, octets: &[u8]) -> bool {
        memmem::find(octets, self.delimiter.as_bytes()).is_some()
    }

    fn wrong(mut self, fault: MultipartBuildError) -> Self {
        self.fault.get_or_insert(fault);
        self
    }
}

/// `boundary` of RFC 2046 section 5.1.1.
fn is_boundary(text: &str) -> bool {
    let is_allowed = |octet: u8| octet.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&octet);
    matches!(text.len(), 1..=70) && text.bytes().all(is_allowed) && !text.ends_with(' ')
}
