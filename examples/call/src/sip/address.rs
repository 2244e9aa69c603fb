//! The address of this side.

use std::net::IpAddr;

use rsipstack::sip::{Host, HostWithPort, Uri};
use tokio::net::UdpSocket;

use super::SipError;

/// The port of SIP over UDP.
const SIP_PORT: u16 = 5060;

/// The address of this machine from which packets reach a URI.
pub(crate) async fn address_towards(uri: &Uri) -> Result<IpAddr, SipError> {
    let socket = match UdpSocket::bind(("::", 0)).await {
        Ok(socket) => socket,
        Err(_) => UdpSocket::bind(("0.0.0.0", 0)).await.map_err(rsipstack::Error::from)?,
    };
    socket.connect(place(uri)).await.map_err(rsipstack::Error::from)?;
    let address = socket.local_addr().map_err(rsipstack::Error::from)?;
    Ok(address.ip().to_canonical())
}

fn place(uri: &Uri) -> (String, u16) {
    let HostWithPort { host, port } = &uri.host_with_port;
    let host = match host {
        // Without the brackets of an IPv6 address.
        Host::IpAddr(address) => address.to_string(),
        Host::Domain(name) => name.to_string(),
    };
    (host, port.as_ref().map_or(SIP_PORT, |port| port.value()))
}
