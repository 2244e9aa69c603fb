//! The subjects: relays, and a proxy as the yardstick.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

use anyhow::Result;
use msrp::auth::Algorithm;
use msrp_interop::{Kamailio, OurRelay, needed};

/// With that configuration Kamailio takes frames of up to 11,238 octets.
const KAMAILIO_CHUNK: usize = 10_000;

/// The octets of the proxy's buffer, one for each direction.
const PROXY_BUFFER: usize = 64 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Name {
    Ours,
    Kamailio,
    Proxy,
}

pub(crate) enum Subject {
    Ours(OurRelay),
    Kamailio(Kamailio),
    Proxy,
}

/// Every subject that is available.
pub(crate) fn all() -> Vec<Subject> {
    let mut subjects = vec![Subject::Proxy];
    subjects.extend(needed(OurRelay::start(Algorithm::Md5)).map(Subject::Ours));
    subjects.extend(needed(Kamailio::start()).map(Subject::Kamailio));
    subjects
}

impl Subject {
    pub(crate) const fn name(&self) -> Name {
        match self {
            Self::Ours(_) => Name::Ours,
            Self::Kamailio(_) => Name::Kamailio,
            Self::Proxy => Name::Proxy,
        }
    }

    /// Where its clients authenticate. A proxy has no clients.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Ours(relay) => Some(relay.address()),
            Self::Kamailio(relay) => Some(relay.address()),
            Self::Proxy => None,
        }
    }

    /// The most octets of a chunk of the large message.
    pub(crate) const fn max_chunk(&self) -> usize {
        match self {
            Self::Kamailio(_) => KAMAILIO_CHUNK,
            Self::Ours(_) | Self::Proxy => usize::MAX,
        }
    }

    /// Its processes, if it does not run in this one.
    pub(crate) fn processes(&self) -> Vec<u32> {
        match self {
            Self::Ours(relay) => vec![relay.process()],
            Self::Kamailio(relay) => relay.processes(),
            Self::Proxy => Vec::new(),
        }
    }
}

/// A connection through our own proxy to `target`: one thread for each direction,
/// each in a loop of a read and a write. It ends with its sockets.
pub(crate) fn proxied(target: SocketAddr) -> Result<TcpStream> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let near = TcpStream::connect(listener.local_addr()?)?;
    let (client, _) = listener.accept()?;
    let server = TcpStream::connect(target)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let back = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || splice(client, server));
    thread::spawn(move || splice(back.0, back.1));
    Ok(near)
}

fn splice(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = vec![0; PROXY_BUFFER];
    while let Ok(len @ 1..) = from.read(&mut buffer) {
        if to.write_all(buffer.get(..len).unwrap_or_default()).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
