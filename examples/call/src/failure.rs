//! Why a call, a message or a file failed.

use std::error::Error as _;
use std::io;
use std::path::PathBuf;

use msrp_tls::TlsError;
use msrp_tokio::{Ended, MessageError, SaveError, SendError, Undelivered, UploadError};
use serde_json::{Value, json};
use thiserror::Error;

use crate::sip::SipError;
use crate::talk::VoiceError;
use crate::terms::TermsError;

/// Why a call, a message or a file failed.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// The command line cannot be followed.
    #[error("{0}")]
    Usage(String),
    /// There is no call.
    #[error(transparent)]
    Sip(#[from] SipError),
    /// The two sides do not agree on a session.
    #[error(transparent)]
    Terms(#[from] TermsError),
    /// There is no MSRP session.
    #[error(transparent)]
    Msrp(#[from] msrp_tokio::Error),
    /// A certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The other side has not connected to this one.
    #[error("the other side has not opened the MSRP session in time")]
    NotBound,
    /// The session ended before the call did.
    #[error(transparent)]
    Ended(Box<Ended>),
    /// A message was not delivered.
    #[error(transparent)]
    Undelivered(#[from] Undelivered),
    /// The session does not take a message.
    #[error(transparent)]
    Send(#[from] SendError),
    /// A file cannot be sent.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// A message cannot be read.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// A message holds something that this side does not know.
    #[error("a message is not text")]
    NotUnderstood,
    /// This side cannot say something.
    #[error(transparent)]
    Voice(#[from] VoiceError),
    /// A file cannot be stored.
    #[error(transparent)]
    Save(#[from] SaveError),
    /// The other side has ended the session of a file without sending it.
    #[error("the file has not come")]
    NoFile,
    /// What has arrived is not what was announced.
    #[error("{name} is not the file that was offered")]
    OtherFile {
        /// Its name.
        name: String,
    },
    /// The call has no chat.
    #[error("the call has no chat to write to")]
    NoChat,
    /// A file of this side cannot be used.
    #[error("{}", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The other side has hung up before everything was delivered.
    #[error("the other side has hung up")]
    HungUp,
    /// The user has stopped the program.
    #[error("the program was stopped")]
    Stopped,
    /// Something on this side.
    #[error(transparent)]
    Local(#[from] Box<dyn std::error::Error + Send + Sync>),
}

impl Failure {
    /// A stable name for programs.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Usage(_) => "usage",
            Self::Sip(error) => error.kind(),
            Self::Terms(error) => error.kind(),
            Self::Msrp(_) | Self::NotBound => "msrp",
            Self::Ended(_) => "ended",
            Self::Undelivered(_) | Self::Send(_) => "undelivered",
            Self::Upload(UploadError::File { .. }) | Self::File { .. } => "file",
            Self::Upload(_) => "undelivered",
            Self::Save(SaveError::Message(_))
            | Self::Message(_)
            | Self::NotUnderstood
            | Self::NoFile
            | Self::OtherFile { .. } => "not-received",
            Self::Save(_) => "not-stored",
            Self::NoChat => "no-chat",
            Self::HungUp => "hung-up",
            Self::Stopped => "stopped",
            Self::Tls(_) | Self::Voice(_) | Self::Local(_) => "local",
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
