//! Building a URI from its parts.

use std::fmt::Write;

use super::{Host, MsrpUri, Scheme, UriError, UriErrorKind, grammar};

/// Builds a URI from its parts; [`MsrpUri::builder`] begins one.
///
/// Nothing is escaped: if the grammar does not allow a part, [`build`](Self::build)
/// fails. A URI that it builds reads back as the same parts.
///
/// ```
/// use msrp::uri::{MsrpUri, RECOMMENDED_PORT, Scheme, UriError, UriErrorKind};
///
/// let host = MsrpUri::builder(Scheme::Msrps, "host.example.com", RECOMMENDED_PORT);
/// let uri = host.clone().session_id("Kx81").transport("ws").build()?;
/// assert_eq!(uri.as_str(), "msrps://host.example.com:2855/Kx81;ws");
///
/// assert_eq!(host.session_id("Kx81;tcp\r\n").build(), Err(UriErrorKind::SessionId.into()));
/// # Ok::<(), UriError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct UriBuilder<'a> {
    scheme: Scheme,
    userinfo: Option<&'a str>,
    host: Host<'a>,
    port: u16,
    session_id: Option<&'a str>,
    transport: &'a str,
    parameters: Vec<(&'a str, Option<&'a str>)>,
}

impl<'a> UriBuilder<'a> {
    pub(super) fn new(scheme: Scheme, host: Host<'a>, port: u16) -> Self {
        Self {
            scheme,
            userinfo: None,
            host,
            port,
            session_id: None,
            transport: "tcp",
            parameters: Vec::new(),
        }
    }

    /// Sets the account for which the session is valid.
    pub fn userinfo(mut self, userinfo: &'a str) -> Self {
        self.userinfo = Some(userinfo);
        self
    }

    /// Sets the session-id. At least 80 bits of it must be random (RFC 4975
    /// section 14.1).
    pub fn session_id(mut self, session_id: &'a str) -> Self {
        self.session_id = Some(session_id);
        self
    }

    /// Sets a transport other than `tcp`: `ws` (RFC 7977) or `dc` (RFC 8873).
    pub fn transport(mut self, transport: &'a str) -> Self {
        self.transport = transport;
        self
    }

    /// Adds a parameter after those added before.
    pub fn parameter(mut self, name: &'a str, value: Option<&'a str>) -> Self {
        self.parameters.push((name, value));
        self
    }

    /// Builds the URI.
    ///
    /// # Errors
    ///
    /// [`UriError`] names the first part that the grammar does not allow.
    /// [`UriErrorKind::Password`] means a `:` in the userinfo (RFC 4975 section 6).
    pub fn build(&self) -> Result<MsrpUri, UriError> {
        self.check()?;
        self.text().parse()
    }

    fn check(&self) -> Result<(), UriError> {
        use grammar::is_whole;

        let require =
            |holds: bool, kind: UriErrorKind| if holds { Ok(()) } else { Err(kind.into()) };
        if let Some(userinfo) = self.userinfo {
            require(!userinfo.contains(':'), UriErrorKind::Password)?;
            require(is_whole(grammar::userinfo, userinfo), UriErrorKind::Userinfo)?;
        }
        if let Host::Name(name) = self.host {
            require(is_whole(grammar::reg_name, name), UriErrorKind::Host)?;
        }
        require(self.port != 0, UriErrorKind::Port)?;
        if let Some(session_id) = self.session_id {
            require(is_whole(grammar::session_id, session_id), UriErrorKind::SessionId)?;
        }
        require(is_whole(grammar::transport, self.transport), UriErrorKind::Transport)?;
        let mut tokens =
            self.parameters.iter().flat_map(|(name, value)| [Some(*name), *value]).flatten();
        require(tokens.all(|token| is_whole(grammar::token, token)), UriErrorKind::Parameter)
    }

    fn text(&self) -> String {
        let mut text = format!("{}://", self.scheme);
        if let Some(userinfo) = self.userinfo {
            text.extend([userinfo, "@"]);
        }
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{}:{}", self.host, self.port);
        if let Some(session_id) = self.session_id {
            text.extend(["/", session_id]);
        }
        text.extend([";", self.transport]);
        for (name, value) in &self.parameters {
            text.extend([";", name]);
            if let Some(value) = value {
                text.extend(["=", value]);
            }
        }
        text
    }
}
