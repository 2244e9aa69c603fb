//! Waits for sessions on a listener and prints their messages:
//! `receive [HOST:PORT [SESSIONS]]`, by default one session on a free port.

use std::error::Error;
use std::io::{self, ErrorKind, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use msrp::uri::Scheme;
use msrp::{
    Config, Connection, Event, MsrpUri, OsRandom, Role, SessionConfig, SessionTable, session_id,
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:0".into());
    let sessions = arguments.next().map_or(Ok(1), |number| number.parse())?;
    let listener = TcpListener::bind(address)?;

    // All connections of the listener share the table. The To-Path of a peer's
    // first SEND says which of the sessions it opens.
    let table = SessionTable::new(sessions);
    for _ in 0..sessions {
        let uri = random_uri(listener.local_addr()?)?;
        println!("waiting for {uri}");
        table.insert(SessionConfig::expected(uri))?;
    }
    for stream in listener.incoming() {
        let (stream, table) = (stream?, table.clone());
        thread::spawn(move || {
            serve(stream, table).unwrap_or_else(|error| eprintln!("{error}"));
        });
    }
    Ok(())
}

/// Prints the messages of one connection. It may carry several sessions.
fn serve(stream: TcpStream, table: SessionTable) -> Result<(), Box<dyn Error>> {
    let config = Arc::new(Config::default());
    let connection = Connection::new(config, Role::Passive, OsRandom::new()?, Instant::now())?;
    run(connection.with_table(table), stream, |_, event| match event {
        Event::SessionOpened { session, remote, .. } => {
            println!("session {session} opened with {remote}");
        }
        Event::Message { received, body } => {
            println!("session {}: {}", received.session(), String::from_utf8_lossy(&body));
        }
        _ => {}
    })
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
