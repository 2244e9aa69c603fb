//! A client of a relay: its connection, and the URI that the relay issued for it.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::BytesMut;
use msrp::auth::{Credentials, DigestClient};
use msrp::wire::{Decoder, Frame, Head, HeadWriter, HeaderName, Method, TransactionId};
use msrp::{MsrpUri, OsRandom, Path, StatusCode};
use msrp_interop::{PASSWORD, USER};
use socket2::{Domain, Socket, Type};

/// The longest time that a read or write of the bench may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Account {
    pub(crate) stream: TcpStream,
    /// The client's own URI.
    pub(crate) own: String,
    /// The URI from Use-Path, which peers put in front of the client's own.
    pub(crate) token: String,
}

impl Account {
    /// Connects to a relay and authenticates.
    pub(crate) fn open(relay: SocketAddr) -> Result<Self> {
        Self::authenticate(connect(relay)?, relay, USER)
    }

    /// The same from this address of this machine, as this user.
    pub(crate) fn open_from(source: IpAddr, relay: SocketAddr, user: &str) -> Result<Self> {
        Self::authenticate(connect_from(source, relay)?, relay, user)
    }

    fn authenticate(mut stream: TcpStream, relay: SocketAddr, user: &str) -> Result<Self> {
        let own =
            format!("msrp://{}/bench{};tcp", stream.local_addr()?, stream.local_addr()?.port());
        let uri = format!("msrp://{relay};tcp");
        let mut digest = DigestClient::new(Credentials::new(user, PASSWORD));
        let mut random = OsRandom::new()?;
        let challenge = ask(&mut stream, &uri, &own, None)?;
        let head = challenge.view();
        let values =
            head.headers().filter(|(name, _)| name.parse() == Ok(HeaderName::WwwAuthenticate));
        digest.challenged(values.map(|(_, value)| value))?;
        let authorization =
            digest.authorization(&uri, true, &mut random)?.context("a challenge is answered")?;
        let granted = ask(&mut stream, &uri, &own, Some(&authorization.to_string()))?;
        let head = granted.view();
        if head.status_code() != Some(StatusCode::OK) {
            bail!("AUTH: {:?} {}", head.status_code(), head.comment().unwrap_or_default());
        }
        digest.accepted(head.header(HeaderName::AuthenticationInfo))?;
        let token = head.header(HeaderName::UsePath).context("no Use-Path")?.to_owned();
        Ok(Self { stream, own, token })
    }
}

pub(crate) fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    prepare(&stream)?;
    Ok(stream)
}

pub(crate) fn connect_from(source: IpAddr, address: SocketAddr) -> Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.bind(&SocketAddr::new(source, 0).into())?;
    socket.connect(&address.into())?;
    let stream = TcpStream::from(socket);
    prepare(&stream)?;
    Ok(stream)
}

pub(crate) fn prepare(stream: &TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(())
}

/// Sends an AUTH and reads its response.
fn ask(
    stream: &mut TcpStream,
    relay: &str,
    own: &str,
    authorization: Option<&str>,
) -> Result<Head> {
    let (to, from) = (path(relay)?, path(own)?);
    let id = TransactionId::new(if authorization.is_some() { "auth.2" } else { "auth.1" })?;
    let mut out = BytesMut::new();
    let mut writer = HeadWriter::request(&mut out, &id, Method::Auth, to.view(), from.view());
    if let Some(value) = authorization {
        writer = writer.header("Authorization", value);
    }
    writer.bodiless(msrp::wire::Continuation::Complete)?;
    stream.write_all(&out)?;
    read_response(stream)
}

fn read_response(stream: &mut TcpStream) -> Result<Head> {
    let (mut decoder, mut input) = (Decoder::default(), BytesMut::new());
    let mut response = None;
    loop {
        match decoder.decode(&mut input)? {
            Some(Frame::Head(head)) => response = Some(head),
            Some(Frame::End(_)) => return response.context("a frame without a head"),
            Some(other) => bail!("not a response: {other:?}"),
            None => {
                let mut octets = [0; 4096];
                let len = stream.read(&mut octets)?;
                if len == 0 {
                    bail!("the relay hung up");
                }
                input.extend_from_slice(octets.get(..len).unwrap_or_default());
            }
        }
    }
}

fn path(uri: &str) -> Result<Path> {
    Ok(Path::new(vec![uri.parse::<MsrpUri>()?])?)
}
