//! The next hop: the server that a client connects to.

use anyhow::{Context, bail};
use msrp::MsrpUri;
use msrp::uri::RECOMMENDED_PORT;
use msrp_tls::{ServerCheck, server_name};
use msrp_tokio::{Builder, Endpoint};

use super::tls::TlsOptions;

/// The first hop of a path.
pub(crate) struct NextHop {
    uri: MsrpUri,
    port: u16,
    /// The name that its certificate is checked against, with `msrps`.
    name: Option<String>,
    check: Option<ServerCheck>,
}

impl NextHop {
    /// The first hop of a path. An error is wrong usage.
    pub(crate) fn of_path(uri: MsrpUri, options: TlsOptions) -> anyhow::Result<Self> {
        if is_websocket(&uri) && !uri.is_secure() {
            bail!("{uri}: a WebSocket needs TLS; use msrps");
        }
        Self::new(uri, None, options)
    }

    /// A relay, whose scheme is the caller's concern. An error is wrong usage.
    pub(crate) fn of_relay(uri: MsrpUri, options: TlsOptions) -> anyhow::Result<Self> {
        Self::new(uri, Some(RECOMMENDED_PORT), options)
    }

    fn new(uri: MsrpUri, default_port: Option<u16>, options: TlsOptions) -> anyhow::Result<Self> {
        check_transport(&uri)?;
        let no_port = || format!("{uri} has no port, and MSRP has no default port");
        let port = uri.port().or(default_port).with_context(no_port)?;
        if !uri.is_secure() {
            options.refuse().with_context(|| uri.to_string())?;
            return Ok(Self { uri, port, name: None, check: None });
        }
        let name = server_name(uri.host()).with_context(|| uri.to_string())?;
        let name = Some(name.to_str().into_owned());
        Ok(Self { name, port, check: options.check()?, uri })
    }

    pub(crate) fn host(&self) -> &str {
        self.uri.host_str()
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// The name that the server's certificate is checked against, with `msrps`.
    pub(crate) fn peer_name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// An endpoint that checks the server in this way.
    pub(crate) fn endpoint(&self) -> Builder {
        // What may be without TLS has been checked.
        let builder = Endpoint::builder().plain_auth(true).plain_websocket(true);
        match &self.check {
            Some(check) => builder.server_check(check.clone()),
            None => builder,
        }
    }
}

/// Whatever the later hops of a path are, this side connects to the first.
fn check_transport(uri: &MsrpUri) -> anyhow::Result<()> {
    if !uri.transport().eq_ignore_ascii_case("tcp") && !is_websocket(uri) {
        bail!("{uri}: the transport of the first hop must be tcp or ws");
    }
    Ok(())
}

fn is_websocket(uri: &MsrpUri) -> bool {
    uri.transport().eq_ignore_ascii_case("ws")
}
