//! Why a message is not read or saved.

use std::io;
use std::path::PathBuf;

use msrp::{FailReason, MessageId};
use thiserror::Error;
use tokio::task::JoinError;

/// Why a message cannot be read.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum MessageError {
    /// The rest of the message does not come.
    #[error("message {id} of the peer: {reason}")]
    Failed {
        /// Its Message-ID.
        id: MessageId,
        /// Why.
        reason: FailReason,
    },
    /// It is larger than [`Message::text`](crate::Message::text) and [`Message::bytes`](crate::Message::bytes) take. Read it as a stream,
    /// or save it.
    #[error("the message has more than {max} octets; read it as a stream or save it")]
    TooLong {
        /// The limit.
        max: usize,
    },
    /// Its octets are not UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// Its charset is neither UTF-8 nor US-ASCII.
    #[error("the charset of the text is {0}, not UTF-8")]
    Charset(Box<str>),
    /// Its octets were read, or saved, before.
    #[error("the message was read before; its octets are gone")]
    AlreadyRead,
    /// Its octets come in an order that needs too much memory, or a part of it came in an
    /// earlier session. [`Message::save_to`](crate::Message::save_to) and [`Message::next_piece`](crate::Message::next_piece) take any order.
    #[error("the octets of the message do not come in order; save it instead")]
    OutOfOrder,
}

/// Why a message is not saved.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SaveError {
    /// The rest of the message does not come.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The file cannot be written.
    #[error("cannot write {}", path.display())]
    File {
        /// The path of the file, or of its folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl SaveError {
    /// The task that writes has ended with its runtime.
    pub(super) fn torn_down(error: JoinError) -> Self {
        Self::File { path: PathBuf::new(), source: io::Error::other(error) }
    }
}
