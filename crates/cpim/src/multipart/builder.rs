//! Writing a body of several parts.

use bytes::{Bytes, BytesMut};
use memchr::memmem;
use msrp::MediaType;
use msrp::mime::MimeValueBuilder;

use crate::error::BuildError;
use crate::mime::{is_field_name, is_field_value};

/// Writes a body of several parts.
///
/// A multipart/related starts with its root, whose type is among its parameters
/// (RFC 2387 section 3). A session description and the icon of the file that it
/// offers travel so (RFC 5547 section 8.8):
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
    fault: Option<BuildError>,
}

impl MultipartBuilder {
    /// A body of independent parts.
    pub fn mixed(boundary: &str) -> Self {
        Self::new("multipart/mixed", boundary)
    }

    /// A body of alternatives, the plainest first.
    pub fn alternative(boundary: &str) -> Self {
        Self::new("multipart/alternative", boundary)
    }

    /// A body of a root and the parts that belong to it.
    pub fn related(boundary: &str) -> Self {
        Self::new("multipart/related", boundary)
    }

    fn new(essence: &'static str, boundary: &str) -> Self {
        let fault = (!is_boundary(boundary)).then_some(BuildError::Boundary);
        let delimiter = format!("--{boundary}");
        Self { essence, delimiter, root: None, out: BytesMut::new(), fault }
    }

    /// Adds a part with header fields, pairs of name and value, beside its
    /// Content-Type.
    pub fn part(mut self, content_type: &MediaType, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let is_field = |(name, value): &(&str, &str)| {
            is_field_name(name)
                && is_field_value(value)
                && !name.eq_ignore_ascii_case("Content-Type")
        };
        if !headers.iter().all(is_field) {
            return self.wrong(BuildError::MimeHeader);
        }
        self.root.get_or_insert_with(|| content_type.essence().to_owned());
        let mut head = format!("Content-Type: {content_type}\r\n");
        for (name, value) in headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        if self.is_in(head.as_bytes()) || self.is_in(body) {
            return self.wrong(BuildError::BoundaryInPart);
        }
        let pieces = [self.delimiter.as_bytes(), b"\r\n", head.as_bytes(), b"\r\n", body, b"\r\n"];
        pieces.into_iter().for_each(|piece| self.out.extend_from_slice(piece));
        self
    }

    /// The media type of the body, and its octets.
    ///
    /// # Errors
    ///
    /// The first [`BuildError`].
    pub fn build(mut self) -> Result<(MediaType, Bytes), BuildError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let root = self.root.as_deref().ok_or(BuildError::NoParts)?;
        let mut content_type = MimeValueBuilder::new(self.essence);
        if self.essence == "multipart/related" {
            content_type = content_type.parameter("type", root);
        }
        let boundary = self.delimiter.strip_prefix("--").unwrap_or_default();
        let content_type = content_type.parameter("boundary", boundary).build();
        let content_type = content_type.ok().and_then(|text| MediaType::new(&text).ok());
        let content_type = content_type.ok_or(BuildError::Boundary)?;
        self.out.extend_from_slice(self.delimiter.as_bytes());
        self.out.extend_from_slice(b"--\r\n");
        Ok((content_type, self.out.freeze()))
    }

    fn is_in(&self, octets: &[u8]) -> bool {
        memmem::find(octets, self.delimiter.as_bytes()).is_some()
    }

    fn wrong(mut self, fault: BuildError) -> Self {
        self.fault.get_or_insert(fault);
        self
    }
}

/// `boundary` of RFC 2046 section 5.1.1.
fn is_boundary(text: &str) -> bool {
    let is_allowed = |octet: u8| octet.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&octet);
    matches!(text.len(), 1..=70) && text.bytes().all(is_allowed) && !text.ends_with(' ')
}
