//! Files wrapped in message/cpim, which every MSRP endpoint may send (RFC 4975
//! section 13, RFC 5547 section 8.7).

use bytes::{Bytes, BytesMut};
use msrp::MediaType;
use msrp_cpim::{Address, CpimBuilder, CpimRef};

use crate::failure::Failure;

/// The media type of the wrapper.
pub(crate) const CPIM: &str = "message/cpim";

/// The most octets of a wrapper. Files grow by it on the wire.
pub(crate) const MAX_WRAPPER_OCTETS: u64 = 16 * 1024;

/// The wrapper in front of a file. Its sender and recipient are anonymous.
pub(crate) fn head(media_type: &MediaType, disposition: &str) -> Result<Bytes, Failure> {
    let anonymous = Address::new("sip:anonymous@anonymous.invalid").map_err(Failure::local)?;
    let builder = CpimBuilder::new(&anonymous, &anonymous);
    builder.mime_header("Content-Disposition", disposition).head(media_type).map_err(Failure::local)
}

/// The properties of the file in a message.
pub(crate) struct Content {
    pub(crate) content_type: String,
    pub(crate) disposition: Option<String>,
}

/// Where the file begins in a message.
pub(crate) enum Wrapper {
    /// The message is the file.
    None,
    /// The start of a wrapper that has not ended.
    Head(BytesMut),
    /// The file follows this number of octets.
    Ended(u64),
}

impl Wrapper {
    /// Takes octets of the wrapper, in order from the first. Once the wrapper has
    /// ended, returns its content and the first octets of the file.
    pub(crate) fn take(
        &mut self,
        offset: u64,
        octets: &[u8],
    ) -> Result<Option<(Content, Bytes)>, Failure> {
        let Self::Head(head) = self else { return Ok(None) };
        if offset != head.len() as u64 {
            return Err(Failure::OtherMessage("the wrapper did not arrive in order".into()));
        }
        let seen = head.len();
        head.extend_from_slice(octets);
        let may_end = CpimRef::head_may_end(head, seen);
        let cpim = if may_end { CpimRef::parse_start(head) } else { Ok(None) };
        let cpim = cpim.map_err(|error| Failure::OtherMessage(error.to_string()))?;
        let Some(cpim) = cpim else {
            return match head.len() as u64 > MAX_WRAPPER_OCTETS {
                true => Err(Failure::OtherMessage("the wrapper is too long".into())),
                false => Ok(None),
            };
        };
        let disposition = cpim.mime_headers().get("Content-Disposition");
        let content = Content {
            content_type: cpim.content_type().unwrap_or_default().into_owned(),
            disposition: disposition.map(|field| field.text().into_owned()),
        };
        let len = head.len() - cpim.body().len();
        let body = head.split_off(len).freeze();
        *self = Self::Ended(len as u64);
        Ok(Some((content, body)))
    }

    /// Turns octets of the message into octets of the file.
    pub(crate) fn inside<'a>(&self, offset: u64, octets: &'a [u8]) -> (u64, &'a [u8]) {
        let len = match self {
            Self::None => 0,
            Self::Head(_) => return (0, &[]),
            Self::Ended(len) => *len,
        };
        // Some octets of the wrapper may arrive twice.
        let again = usize::try_from(len.saturating_sub(offset)).unwrap_or(usize::MAX);
        (offset.saturating_sub(len), octets.get(again..).unwrap_or_default())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Uses `take` and `inside` as for the pieces of a message.
    fn unwrapped(message: &[u8], piece: usize) -> (Content, Vec<u8>) {
        let (mut wrapper, mut known) = (Wrapper::Head(BytesMut::new()), None);
        let mut file = Vec::new();
        for (at, octets) in message.chunks(piece).enumerate() {
            let offset = (at * piece) as u64;
            if let Some((content, body)) = wrapper.take(offset, octets).unwrap() {
                known = Some(content);
                file.extend_from_slice(&body);
            } else {
                let (place, inside) = wrapper.inside(offset, octets);
                assert!(inside.is_empty() || place == file.len() as u64);
                file.extend_from_slice(inside);
            }
        }
        (known.unwrap(), file)
    }

    /// The second form lacks the blank line, as in many implementations.
    #[test]
    fn a_file_is_unwrapped_at_every_split() {
        let own = head(&"image/png".parse().unwrap(), "attachment; size=9").unwrap();
        let theirs = "From: <sip:a@b.example>\r\nTo: <sip:c@d.example>\r\n\
             Content-Disposition: attachment; size=9\r\nContent-Type: image/png\r\n\r\n";
        for head in [&own[..], theirs.as_bytes()] {
            let message = [head, b"\x89PNG\r\n\r\n\0"].concat();
            for piece in 1..=message.len() {
                let (content, file) = unwrapped(&message, piece);
                assert_eq!(content.content_type, "image/png");
                assert_eq!(content.disposition.as_deref(), Some("attachment; size=9"));
                assert_eq!(file, b"\x89PNG\r\n\r\n\0");
            }
        }
    }

    #[test]
    fn a_wrapper_has_a_limit_and_arrives_in_order() {
        let line = format!("X: {}\r\n", "y".repeat(1000));
        let mut wrapper = Wrapper::Head(BytesMut::new());
        let mut taken = 0;
        while wrapper.take(taken, line.as_bytes()).is_ok() {
            taken += line.len() as u64;
            assert!(taken <= MAX_WRAPPER_OCTETS);
        }
        assert!(Wrapper::Head(BytesMut::new()).take(1, b"x").is_err());
    }

    #[test]
    fn octets_of_the_wrapper_that_arrive_twice_are_not_the_file() {
        let wrapper = Wrapper::Ended(5);
        assert_eq!(wrapper.inside(0, b"head\nfile"), (0, &b"file"[..]));
        assert_eq!(wrapper.inside(3, b"xxfi"), (0, &b"fi"[..]));
        assert_eq!(wrapper.inside(7, b"le"), (2, &b"le"[..]));
        assert_eq!(wrapper.inside(1, b"he"), (0, &b""[..]));
    }
}
