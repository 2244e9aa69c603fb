//! The program as a process.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Stdio};

use super::client::Client;
use super::{REALM, Scratch};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_msrp-relay");

/// A relay that is killed when this is dropped.
pub struct Process {
    pub child: Child,
    log: BufReader<ChildStderr>,
    /// The URIs that it has told at its start.
    uris: Vec<String>,
    /// The lines of its log so far.
    told: Vec<String>,
}

impl Process {
    /// Over plain TCP, with these users.
    pub fn plain(users: &Scratch) -> Self {
        let plain = ["--listen", "127.0.0.1:0", "--plain-auth"];
        Self::start(Command::new(PROGRAM).args(plain).args(with_users(users)), 1)
    }

    /// Runs the program until it has told this number of URIs.
    pub fn start(command: &mut Command, uris: usize) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut this = Self { child, log, uris: Vec::new(), told: Vec::new() };
        for _ in 0..uris {
            let uri = this.logs("reachable as ").trim().to_owned();
            this.uris.push(uri);
        }
        this
    }

    /// One of its URIs.
    pub fn uri(&self, number: usize) -> &str {
        &self.uris[number]
    }

    /// The port of that URI.
    pub fn port(&self, number: usize) -> u16 {
        let (_, port) = self.uri(number).rsplit_once(':').unwrap();
        port.split([';', '/']).next().unwrap().parse().unwrap()
    }

    /// The lines of its log that have been read.
    pub fn told(&self) -> &[String] {
        &self.told
    }

    /// The next line of the log with `wanted`. Returns its rest.
    pub fn logs(&mut self, wanted: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.log.read_line(&mut line).unwrap(), 0, "no {wanted}: {:?}", self.told);
            self.told.push(line.clone());
            if let Some((_, rest)) = line.split_once(wanted) {
                return rest.to_owned();
            }
        }
    }

    /// The log from here to the end of the process.
    pub fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).unwrap();
        rest
    }

    pub fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
    }

    /// A client over TCP at one of its URIs.
    pub async fn client(&self, uri: &str, number: usize) -> Client {
        let address = ("127.0.0.1", self.port(number));
        Client::over(tokio::net::TcpStream::connect(address).await.unwrap(), uri)
    }
}

/// The options that name the realm and the users.
pub fn with_users(users: &Scratch) -> [&OsStr; 4] {
    ["--realm".as_ref(), REALM.as_ref(), "--users".as_ref(), users.0.as_os_str()]
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
