//! Opens a session without sending a message, to see whether it exists:
//! `connect PATH`, with a path that the example `receive` prints.

use std::error::Error;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use msrp::uri::Scheme;
use msrp::{
    Bind, Config, Connection, Event, MsrpUri, OsRandom, Path, Role, SessionConfig, Transmit,
    session_id,
};

/// The octets to decide on at a time, and that may wait in the socket.
const STEP: usize = 16 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let to: Path = std::env::args().nth(1).ok_or("usage: connect PATH")?.parse()?;
    let (host, port) = (to.first().host_str(), to.first().port().ok_or("the URI has no port")?);
    let stream = TcpStream::connect((host, port))?;

    let mut connection = Connection::new(config(), Role::Active, OsRandom::new()?, Instant::now())?;
    let from = random_uri(stream.local_addr()?)?;
    // An empty SEND opens the session (RFC 4975 section 5.4).
    connection.open(SessionConfig::new(from, to).bind(Bind::Bodiless))?;
    run(connection, stream, |connection, event| {
        match event {
            Event::SessionOpened { .. } => println!("the session exists"),
            Event::SessionClosed { reason, .. } if !connection.is_closed() => {
                println!("no session: {reason}");
            }
            _ => return,
        }
        connection.close();
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
