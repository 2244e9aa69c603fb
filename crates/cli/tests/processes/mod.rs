//! The command as a process: its arguments and what it prints.
#![allow(dead_code, reason = "no test uses all of it")]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use msrp::{OsRandom, Random, session_id};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Runs a subcommand to its end. Returns its exit status and the object it prints.
pub(crate) fn run(subcommand: &str, arguments: &[&str]) -> (i32, Value) {
    result(Running(command(subcommand, arguments).spawn().unwrap()).output())
}

pub(crate) fn result(output: Output) -> (i32, Value) {
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap(), serde_json::from_str(&text).unwrap())
}

pub(crate) fn command(subcommand: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.arg(subcommand).args(arguments).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Cargo gives the path of the command to the tests of its own package. The tests of
/// another are in target/debug/deps/, next to target/debug/msrp.
fn program() -> PathBuf {
    match option_env!("CARGO_BIN_EXE_msrp") {
        Some(program) => program.into(),
        None => {
            let test = std::env::current_exe().unwrap();
            test.parent().and_then(Path::parent).unwrap().join("msrp")
        }
    }
}

/// A process that ends with the test.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    pub(crate) fn output(mut self) -> Output {
        let (mut stdout, mut stderr) = (self.0.stdout.take(), self.0.stderr.take());
        let errors = thread::spawn(move || read_all(&mut stderr));
        let stdout = read_all(&mut stdout);
        let status = self.0.wait().unwrap();
        Output { status, stdout, stderr: errors.join().unwrap() }
    }
}

fn read_all(stream: &mut Option<impl Read>) -> Vec<u8> {
    let mut octets = Vec::new();
    if let Some(stream) = stream {
        stream.read_to_end(&mut octets).unwrap();
    }
    octets
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Sends a signal to a process.
#[cfg(unix)]
pub(crate) fn signal(process: &Running, name: &str) {
    let status = Command::new("kill").args([name, &process.0.id().to_string()]).status();
    assert!(status.unwrap().success());
}

/// A running `receive`.
pub(crate) struct Receiver {
    pub(crate) process: Running,
    lines: BufReader<std::process::ChildStdout>,
    /// The first object that it has printed.
    pub(crate) listening: Value,
    pub(crate) address: String,
    pub(crate) path: String,
}

impl Receiver {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_at("127.0.0.1:0", arguments)
    }

    pub(crate) fn start_at(address: &str, arguments: &[&str]) -> Self {
        Self::spawn(command("receive", &["--listen", address]).args(arguments))
    }

    /// A receiver that has a relay and does not listen.
    pub(crate) fn behind_relay(arguments: &[&str]) -> Self {
        Self::spawn(&mut command("receive", arguments))
    }

    fn spawn(command: &mut Command) -> Self {
        let mut process = Running(command.stderr(Stdio::inherit()).spawn().unwrap());
        let lines = BufReader::new(process.0.stdout.take().unwrap());
        let (address, path) = (String::new(), String::new());
        let mut receiver = Self { process, lines, listening: Value::Null, address, path };
        let listening = receiver.next();
        assert_eq!(listening["event"], "listening");
        receiver.address = listening["addr"].as_str().unwrap().into();
        receiver.path = listening["path"].as_str().unwrap().into();
        receiver.listening = listening;
        receiver
    }

    /// The next object that it prints.
    pub(crate) fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// How many threads it has.
    #[cfg(target_os = "linux")]
    pub(crate) fn threads(&self) -> usize {
        self.count("task")
    }

    /// How many files and sockets it has.
    #[cfg(target_os = "linux")]
    pub(crate) fn descriptors(&self) -> usize {
        self.count("fd")
    }

    #[cfg(target_os = "linux")]
    fn count(&self, what: &str) -> usize {
        fs::read_dir(format!("/proc/{}/{what}", self.process.0.id())).unwrap().count()
    }

    /// Its exit status, once it has ended by itself.
    pub(crate) fn status(&mut self) -> i32 {
        self.process.0.wait().unwrap().code().unwrap()
    }
}

/// A port that is free now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub(crate) fn uri(address: &str) -> String {
    format!("msrp://{address}/{};tcp", session_id(&mut OsRandom::new().unwrap()).unwrap())
}

pub(crate) fn random_octets(count: usize) -> Vec<u8> {
    let mut octets = vec![0; count];
    OsRandom::new().unwrap().fill(&mut octets).unwrap();
    octets
}

pub(crate) fn hash(octets: &[u8]) -> String {
    Sha256::digest(octets).iter().map(|octet| format!("{octet:02x}")).collect()
}

/// A folder that is removed when it is dropped.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let name = format!("msrp-cli-{}", session_id(&mut OsRandom::new().unwrap()).unwrap());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
