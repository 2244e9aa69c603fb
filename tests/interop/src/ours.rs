//! Our own relay, `msrp-relay`, as a process.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use msrp::auth::{Algorithm, Ha1};
use tempfile::TempDir;

use crate::{InteropError, PASSWORD, REALM, USER, built};

/// How long it may take to print where it listens.
const PATIENCE: Duration = Duration::from_secs(10);

/// Our relay on 127.0.0.1, over plain TCP or TLS, with the same realm and user as Kamailio.
/// Dropping it stops it.
#[derive(Debug)]
pub struct OurRelay {
    process: Child,
    scheme: &'static str,
    address: SocketAddr,
    _folder: TempDir,
}

impl OurRelay {
    /// Starts the relay and waits until it listens. With `best`, its user has secrets
    /// for MD5 only, or for SHA-256 too.
    ///
    /// # Errors
    ///
    /// [`InteropError::Missing`] if it has not been built, other errors if it does
    /// not start.
    pub fn start(best: Algorithm) -> Result<Self, InteropError> {
        Self::over_tcp(&user_line(USER, best))
    }

    /// The same over TLS alone, with the certificate and key of another relay, which it
    /// trusts. That relay has no name in its URIs, so it is no relay to ours by its
    /// certificate (RFC 4976 section 9.2), and authenticates as a client does.
    ///
    /// # Errors
    ///
    /// As [`OurRelay::start`].
    pub fn over_tls(certificate: &Path, key: &Path) -> Result<Self, InteropError> {
        let mut command = command()?;
        command.args(["--tls-listen", "127.0.0.1:0", "--cert"]).arg(certificate);
        command.arg("--key").arg(key).env("SSL_CERT_FILE", certificate);
        Self::spawn(command, "msrps", &user_line(USER, Algorithm::Sha256))
    }

    /// The same with many users, who all have that password.
    ///
    /// # Errors
    ///
    /// As [`OurRelay::start`].
    pub fn for_users(names: impl IntoIterator<Item = String>) -> Result<Self, InteropError> {
        let lines = names.into_iter().map(|name| user_line(&name, Algorithm::Sha256));
        Self::over_tcp(&lines.collect::<String>())
    }

    fn over_tcp(users: &str) -> Result<Self, InteropError> {
        let mut command = command()?;
        command.args(["--listen", "127.0.0.1:0"]);
        Self::spawn(command, "msrp", users)
    }

    fn spawn(
        mut command: Command,
        scheme: &'static str,
        users: &str,
    ) -> Result<Self, InteropError> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("users");
        fs::write(&file, users)?;
        let mut process = command.arg("--users").arg(&file).spawn()?;
        match listening_address(&mut process) {
            Ok(address) => Ok(Self { process, scheme, address, _folder: folder }),
            Err(error) => {
                process.kill()?;
                process.wait()?;
                Err(error)
            }
        }
    }

    /// The address that it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its own URI.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("{}://{};tcp", self.scheme, self.address)
    }

    /// Its process id.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for OurRelay {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A relay that permits connections to receivers on this machine.
fn command() -> Result<Command, InteropError> {
    let mut command = Command::new(built("msrp-relay", "-p msrp-relay")?);
    command.args(["--plain-auth", "--realm", REALM, "--connect-to", "127.0.0.1"]);
    command.env("NO_COLOR", "1").stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(command)
}

fn user_line(name: &str, best: Algorithm) -> String {
    let secret = |algorithm| Ha1::new(algorithm, name, REALM, PASSWORD).to_hex();
    let md5 = secret(Algorithm::Md5);
    match best {
        Algorithm::Md5 => format!("{name}:{REALM}:{md5}\n"),
        best => format!("{name}:{REALM}:{md5}:{}\n", secret(best)),
    }
}

/// The first loopback address that the relay prints. Reads both its outputs to
/// their ends, so that it never waits for a reader.
fn listening_address(process: &mut Child) -> Result<SocketAddr, InteropError> {
    let (found, address) = mpsc::channel();
    if let (Some(stdout), Some(stderr)) = (process.stdout.take(), process.stderr.take()) {
        look_for_address(stdout, found.clone());
        look_for_address(stderr, found);
    }
    let silent = |_| InteropError::Failed("msrp-relay does not print where it listens".into());
    address.recv_timeout(PATIENCE).map_err(silent)
}

fn look_for_address(output: impl Read + Send + 'static, found: mpsc::Sender<SocketAddr>) {
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let Some(start) = line.find("127.0.0.1:") else { continue };
            let rest = line.get(start..).unwrap_or_default();
            let end = rest.find(|c: char| !matches!(c, '0'..='9' | '.' | ':'));
            if let Ok(address) = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default().parse() {
                // The first address is enough.
                let _ = found.send(address);
            }
        }
    });
}
