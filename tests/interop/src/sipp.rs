//! SIPp as the far side of a call.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::InteropError;

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a scenario may take, in seconds.
const TIMEOUT: &str = "30";

/// SIPp with a scenario of this package, for one call. Dropping it stops it.
#[derive(Debug)]
pub struct Sipp {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl Sipp {
    /// Starts a scenario that waits for a call. `keys` are the texts for its keywords.
    ///
    /// # Errors
    ///
    /// [`InteropError::Missing`] without SIPp, other errors if it does not start.
    pub fn answerer(scenario: &str, keys: &[(&str, &str)]) -> Result<Self, InteropError> {
        let mut sipp = Self::start(scenario, keys, &[])?;
        let start = Instant::now();
        while UdpSocket::bind((Ipv4Addr::LOCALHOST, sipp.port)).is_ok() {
            if start.elapsed() > PATIENCE || sipp.process.try_wait()?.is_some() {
                return Err(InteropError::Failed(format!("sipp does not start: {}", sipp.log())));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(sipp)
    }

    /// Starts a scenario that calls a SIP URI of an address and port.
    ///
    /// # Errors
    ///
    /// As [`Sipp::answerer`].
    pub fn caller(scenario: &str, keys: &[(&str, &str)], to: &str) -> Result<Self, InteropError> {
        Self::start(scenario, keys, &[to.trim_start_matches("sip:")])
    }

    fn start(scenario: &str, keys: &[(&str, &str)], target: &[&str]) -> Result<Self, InteropError> {
        let folder = tempfile::tempdir()?;
        let port = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("sipp");
        let mut command = Command::new("sipp");
        command.arg("-sf").arg(scenarios.join(scenario).with_extension("xml")).args(target);
        command.args(["-i", "127.0.0.1", "-p", &port.to_string(), "-m", "1", "-nostdin"]);
        command.args(["-timeout", TIMEOUT, "-timeout_error", "-trace_err", "-error_file"]);
        command.arg(folder.path().join("log"));
        command.args(keys.iter().flat_map(|(key, text)| ["-key", key, text]));
        command.current_dir(folder.path()).env("TERM", "dumb");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        match command.spawn() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(InteropError::Missing("sipp is not installed".into()))
            }
            process => Ok(Self { process: process?, port, folder }),
        }
    }

    /// The URI of the one that waits.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("sip:sipp@127.0.0.1:{}", self.port)
    }

    /// Waits for the end of its scenario.
    ///
    /// # Errors
    ///
    /// [`InteropError::Failed`] with what it did not expect.
    pub fn finish(mut self) -> Result<(), InteropError> {
        let status = self.process.wait()?;
        if status.success() {
            return Ok(());
        }
        Err(InteropError::Failed(format!("sipp: {status}: {}", self.log())))
    }

    /// What it did not expect.
    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
