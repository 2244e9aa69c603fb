//! The command line.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use msrp::auth::Credentials;
use msrp::{MsrpUri, RelayAccount};

use crate::failure::Failure;
use crate::sip::{Account, Uri};

/// Calls over SIP that carry chat and files over MSRP (RFC 4975, RFC 5547).
///
/// On a terminal, lines are sent to the other side; "/send FILE" sends a file, and "/bye",
/// or the end of the input, hangs up. For programs, each event is a JSON object on a line
/// of standard output.
///
/// Exit status: 0 if everything was delivered, 1 if something failed, 2 for wrong usage.
#[derive(Debug, Parser)]
#[command(name = "msrp-call", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Wait for calls, and answer them.
    Listen(Box<Listen>),
    /// Call somebody.
    Dial(Box<Dial>),
}

#[derive(Args, Debug)]
pub(crate) struct Listen {
    /// Where to listen for SIP over UDP. Port 0 means any free port.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:5060", value_parser = address)]
    pub(crate) sip: SocketAddr,
    /// Folder for the files that come in. It is made if it does not exist.
    #[arg(long, value_name = "DIR", default_value = "inbox")]
    pub(crate) out: PathBuf,
    /// Ask before answering a call: an empty line or "y" answers, any other declines.
    #[arg(long, conflicts_with = "once")]
    pub(crate) ask: bool,
    /// End after one call, and read nothing from standard input.
    #[arg(long)]
    pub(crate) once: bool,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Args, Debug)]
pub(crate) struct Dial {
    /// Whom to call.
    #[arg(value_name = "URI", value_parser = sip_uri)]
    pub(crate) to: Uri,
    /// Say this, and hang up once everything is delivered. Can be given several times.
    #[arg(long, value_name = "TEXT")]
    pub(crate) say: Vec<String>,
    /// Send this file, and hang up once everything is delivered. Can be given several
    /// times.
    #[arg(long, value_name = "FILE")]
    pub(crate) send: Vec<PathBuf>,
    /// Where to listen for SIP over UDP [default: the address that reaches the other side,
    /// and any free port].
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    pub(crate) sip: Option<SocketAddr>,
    /// Folder for the files that come in. It is made if one does.
    #[arg(long, value_name = "DIR", default_value = "inbox")]
    pub(crate) out: PathBuf,
    /// How long to let it ring, in seconds. Then the call is cancelled.
    #[arg(long, value_name = "S", default_value = "60", value_parser = seconds)]
    pub(crate) ring: Duration,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Args, Debug)]
pub(crate) struct Common {
    /// Register at this SIP registrar as --user, and call through it.
    #[arg(long, value_name = "URI", value_parser = sip_uri, requires = "user")]
    pub(crate) registrar: Option<Uri>,
    /// Send and receive MSRP through this relay (RFC 4976), as --user.
    #[arg(long, value_name = "URI", requires = "user")]
    pub(crate) relay: Option<MsrpUri>,
    /// Check the certificate of the relay under the roots of this file, in PEM [default: the
    /// roots of the system].
    #[arg(long, value_name = "FILE", requires = "relay")]
    pub(crate) ca: Option<PathBuf>,
    /// Authenticate with a relay without TLS, for tests: whoever reads the URIs that it
    /// grants can take part in the session.
    #[arg(long, requires = "relay")]
    pub(crate) plain_auth: bool,
    /// The user at the registrar and the relay.
    #[arg(long, value_name = "NAME", requires = "password_file")]
    pub(crate) user: Option<String>,
    /// A file with the user's password. A line break at its end does not count.
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// Offer TLS with a certificate of this call, whose fingerprint is in the session
    /// description. Offers of TLS are always accepted.
    #[arg(long)]
    pub(crate) tls: bool,
}

impl Dial {
    /// Whether everything to be said and sent stands on the command line.
    pub(crate) const fn is_script(&self) -> bool {
        !self.say.is_empty() || !self.send.is_empty()
    }
}

impl Common {
    /// The user at the registrar, if there is one.
    pub(crate) fn account(&self) -> Result<Option<Account>, Failure> {
        let Some(registrar) = self.registrar.clone() else { return Ok(None) };
        let (user, password) = self.credentials()?;
        Ok(Some(Account { user, password, registrar }))
    }

    /// The user at the relay, if there is one.
    pub(crate) fn relay_account(&self) -> Result<Option<RelayAccount>, Failure> {
        let Some(relay) = self.relay.clone() else { return Ok(None) };
        let (user, password) = self.credentials()?;
        let credentials = Credentials::new(user, password);
        Ok(Some(RelayAccount::new(relay).credentials(credentials)))
    }

    fn credentials(&self) -> Result<(String, String), Failure> {
        let (Some(user), Some(path)) = (&self.user, &self.password_file) else {
            return Err(Failure::Usage("--user and --password-file are missing".into()));
        };
        let password = std::fs::read_to_string(path).map_err(|error| {
            Failure::Usage(format!("--password-file {}: {error}", path.display()))
        })?;
        Ok((user.clone(), password.trim_end_matches(['\r', '\n']).to_owned()))
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let mut found = text.to_socket_addrs().map_err(|error| error.to_string())?;
    found.next().ok_or_else(|| "it has no address".into())
}

fn sip_uri(text: &str) -> Result<Uri, String> {
    let uri = Uri::try_from(text).map_err(|error| error.to_string())?;
    match &uri.scheme {
        Some(scheme) if scheme.to_string().eq_ignore_ascii_case("sip") => Ok(uri),
        _ => Err("a SIP URI is written like \"sip:bob@example.com\"".into()),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    text.parse().map(Duration::from_secs).map_err(|_| "a number of seconds".into())
}
