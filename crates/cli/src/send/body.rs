//! The body to send, and how its octets reach the message.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use msrp::{MediaType, OutgoingMessage};
use msrp_tokio::Upload;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncWriteExt, BufReader, copy_buf, stdin};

/// Octets to read at a time.
const READ_OCTETS: usize = 64 * 1024;

#[derive(clap::Args)]
#[group(multiple = false)]
pub(super) struct Options {
    /// Send this text.
    #[arg(long, value_name = "TEXT", default_value = "Hello, world!")]
    text: String,
    /// Send this file.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// A hyphen: send standard input.
    #[arg(value_name = "-", value_parser = ["-"], hide_possible_values = true)]
    stdin: Option<String>,
}

impl Options {
    pub(super) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }
}

/// The body of a message.
pub(super) enum Body {
    Text(String),
    /// Octets to read, and how many they are if that is known.
    Stream(Stream, Option<u64>),
}

/// Octets to read.
pub(super) type Stream = Box<dyn AsyncRead + Send + Unpin>;

impl Body {
    pub(super) async fn open(options: &Options) -> anyhow::Result<Self> {
        if options.stdin.is_some() {
            return Ok(Self::Stream(Box::new(stdin()), None));
        }
        let Some(path) = &options.file else { return Ok(Self::Text(options.text.clone())) };
        let unreadable = || format!("--file {}", path.display());
        // Before it is opened, which some systems do not allow.
        let metadata = tokio::fs::metadata(path).await.with_context(unreadable)?;
        if metadata.is_dir() {
            bail!("--file {}: it is a folder; send its files one by one", path.display());
        }
        let file = File::open(path).await.with_context(unreadable)?;
        // A pipe or a device does not know its size.
        let size = Some(metadata.len()).filter(|_| metadata.is_file());
        Ok(Self::Stream(Box::new(file), size))
    }

    /// The number of octets, if it is known.
    pub(super) const fn total(&self) -> Option<u64> {
        match self {
            Self::Text(text) => Some(text.len() as u64),
            Self::Stream(_, total) => *total,
        }
    }

    /// The message, and the stream to read its body from.
    pub(super) fn into_message(
        self,
        content_type: Option<MediaType>,
    ) -> (OutgoingMessage, Option<Stream>) {
        match self {
            Self::Text(text) => {
                let content_type = content_type.unwrap_or_else(MediaType::text_plain);
                (OutgoingMessage::new(content_type, text), None)
            }
            Self::Stream(stream, total) => {
                let content_type = content_type.unwrap_or_else(octet_stream);
                (OutgoingMessage::streamed(content_type, total), Some(stream))
            }
        }
    }
}

fn octet_stream() -> MediaType {
    MediaType::new("application/octet-stream").unwrap_or_else(|_| MediaType::text_plain())
}

/// Gives a body to its message as that takes it. Aborts the message if the stream cannot be
/// read to its end.
pub(super) async fn feed(stream: Stream, mut upload: Upload) -> io::Result<()> {
    let mut stream = BufReader::with_capacity(READ_OCTETS, stream);
    copy_buf(&mut stream, &mut upload).await?;
    upload.shutdown().await
}
