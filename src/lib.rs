//! MSRP.
#![forbid(unsafe_code)]

mod connection;
mod decode;
mod hop;
mod limits;
mod random;
pub mod ranges;
pub mod reassembly;
mod tolerance;
pub mod uri;
mod wire;

pub use connection::{
    Answer, Bind, BodyError, BodyWriter, CloseReason, Config, Connection, ConnectionEnd,
    ConnectionError, Event, FailReason, IncomingKey, MessageOutcome, OpenError, Outcome,
    OutgoingMessage, ReceiveMode, Received, ReportError, ReportMode, Role, SendError,
    SessionConfig, SessionTable, TableError,
};
pub use decode::{BadHead, DecodeError, Decoder, Frame};
pub use hop::{MessageKey, SessionId, Transmit};
pub use limits::{Limits, ParseOptions};
#[cfg(feature = "getrandom")]
pub use random::{OsRandom, RandomUnavailable};
pub use random::{Random, session_id};
pub use tolerance::{Tolerance, Tolerances};
pub use uri::{MsrpUri, Path, PathError, PathRef, UriError, UriRef};
pub use wire::{
    ByteRange, ByteRangeError, Continuation, EncodeError, FailureReport, Head, HeadRef, HeadWriter,
    HeaderName, IdentError, MediaType, MediaTypeError, MediaTypes, MessageId, Method, ParseError,
    Parsed, Status, StatusCode, TransactionId, write_end_line,
};
