//! Sends a text to a session and prints its outcome:
//! `send [PATH [TEXT]]`, with the path that the example `receive` prints.
//!
//! Without a path it sends to a receiver of its own, in a second thread.

use std::error::Error;
use std::io::{self, ErrorKind, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use msrp::uri::Scheme;
use msrp::{
    Config, Connection, Event, MsrpUri, OsRandom, OutgoingMessage, Path, Role, SessionConfig,
    SessionTable, session_id,
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let to = arguments.next().map_or_else(start_receiver, |path| Ok(path.parse::<Path>()?))?;
    let text = arguments.next().unwrap_or_else(|| "Hello, world!".into());
    let (host, port) = (to.first().host_str(), to.first().port().ok_or("the URI has no port")?);
    let stream = TcpStream::connect((host, port))?;
    println!("sending to {to}");

    let config = Arc::new(Config::default());
    let mut connection = Connection::new(config, Role::Active, OsRandom::new()?, Instant::now())?;
    let session = connection.open(SessionConfig::new(random_uri(stream.local_addr()?)?, to))?;
    connection.send(session, OutgoingMessage::text(text))?;
    run(connection, stream, |connection, event| {
        if let Event::Finished(message) = event {
            println!("outcome: {}", message.outcome);
            connection.close();
        }
    })
}

/// Starts a receiver for one connection. Returns its path.
fn start_receiver() -> Result<Path, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let uri = random_uri(listener.local_addr()?)?;
    let table = SessionTable::new(1);
    table.insert(SessionConfig::expected(uri.clone()))?;
    let config = Arc::new(Config::default());
    let connection = Connection::new(config, Role::Passive, OsRandom::new()?, Instant::now())?;
    let connection = connection.with_table(table);
    thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        let print = |_: &mut Connection, event| {
            if let Event::Message { body, .. } = event {
                println!("received: {}", String::from_utf8_lossy(&body));
            }
        };
        run(connection, stream, print).expect("an orderly end");
    });
    Ok(uri.into())
}

/// A URI for one session. Its session-id is a secret between the two sides.
fn random_uri(address: SocketAddr) -> Result<MsrpUri, Box<dyn Error>> {
    let id = session_id(&mut OsRandom::new()?)?;
    Ok(MsrpUri::builder(Scheme::Msrp, address.ip(), address.port()).session_id(&id).build()?)
}

/// Runs a connection on a socket until it ends.
fn run(
    mut connection: Connection,
    mut stream: TcpStream,
    mut on_event: impl FnMut(&mut Connection, Event),
) -> Result<(), Box<dyn Error>> {
    let (mut input, mut octets) = (BytesMut::new(), [0; 16 * 1024]);
    loop {
        while let Some(event) = connection.poll_event() {
            on_event(&mut connection, event);
        }
        while let Some(transmit) = connection.poll_transmit(Instant::now()) {
            io::copy(&mut transmit.reader(), &mut stream)?;
        }
        if connection.is_closed() {
            return Ok(());
        }
        // Waits for octets, but not beyond the next deadline of the connection.
        let wait =
            connection.poll_timeout().map(|due| due.saturating_duration_since(Instant::now()));
        stream.set_read_timeout(wait.map(|wait| wait.max(Duration::from_millis(1))))?;
        match stream.read(&mut octets) {
            Ok(0) => connection.receive_eof(),
            Ok(len) => input.extend_from_slice(&octets[..len]),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(e) => return Err(e.into()),
        }
        connection.handle_timeout(Instant::now());
        if !connection.is_closed() {
            connection.receive(Instant::now(), &mut input)?;
        }
    }
}
