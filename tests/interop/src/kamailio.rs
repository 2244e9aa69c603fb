//! Kamailio as an MSRP relay, and as a registrar and proxy for SIP.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rcgen::generate_simple_self_signed;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tempfile::TempDir;

use crate::InteropError;

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it may take to stop. It may never stop if it is told to before all its
/// processes have started.
const GRACE: Duration = Duration::from_secs(1);

/// It responds to a SEND before the receiver has it, and by default queues 32 KiB
/// that a receiver has not read yet. It refuses the rest with 408.
const QUEUES: &str = "\ntcp_conn_wq_max=16777216\ntcp_wq_max=67108864\n";

/// Another program may take a port between its choice and its use.
const ATTEMPTS: usize = 3;

/// A Kamailio that relays MSRP on two ports of 127.0.0.1, one plain and one
/// with TLS, and is a registrar and proxy for SIP over UDP on a third. Any user has the
/// password [`PASSWORD`](crate::PASSWORD). Dropping it stops it.
///
/// Its configuration is the file that `MSRP_KAMAILIO_CFG` names, or else
/// `kamailio-relay.cfg` of this package.
#[derive(Debug)]
pub struct Kamailio {
    process: Child,
    folder: TempDir,
    plain: u16,
    tls: u16,
    sip: u16,
}

impl Kamailio {
    /// Starts Kamailio with its own certificate, and waits until it accepts
    /// connections.
    ///
    /// # Errors
    ///
    /// [`InteropError::Missing`] without Kamailio, other errors if it does not
    /// start.
    pub fn start() -> Result<Self, InteropError> {
        let config = read_config()?;
        let mut last = String::new();
        for _ in 0..ATTEMPTS {
            match Self::attempt(&config) {
                Err(InteropError::Failed(why)) => last = why,
                other => return other,
            }
        }
        Err(InteropError::Failed(last))
    }

    fn attempt(config: &str) -> Result<Self, InteropError> {
        let folder = tempfile::tempdir()?;
        let (plain, tls, sip) = (free_port()?, free_port()?, free_udp_port()?);
        write_certificate(folder.path())?;
        fs::create_dir(folder.path().join("run"))?;
        fs::write(folder.path().join("relay.cfg"), with_ports(config, plain, tls, sip)?)?;
        let process = match command(folder.path())?.spawn() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(InteropError::Missing("kamailio is not installed".into()));
            }
            process => process?,
        };
        let mut relay = Self { process, folder, plain, tls, sip };
        relay.wait()?;
        Ok(relay)
    }

    fn wait(&mut self) -> Result<(), InteropError> {
        let start = Instant::now();
        while !is_ready(self.plain) {
            if self.process.try_wait()?.is_some() || start.elapsed() > PATIENCE {
                let log = fs::read_to_string(self.folder.path().join("log"))?;
                // The TLS module is a separate package.
                if log.contains("tls.so") {
                    return Err(InteropError::Missing("kamailio has no TLS module".into()));
                }
                return Err(InteropError::Failed(format!("kamailio does not start:\n{log}")));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// The address for plain TCP.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        local(self.plain)
    }

    /// Its own URI for clients over plain TCP.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("msrp://{};tcp", self.address())
    }

    /// Its own URI for clients over TLS.
    #[must_use]
    pub fn secure_uri(&self) -> String {
        format!("msrps://{};tcp", local(self.tls))
    }

    /// Its URI as a registrar and proxy for SIP.
    #[must_use]
    pub fn sip_uri(&self) -> String {
        format!("sip:{}", local(self.sip))
    }

    /// Its certificate in PEM, for `localhost` and 127.0.0.1.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("relay.crt")
    }

    /// The private key of its certificate, in PEM.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.folder.path().join("relay.key")
    }

    /// The ids of its process and of those that it has forked.
    #[must_use]
    pub fn processes(&self) -> Vec<u32> {
        let own = self.process.id();
        let children = fs::read_to_string(format!("/proc/{own}/task/{own}/children"));
        let children = children.unwrap_or_default();
        let children = children.split_whitespace().filter_map(|id| id.parse().ok());
        std::iter::once(own).chain(children).collect()
    }

    /// Lets it clean up its shared memory. Kills it if that takes too long.
    fn stop(&mut self) -> io::Result<()> {
        let Some(pid) = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw) else {
            return self.process.kill();
        };
        if self.process.try_wait()?.is_none() {
            kill_process(pid, Signal::TERM)?;
        }
        let start = Instant::now();
        while self.process.try_wait()?.is_none() {
            if start.elapsed() > GRACE {
                kill_process_group(pid, Signal::KILL)?;
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("kamailio {} may still run: {error}", self.process.id());
        }
    }
}

fn read_config() -> Result<String, InteropError> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("kamailio-relay.cfg");
    let path = std::env::var_os("MSRP_KAMAILIO_CFG").map_or(own, PathBuf::from);
    fs::read_to_string(&path)
        .map_err(|error| InteropError::Failed(format!("{}: {error}", path.display())))
}

fn with_ports(config: &str, plain: u16, tls: u16, sip: u16) -> Result<String, InteropError> {
    let mut config = config.to_owned();
    for (usual, port) in [("tcp:127.0.0.1:2855", plain), ("tls:127.0.0.1:2856", tls)] {
        let line = format!("listen={usual}\n");
        let Some((address, _)) = usual.rsplit_once(':').filter(|_| config.contains(&line)) else {
            return Err(InteropError::Failed(format!("the configuration has no {line}")));
        };
        config = config.replace(&line, &format!("listen={address}:{port}\n"));
    }
    let config =
        config.replace("listen=udp:127.0.0.1:5060\n", &format!("listen=udp:{}\n", local(sip)));
    Ok(config + QUEUES)
}

fn write_certificate(folder: &Path) -> Result<(), InteropError> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certified = generate_simple_self_signed(names)
        .map_err(|error| InteropError::Failed(error.to_string()))?;
    fs::write(folder.join("relay.crt"), certified.cert.pem())?;
    fs::write(folder.join("relay.key"), certified.signing_key.serialize_pem())?;
    Ok(())
}

fn command(folder: &Path) -> io::Result<Command> {
    let run = folder.join("run");
    let log = File::create(folder.join("log"))?;
    let mut command = Command::new("kamailio");
    command.arg("-f").arg(folder.join("relay.cfg")).args(["-DD", "-E"]);
    command.arg(format!("--substdef=!RUNDIR!{}!g", run.display()));
    command.arg("-P").arg(run.join("pid")).arg("-Y").arg(&run).arg("-w").arg(&run);
    command.args(["-m", "128", "-M", "16", "-A", "WITH_TLS", "-A", "WITH_SIP"]);
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).process_group(0);
    Ok(command)
}

/// A port that is free now.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(local(0))?.local_addr()?.port())
}

/// The same for UDP.
fn free_udp_port() -> io::Result<u16> {
    Ok(UdpSocket::bind(local(0))?.local_addr()?.port())
}

/// Its sockets accept before its workers serve them, so wait for a response.
fn is_ready(port: u16) -> bool {
    let ask = || -> io::Result<()> {
        let mut stream = TcpStream::connect(local(port))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"\r\n\r\n")?;
        stream.read_exact(&mut [0; 2])
    };
    ask().is_ok()
}

const fn local(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}
