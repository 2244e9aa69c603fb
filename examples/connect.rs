//! Opens a session without sending a message, to see whether it exists:
//! `connect PATH`, with a path that the example `receive` prints.

use std::error::Error;
use std::io::{self, ErrorKind, Read};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use msrp::uri::Scheme;
use msrp::{
    Bind, Config, Connection, Event, MsrpUri, OsRandom, Path, Role, SessionConfig, session_id,
};

fn main() -> Result<(), Box<dyn Error>> {
    let to: Path = std::env::args().nth(1).ok_or("usage: connect PATH")?.parse()?;
    let (host, port) = (to.first().host_str(), to.first().port().ok_or("the URI has no port")?);
    let stream = TcpStream::connect((host, port))?;

    let config = Arc::new(Config::default());
    let mut connection = Connection::new(config, Role::Active, OsRandom::new()?, Instant::now())?;
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
