//! In place of SIP: how a client and a room set up a session.
//!
//! Clients call a real room with SIP: INVITE and 200 carry the session
//! descriptions, BYE ends the call, and the conference event package (RFC 4575)
//! reports the participants. Here one TCP connection does all of that, in lines of
//! text and without authentication. Another rendezvous replaces this file only.
//!
//! ```text
//!  client  JOIN sip:ada@example.com      room  ROOM sip:pier@chat.example
//!          the offer, line by line             the answer, line by line
//!          an empty line                       an empty line
//!                                              + URI TAB nickname      has joined
//!                                              - URI                   has left
//!                                        or    NO reason
//! ```
//!
//! Either side ends the call by closing the connection.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Take};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{oneshot, watch};

/// The participants of a room: their URIs, and nicknames if they have one.
pub type Roster = BTreeMap<String, Option<String>>;

/// The most octets a peer may send before the call is set up.
const MAX_OCTETS: u64 = 64 * 1024;

/// An incoming call.
pub(crate) struct Invite {
    pub(crate) uri: String,
    pub(crate) offer: String,
    call: Call,
}

/// The room's side of a call.
pub(crate) struct Call {
    reader: BufReader<Take<OwnedReadHalf>>,
    writer: OwnedWriteHalf,
    /// The roster as last sent to the client.
    told: Arc<Roster>,
}

/// The client's side of a call.
#[derive(Debug)]
pub(crate) struct Called {
    pub(crate) room: String,
    pub(crate) answer: String,
    reader: BufReader<Take<OwnedReadHalf>>,
    /// The part of a line that has arrived.
    line: Vec<u8>,
    /// Dropping it ends the call.
    _writer: OwnedWriteHalf,
}

/// A change of the roster.
pub(crate) enum Change {
    Here { uri: String, nickname: Option<String> },
    Gone { uri: String },
}

impl Invite {
    /// Waits for a client's JOIN and offer.
    pub(crate) async fn receive(stream: TcpStream) -> io::Result<Self> {
        let (reader, writer) = stream.into_split();
        let mut call =
            Call { reader: BufReader::new(reader.take(MAX_OCTETS)), writer, told: Arc::default() };
        let first = line(&mut call.reader).await?;
        let uri = first.strip_prefix("JOIN ").ok_or(ErrorKind::InvalidData)?.to_owned();
        let offer = lines(&mut call.reader).await?;
        Ok(Self { uri, offer, call })
    }

    pub(crate) async fn accept(mut self, room: &str, answer: &str) -> io::Result<Call> {
        let text = format!("ROOM {room}\r\n{answer}\r\n");
        self.call.writer.write_all(text.as_bytes()).await?;
        Ok(self.call)
    }

    pub(crate) async fn refuse(mut self, why: &str) -> io::Result<()> {
        self.call.writer.write_all(format!("NO {why}\r\n").as_bytes()).await
    }
}

impl Call {
    /// Sends every change to the client, until it hangs up or `gone` says that it
    /// has left.
    pub(crate) async fn run(
        mut self,
        mut roster: watch::Receiver<Arc<Roster>>,
        gone: oneshot::Receiver<Infallible>,
    ) {
        // The client sends nothing more.
        self.reader.get_mut().set_limit(1);
        let told = async {
            loop {
                let now = Arc::clone(&roster.borrow_and_update());
                if tell(&mut self.writer, &mut self.told, now).await.is_err()
                    || roster.changed().await.is_err()
                {
                    return;
                }
            }
        };
        tokio::select! {
            _ = self.reader.read_u8() => {}
            () = told => {}
            _ = gone => {}
        }
    }
}

/// Sends a client what has changed since the last time.
async fn tell(
    writer: &mut OwnedWriteHalf,
    told: &mut Arc<Roster>,
    now: Arc<Roster>,
) -> io::Result<()> {
    let text = changes(told, &now);
    *told = now;
    writer.write_all(text.as_bytes()).await
}

fn changes(told: &Roster, now: &Roster) -> String {
    let mut text = String::new();
    for (uri, nickname) in now {
        if told.get(uri) != Some(nickname) {
            text += &format!("+ {uri}\t{}\r\n", nickname.as_deref().unwrap_or_default());
        }
    }
    for uri in told.keys().filter(|uri| !now.contains_key(*uri)) {
        text += &format!("- {uri}\r\n");
    }
    text
}

impl Called {
    /// Calls the room at the other end of `stream`. If the room refuses, the error has its
    /// reason.
    pub(crate) async fn invite(stream: TcpStream, uri: &str, offer: &str) -> io::Result<Self> {
        let (reader, mut writer) = stream.into_split();
        let text = format!("JOIN {uri}\r\n{offer}\r\n");
        writer.write_all(text.as_bytes()).await?;
        let mut reader = BufReader::new(reader.take(MAX_OCTETS));
        let first = line(&mut reader).await?;
        if let Some(why) = first.strip_prefix("NO ") {
            return Err(io::Error::new(ErrorKind::PermissionDenied, why.to_owned()));
        }
        let room = first.strip_prefix("ROOM ").ok_or(ErrorKind::InvalidData)?.to_owned();
        let answer = lines(&mut reader).await?;
        Ok(Self { room, answer, reader, line: Vec::new(), _writer: writer })
    }

    /// The next change in the room; `None` when it has hung up. Cancel safe.
    pub(crate) async fn next(&mut self) -> Option<Change> {
        loop {
            self.reader.get_mut().set_limit(MAX_OCTETS);
            let read = self.reader.read_until(b'\n', &mut self.line).await;
            if read.is_err() || !self.line.ends_with(b"\n") || self.line.len() as u64 > MAX_OCTETS {
                return None;
            }
            let line = String::from_utf8_lossy(&self.line).trim_end().to_owned();
            self.line.clear();
            if let Some(change) = Change::read(&line) {
                return Some(change);
            }
        }
    }
}

impl Change {
    fn read(line: &str) -> Option<Self> {
        if let Some(uri) = line.strip_prefix("- ") {
            return Some(Self::Gone { uri: uri.to_owned() });
        }
        // Trimming the line end has also removed the tab before an empty nickname.
        let here = line.strip_prefix("+ ")?;
        let (uri, nickname) = here.split_once('\t').unwrap_or((here, ""));
        let nickname = (!nickname.is_empty()).then(|| nickname.to_owned());
        Some(Self::Here { uri: uri.to_owned(), nickname })
    }
}

/// A line without its end.
async fn line(reader: &mut BufReader<Take<OwnedReadHalf>>) -> io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line).await?;
    if !line.ends_with('\n') {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}

/// Lines up to an empty one.
async fn lines(reader: &mut BufReader<Take<OwnedReadHalf>>) -> io::Result<String> {
    let mut text = String::new();
    loop {
        let line = line(reader).await?;
        if line.is_empty() {
            return Ok(text);
        }
        text += &line;
        text += "\r\n";
    }
}
