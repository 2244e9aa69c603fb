//! The next hop: where a client connects to.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Instant;

use msrp::uri::{Host, Scheme};
use msrp::{MsrpUri, OsRandom, session_id};

use super::expected::{Expected, TlsOptions};
use super::failure::Failure;
use super::stream::Stream;

/// The first hop of a path.
pub(crate) struct NextHop {
    uri: MsrpUri,
    port: u16,
    /// With `msrps`, who answers there.
    server: Option<Expected>,
}

impl NextHop {
    /// The error says what is wrong with the command line.
    pub(crate) fn new(
        uri: MsrpUri,
        default_port: Option<u16>,
        options: TlsOptions,
    ) -> Result<Self, String> {
        check_transport(&uri)?;
        let no_port = || format!("{uri}: give a port, MSRP has none by default");
        let port = uri.port().or(default_port).ok_or_else(no_port)?;
        let server = Expected::new(uri.view(), options)?;
        Ok(Self { uri, port, server })
    }

    pub(crate) fn host(&self) -> &str {
        self.uri.host_str()
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// The name that the server's certificate is checked against, with `msrps`.
    pub(crate) fn peer_name(&self) -> Option<String> {
        self.server.as_ref().map(Expected::name)
    }

    pub(crate) fn connect(&self, deadline: Instant) -> Result<Stream, Failure> {
        let socket = self.connect_tcp(deadline)?;
        match &self.server {
            Some(server) => Ok(server.meet(socket, deadline)?.into()),
            None => Ok(socket.into()),
        }
    }

    fn connect_tcp(&self, deadline: Instant) -> Result<TcpStream, Failure> {
        let mut last = Failure::new("unknownHost", "the host has no address");
        for address in self.addresses()? {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Failure::timeout("the connection was not made in time"));
            }
            match TcpStream::connect_timeout(&address, left) {
                Ok(socket) => return Ok(socket),
                Err(error) => last = Failure::connect(&error, address),
            }
        }
        Err(last)
    }

    fn addresses(&self) -> Result<Vec<SocketAddr>, Failure> {
        let unknown = |error| Failure::new("unknownHost", format!("the host is unknown: {error}"));
        match self.uri.host() {
            Host::Ipv4(address) => Ok(vec![(address, self.port).into()]),
            Host::Ipv6(address) => Ok(vec![(address, self.port).into()]),
            _ => {
                let name = (self.uri.host_str(), self.port);
                Ok(name.to_socket_addrs().map_err(unknown)?.collect())
            }
        }
    }
}

pub(crate) fn check_transport(uri: &MsrpUri) -> Result<(), String> {
    if uri.transport().eq_ignore_ascii_case("tcp") {
        Ok(())
    } else {
        Err(format!("{uri}: only transport tcp is there"))
    }
}

/// A URI of this side for one session. Nobody will connect to it, which port 9
/// says: discard.
pub(crate) fn own_uri(stream: &Stream) -> Result<MsrpUri, Box<dyn std::error::Error>> {
    let scheme = match stream {
        Stream::Plain(_) => Scheme::Msrp,
        Stream::Secure(_) => Scheme::Msrps,
    };
    let uri = MsrpUri::builder(scheme, stream.socket().local_addr()?.ip(), 9);
    Ok(uri.session_id(&session_id(&mut OsRandom::new()?)?).build()?)
}
