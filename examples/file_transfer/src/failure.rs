//! Why a file was not transferred, or the whole exchange has failed.

use std::error::Error as _;
use std::io;
use std::path::{Path, PathBuf};

use msrp::{FailReason, Outcome, StatusCode};
use msrp_sdp::Refusal;
use msrp_sdp::file::FileMismatch;
use msrp_tokio::{Ended, MessageError, SendError, Undelivered};
use serde_json::{Value, json};
use thiserror::Error;

/// Why a file was not transferred, or the whole exchange has failed.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// The command line cannot be followed.
    #[error("{0}")]
    Usage(String),
    /// The other side has written no session description.
    #[error("--sdp-in {}: the other side has not written it in time", .0.display())]
    NoDescription(PathBuf),
    /// The session description of the other side cannot be used.
    #[error("the session description of the other side: {0}")]
    Description(String),
    /// What the two sides say of a file does not fit together.
    #[error(transparent)]
    Unfit(#[from] Refusal),
    /// The other side does not take the file, or does not give it.
    #[error("the other side refuses the file")]
    Refused,
    /// The user does not want the file.
    #[error("{0}")]
    Unwanted(String),
    /// The disk has no room for the file.
    #[error("{0}")]
    NoRoom(String),
    /// None of the files of this side is selected, or several are.
    #[error("{} files match", if *.0 == 0 { "no".into() } else { .0.to_string() })]
    NotOne(usize),
    /// The range is not one that can be sent or stored.
    #[error("{0}")]
    Range(&'static str),
    /// The other side wants TLS, and says too little of its certificate.
    #[error("TLS needs a fingerprint of the other side with sha-256, sha-384 or sha-512")]
    NotPinned,
    /// There is no MSRP session.
    #[error(transparent)]
    Msrp(#[from] msrp_tokio::Error),
    /// The other side has not opened the session of the file.
    #[error("the other side has not opened the session in time")]
    NotOpened,
    /// Nothing has come for too long.
    #[error("the other side has sent nothing for too long")]
    Stalled,
    /// The session does not take the message with the file.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The other side has stopped the message, or has refused the file once it had all.
    #[error("the other side has stopped the transfer, or has found another file (413)")]
    Discarded,
    /// The other side does not have all of the file, or does not say so.
    #[error(transparent)]
    Undelivered(Undelivered),
    /// The session has ended without a file.
    #[error(transparent)]
    NoFile(Box<Ended>),
    /// The rest of the message does not come.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The message was refused before it came.
    #[error("{0}")]
    Incoming(FailReason),
    /// The message is not what was agreed on.
    #[error("{0}")]
    OtherMessage(String),
    /// The octets are those of another file.
    #[error(transparent)]
    OtherFile(#[from] FileMismatch),
    /// The file cannot be stored.
    #[error("cannot store {}", path.display())]
    NotStored {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file of this side cannot be read.
    #[error("cannot read {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A signal has ended the program.
    #[error("the program was stopped")]
    Stopped,
    /// Something else on this side.
    #[error(transparent)]
    Local(Box<dyn std::error::Error + Send + Sync>),
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    pub(crate) fn local(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Local(error.into())
    }

    pub(crate) fn file(path: &Path, source: io::Error) -> Self {
        Self::File { path: path.to_owned(), source }
    }

    pub(crate) fn not_stored(path: &Path, source: io::Error) -> Self {
        Self::NotStored { path: path.to_owned(), source }
    }

    /// A stable name for programs.
    pub(crate) const fn kind(&self) -> &'static str {
        use msrp_tokio::Error;
        match self {
            Self::Usage(_) => "usage",
            Self::NoDescription(_) => "no-description",
            Self::Description(_) => "description",
            Self::Unfit(refusal) => refusal.kind(),
            Self::Refused => "refused",
            Self::Unwanted(_) => "unwanted",
            Self::NoRoom(_) => "no-room",
            Self::NotOne(0) => "no-match",
            Self::NotOne(_) => "ambiguous",
            Self::Range(_) => "other-range",
            Self::NotPinned | Self::Msrp(Error::Handshake { .. } | Error::Tls(_)) => "tls",
            Self::Msrp(Error::Ended(_)) | Self::NotOpened => "not-opened",
            Self::Msrp(
                Error::Resolve { .. } | Error::Connect { .. } | Error::ConnectTimeout { .. },
            ) => "unreachable",
            Self::Send(_) | Self::Discarded | Self::Undelivered(_) => "undelivered",
            Self::Stalled
            | Self::NoFile(_)
            | Self::Message(_)
            | Self::Incoming(_)
            | Self::OtherMessage(_) => "not-received",
            Self::OtherFile(_) => "other-file",
            Self::NotStored { .. } => "not-stored",
            Self::File { .. } => "file",
            Self::Stopped => "stopped",
            Self::Msrp(_) | Self::Local(_) => "local",
        }
    }

    /// The failure and its causes, on one line. Some errors say their cause themselves.
    pub(crate) fn message(&self) -> String {
        let causes = std::iter::successors(self.source(), |&cause| cause.source());
        causes.map(ToString::to_string).fold(self.to_string(), |text, cause| {
            if text.ends_with(&cause) { text } else { format!("{text}: {cause}") }
        })
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "kind": self.kind(), "message": self.message() })
    }
}

impl From<Undelivered> for Failure {
    fn from(undelivered: Undelivered) -> Self {
        match undelivered.outcome() {
            Outcome::Rejected(StatusCode::STOP_SENDING) => Self::Discarded,
            _ => Self::Undelivered(undelivered),
        }
    }
}
