//! The wire: octets to heads and back.

pub(crate) mod byte_range;
mod decode;
pub(crate) mod encode;
pub(crate) mod fast;
pub(crate) mod grammar;
pub(crate) mod head;
pub(crate) mod header;
pub(crate) mod ident;
pub(crate) mod media;
pub(crate) mod method;
pub(crate) mod nickname;
pub(crate) mod parse;
mod resync;
pub(crate) mod scan;
pub(crate) mod status;
pub(crate) mod value_error;

pub use byte_range::ByteRange;
pub use decode::{BadHead, DecodeError, Decoder, Frame};
pub use encode::{EncodeError, HeadWriter, write_end_line};
#[cfg(feature = "auth")]
pub(crate) use head::Field;
pub use head::{Head, HeadRef, Parsed};
pub use header::{Continuation, FailureReport, HeaderName};
pub(crate) use ident::MessageId;
pub use ident::TransactionId;
pub(crate) use media::{MediaType, MediaTypes};
pub use method::Method;
pub(crate) use nickname::Nickname;
pub use parse::{ParseError, ParseErrorKind};
pub use status::Status;
pub(crate) use status::StatusCode;
pub use value_error::{ValueError, ValueErrorKind};
