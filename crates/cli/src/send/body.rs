//! The body to send, and how its octets reach the connection.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use bytes::BytesMut;
use indicatif::{ProgressBar, ProgressStyle};
use msrp::{BodyWriter, MediaType, MessageKey, OutgoingMessage, SendError};

use crate::link::{Link, read_more};

#[derive(clap::Args)]
#[group(multiple = false)]
pub(super) struct Content {
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

/// The body of a message.
pub(super) enum Body {
    Text(String),
    /// Octets to read, and how many they are if that is known.
    Stream(Box<dyn Read + Send>, Option<u64>),
}

impl Content {
    pub(super) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }
}

impl Body {
    pub(super) fn open(content: &Content) -> anyhow::Result<Self> {
        if content.stdin.is_some() {
            return Ok(Self::Stream(Box::new(std::io::stdin()), None));
        }
        let Some(path) = &content.file else { return Ok(Self::Text(content.text.clone())) };
        let unreadable = || format!("--file {}", path.display());
        let file = File::open(path).with_context(unreadable)?;
        let metadata = file.metadata().with_context(unreadable)?;
        if !metadata.is_file() {
            // A pipe or a device does not know its size.
            return Ok(Self::Stream(Box::new(file), None));
        }
        let style = "{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
        // It draws on stderr, and only if that is a terminal.
        let bar = ProgressBar::new(metadata.len()).with_style(ProgressStyle::with_template(style)?);
        Ok(Self::Stream(Box::new(bar.wrap_read(file)), Some(metadata.len())))
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
    ) -> (OutgoingMessage, Option<Box<dyn Read + Send>>) {
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

/// Reads a body and gives it to the connection as that has room. Aborts the
/// message if the stream cannot be read to its end.
pub(super) fn feed(link: &Link, key: MessageKey, stream: impl Read) -> anyhow::Result<()> {
    let result = copy(link, key, stream);
    if result.is_err() {
        // Fails if the message has its outcome already.
        let _ = link.with(|connection| connection.abort(key));
    }
    result
}

fn copy(link: &Link, key: MessageKey, mut stream: impl Read) -> anyhow::Result<()> {
    let mut buffer = BytesMut::new();
    while read_more(&mut stream, &mut buffer)? > 0 {
        let piece = buffer.split().freeze();
        let is_open = link.wait_for(|connection| match connection.body(key) {
            Ok(body) => (body.room() >= piece.len()).then_some(true),
            Err(_) => Some(false),
        });
        if !is_open {
            return Ok(());
        }
        write(link, key, |mut body| body.write(piece))?;
    }
    write(link, key, |body| body.finish())
}

/// A message with an outcome takes no more octets.
fn write(
    link: &Link,
    key: MessageKey,
    action: impl FnOnce(BodyWriter<'_>) -> Result<(), SendError>,
) -> anyhow::Result<()> {
    link.with(|connection| connection.body(key).map(action)).unwrap_or(Ok(()))?;
    Ok(())
}
