//! The next hop: the server that a client connects to.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Instant;

use anyhow::{Context, bail};
use msrp::MsrpUri;
use msrp::uri::{Host, Scheme};
use msrp_socket::session_uri;

use super::expected::{Expected, TlsOptions};
use crate::failure::Failure;
use crate::link::Stream;

/// The first hop of a path.
pub(crate) struct NextHop {
    uri: MsrpUri,
    port: u16,
    /// The server that `msrps` expects there.
    server: Option<Expected>,
}

impl NextHop {
    /// An error is wrong usage.
    pub(crate) fn new(
        uri: MsrpUri,
        default_port: Option<u16>,
        options: TlsOptions,
    ) -> anyhow::Result<Self> {
        check_transport(&uri)?;
        let no_port = || format!("{uri} has no port, and MSRP has no default port");
        let port = uri.port().or(default_port).with_context(no_port)?;
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
        let unknown = |error| Failure::new("unknownHost", format!("unknown host: {error}"));
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

/// Whatever the later hops of a path are, this side connects to the first.
fn check_transport(uri: &MsrpUri) -> anyhow::Result<()> {
    if !uri.transport().eq_ignore_ascii_case("tcp") {
        bail!("{uri}: the transport of the first hop must be tcp");
    }
    Ok(())
}

/// A URI of this side for one session on that connection.
pub(crate) fn own_uri(stream: &Stream) -> Result<MsrpUri, Failure> {
    let scheme = match stream {
        Stream::Plain(_) => Scheme::Msrp,
        Stream::Secure(_) => Scheme::Msrps,
    };
    session_uri(scheme, stream.socket()).map_err(Failure::local)
}
