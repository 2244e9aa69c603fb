//! The wire: octets to heads and back.

pub(crate) mod byte_range;
pub(crate) mod encode;
pub(crate) mod grammar;
pub(crate) mod head;
pub(crate) mod header;
pub(crate) mod ident;
pub(crate) mod media;
pub(crate) mod method;
pub(crate) mod nickname;
pub(crate) mod parse;
pub(crate) mod scan;
pub(crate) mod status;

pub use byte_range::{ByteRange, ByteRangeError};
pub use encode::{EncodeError, HeadWriter, write_end_line};
pub use head::{Head, HeadRef, Parsed};
pub use header::{Continuation, FailureReport, HeaderName};
pub use ident::{IdentError, MessageId, TransactionId};
pub use media::{MediaType, MediaTypeError, MediaTypes};
pub use method::Method;
pub use nickname::{Nickname, NicknameError};
pub use parse::ParseError;
pub use status::{Status, StatusCode};
