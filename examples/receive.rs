//! Waits for sessions on a listener and prints their messages:
//! `receive [HOST:PORT [SESSIONS]]`, by default one session on a free port.

use std::error::Error;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use msrp::uri::Scheme;
use msrp::{
    Config, Connection, Event, MsrpUri, OsRandom, Role, SessionConfig, SessionTable, Transmit,
    session_id,
};

/// Connections at a time.
const CONNECTIONS: usize = 32;

/// The octets to decide on at a time, and that may wait in the socket.
const STEP: usize = 16 * 1024;

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
    // Further peers wait. A silent one gives its place back after `Config::bind_timeout`.
    thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| {
                for stream in listener.incoming() {
                    let served = stream.map_err(Into::into).and_then(|it| serve(it, table.clone()));
                    served.unwrap_or_else(|error| eprintln!("{error}"));
                }
            });
        }
    });
    Ok(())
}

/// Prints the messages of one connection. It may carry several sessions.
fn serve(stream: TcpStream, table: SessionTable) -> Result<(), Box<dyn Error>> {
    let connection = Connection::new(config(), Role::Passive, OsRandom::new()?, Instant::now())?;
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

fn config() -> Arc<Config> {
    let mut config = Config::default();
    (config.transmit_octets, config.turn_octets) = (STEP, STEP);
    Arc::new(config)
}

/// Runs a connection on a socket until it ends.
fn run(
    mut connection: Connection,
    mut stream: TcpStream,
    mut on_event: impl FnMut(&mut Connection, Event),
) -> Result<(), Box<dyn Error>> {
    prepare(&stream)?;
    let (mut input, mut octets, mut leaving) = (BytesMut::new(), [0; STEP], None);
    loop {
        while let Some(event) = connection.poll_event() {
            on_event(&mut connection, event);
        }
        let is_full = write(&mut connection, &mut leaving, &mut stream)?;
        if connection.is_closed() && !is_full {
            return Ok(());
        }
        // Waits for octets, but not beyond the next deadline of the connection. While the
        // socket is full, `write` waits.
        let due = connection.poll_timeout().filter(|_| !is_full);
        let wait = due.map(|due| due.saturating_duration_since(Instant::now()));
        let wait = if is_full { Some(Duration::ZERO) } else { wait };
        stream.set_read_timeout(wait.map(|wait| wait.max(Duration::from_millis(1))))?;
        match stream.read(&mut octets) {
            Ok(0) => connection.receive_eof(),
            Ok(len) => input.extend_from_slice(&octets[..len]),
            Err(e) if is_wait(&e) => {}
            Err(e) => return Err(e.into()),
        }
        connection.handle_timeout(Instant::now());
        if !connection.is_closed() {
            connection.receive(Instant::now(), &mut input)?;
        }
    }
}

/// Keeps the queue of the system short, so that a text overtakes a file on a slow link.
fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(Duration::from_millis(20)))?;
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(STEP as u32)?;
    Ok(())
}

/// Writes until the socket is full. What leaves next is decided when it takes it.
fn write(
    connection: &mut Connection,
    leaving: &mut Option<Transmit>,
    stream: &mut TcpStream,
) -> io::Result<bool> {
    loop {
        let next = leaving.take().filter(Buf::has_remaining);
        *leaving = next.or_else(|| connection.poll_transmit(Instant::now()));
        let Some(transmit) = leaving else { return Ok(false) };
        let mut slices = [IoSlice::new(&[]); 3];
        let count = transmit.chunks_vectored(&mut slices);
        match stream.write_vectored(&slices[..count]) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(len) => transmit.advance(len),
            Err(e) if is_wait(&e) => return Ok(true),
            Err(e) => return Err(e),
        }
    }
}

fn is_wait(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
