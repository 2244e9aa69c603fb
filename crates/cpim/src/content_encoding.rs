//! Bodies with a Content-Encoding: `deflate` and `gzip` (RFC 9110 section 8.4), which some
//! clients apply to the messages that they send.
//!
//! The field is one of the head of a SEND, or of the MIME header fields in a message/cpim or a
//! part. A session description cannot say which codings its side understands, so nothing here
//! writes one.
//!
//! ```
//! use msrp_cpim::CpimRef;
//! use msrp_cpim::content_encoding::decode;
//!
//! let message = b"From: <im:ada@example.com>\r\n\r\n\
//!     Content-Type: text/plain\r\nContent-Encoding: deflate\r\n\r\n\
//!     \x78\x9c\xf3\x48\xcd\xc9\xc9\x07\x00\x05\x8c\x01\xf5";
//! let message = CpimRef::parse(message)?;
//! let encoding = message.mime_headers().get("Content-Encoding");
//! let text = match encoding {
//!     Some(field) => decode(field.raw(), message.body(), 1024 * 1024)?,
//!     None => message.body().into(),
//! };
//! assert_eq!(*text, *b"Hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::borrow::Cow;
use std::io::Read;

use flate2::bufread::GzDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use thiserror::Error;

/// The most codings of one body. Nobody applies more than one.
const MAX_CODINGS: usize = 4;

/// The first octets of each member of a gzip file (RFC 1952 section 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A body that cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// A coding is unknown, or there are more than four. The status for its sender is 415.
    #[error("a content coding must be deflate, gzip or identity, and a body has at most four")]
    Unsupported,
    /// The body is damaged or cut off. The status for its sender is 400.
    #[error("the octets are not of the content coding that they are said to have")]
    Corrupt,
    /// The body is larger than the limit, encoded or between two codings. The status for its
    /// sender is 413.
    #[error("the body has more than {max} octets once it is decoded; raise the limit")]
    TooLarge {
        /// The limit in octets.
        max: usize,
    },
}

/// The body without the codings that the value of its Content-Encoding lists, in the order in
/// which they were applied. It has at most `max` octets, whatever they were before: no small
/// body takes much memory or time.
///
/// Names match in any letter case. `deflate` may lack the frame of zlib, as with many senders.
/// An empty body has no coding. Octets behind the end of what is encoded do not count.
///
/// # Errors
///
/// [`DecodeError`].
pub fn decode<'a>(
    encoding: &str,
    body: &'a [u8],
    max: usize,
) -> Result<Cow<'a, [u8]>, DecodeError> {
    let is_coding = |name: &&str| !name.is_empty() && !name.eq_ignore_ascii_case("identity");
    let codings: Vec<_> = encoding.split(',').map(str::trim).filter(is_coding).collect();
    if codings.len() > MAX_CODINGS {
        return Err(DecodeError::Unsupported);
    }
    let decoded = codings.iter().rev().try_fold(Cow::Borrowed(body), |body, coding| {
        let decoder = decoder(coding)?;
        if body.is_empty() { Ok(body) } else { decoder(&body, max).map(Cow::Owned) }
    })?;
    if decoded.len() > max { Err(DecodeError::TooLarge { max }) } else { Ok(decoded) }
}

type Decoder = fn(&[u8], usize) -> Result<Vec<u8>, DecodeError>;

fn decoder(coding: &str) -> Result<Decoder, DecodeError> {
    match &coding.to_ascii_lowercase()[..] {
        "deflate" => Ok(inflated),
        "gzip" | "x-gzip" => Ok(gunzipped),
        _ => Err(DecodeError::Unsupported),
    }
}

/// All members of a gzip file (RFC 1952). Other octets may follow, as they may behind a
/// stream of zlib: some senders count the line end before the end-line into the body.
fn gunzipped(body: &[u8], max: usize) -> Result<Vec<u8>, DecodeError> {
    let (mut out, mut rest) = (Vec::new(), body);
    loop {
        let room = u64::try_from(max.saturating_sub(out.len())).unwrap_or(u64::MAX);
        let mut member = GzDecoder::new(rest).take(room.saturating_add(1));
        member.read_to_end(&mut out).map_err(|_| DecodeError::Corrupt)?;
        if out.len() > max {
            return Err(DecodeError::TooLarge { max });
        }
        rest = member.into_inner().into_inner();
        if !rest.starts_with(&GZIP_MAGIC) {
            return Ok(out);
        }
    }
}

/// One stream of zlib (RFC 1950), or of DEFLATE alone (RFC 1951).
fn inflated(body: &[u8], max: usize) -> Result<Vec<u8>, DecodeError> {
    match inflated_as(body, has_zlib_header(body), max) {
        // Two octets of DEFLATE alone can look like a header.
        Err(DecodeError::Corrupt) if has_zlib_header(body) => inflated_as(body, false, max),
        result => result,
    }
}

/// Whether the first two octets are a header of zlib (RFC 1950 section 2.2).
fn has_zlib_header(body: &[u8]) -> bool {
    body.first_chunk().is_some_and(|header: &[u8; 2]| {
        header[0] & 0x0f == 8 && u16::from_be_bytes(*header).is_multiple_of(31)
    })
}

fn inflated_as(body: &[u8], has_header: bool, max: usize) -> Result<Vec<u8>, DecodeError> {
    let mut stream = Decompress::new(has_header);
    let (mut out, mut rest, mut piece) = (Vec::new(), body, vec![0; 16 * 1024]);
    loop {
        let (taken, given) = (stream.total_in(), stream.total_out());
        let status = stream.decompress(rest, &mut piece, FlushDecompress::None);
        let status = status.map_err(|_| DecodeError::Corrupt)?;
        let [taken, given] = [stream.total_in() - taken, stream.total_out() - given].map(octets);
        rest = rest.get(taken..).unwrap_or_default();
        out.extend_from_slice(piece.get(..given).unwrap_or_default());
        if out.len() > max {
            return Err(DecodeError::TooLarge { max });
        }
        match status {
            Status::StreamEnd => return Ok(out),
            // The stream wants octets that are not there.
            Status::Ok | Status::BufError if taken == 0 && given == 0 => {
                return Err(DecodeError::Corrupt);
            }
            Status::Ok | Status::BufError => {}
        }
    }
}

/// A number of octets in memory.
fn octets(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
