//! A folder with files, and the programs that run in it.
#![allow(dead_code, unreachable_pub)]

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use msrp_sdp::file::FileHasher;
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_msrp-file-transfer");

/// A folder that is deleted when the test ends. Its `out` takes received files.
pub struct Scene(PathBuf);

impl Scene {
    pub fn new(name: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = format!("msrp-file-transfer-{}-{name}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        fs::create_dir_all(folder.join("out")).unwrap();
        Self(folder)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn out(&self, name: &str) -> PathBuf {
        self.0.join("out").join(name)
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn make(&self, name: &str, octets: usize) {
        fs::write(self.path(name), contents(name, octets)).unwrap();
    }

    /// The received files.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("out")).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    pub fn wait_for(&self, name: &str) {
        let patience = Instant::now() + Duration::from_secs(30);
        while !self.path(name).exists() {
            assert!(Instant::now() < patience, "{name} does not come");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The file-selector line of a description.
    pub fn selector_in(description: &str) -> String {
        let line = description.lines().find(|line| line.starts_with("a=file-selector:"));
        line.unwrap().to_owned()
    }

    /// Prepares another exchange.
    pub fn forget_descriptions(&self) {
        for name in ["offer.sdp", "answer.sdp"] {
            fs::rename(self.path(name), self.path(&format!("old-{name}"))).unwrap();
        }
    }

    /// The offerer.
    pub fn offer(&self, arguments: &[&str]) -> Side {
        self.side(arguments, &["--sdp-out", "offer.sdp", "--sdp-in", "answer.sdp"])
    }

    /// The answerer.
    pub fn answer(&self, arguments: &[&str]) -> Side {
        self.answer_in("answer.sdp", arguments)
    }

    /// The same with the answer in another file.
    pub fn answer_in(&self, file: &str, arguments: &[&str]) -> Side {
        self.side(arguments, &["--sdp-in", "offer.sdp", "--sdp-out", file])
    }

    fn side(&self, arguments: &[&str], more: &[&str]) -> Side {
        let mut command = self.command(arguments);
        command.args(more);
        if arguments.contains(&"fetch") {
            command.args(["--out", "out"]);
        }
        Side(command.stdout(Stdio::piped()).spawn().unwrap())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).current_dir(&self.0).stdin(Stdio::null());
        command.stderr(Stdio::null());
        command
    }

    /// The offerer and the answerer.
    pub fn start(&self, offer: &[&str], fetch: &[&str]) -> (Side, Side) {
        let offer = self.offer(offer);
        (offer, self.answer(fetch))
    }

    pub fn transfer(&self, offer: &[&str], fetch: &[&str]) -> (Ended, Ended) {
        let (offer, fetch) = self.start(offer, fetch);
        (offer.end(), fetch.end())
    }

    /// Pulls a file. Returns what `offer` and `fetch` printed.
    pub fn pull(&self, fetch: &[&str], offer: &[&str]) -> (Ended, Ended) {
        let fetch = self.offer(fetch);
        let offer = self.answer(offer);
        (offer.end(), fetch.end())
    }

    /// The exit status of a program that runs on its own.
    pub fn run(&self, arguments: &[&str]) -> i32 {
        self.command(arguments).stdout(Stdio::null()).status().unwrap().code().unwrap()
    }

    pub fn shell(&self, script: &str) -> i32 {
        let mut command = Command::new("sh");
        command.args(["-c", script]).env("FT", PROGRAM).current_dir(&self.0);
        command.status().unwrap().code().unwrap()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A running program. It ends with the test.
pub struct Side(Child);

/// The output of a program, and its exit status.
pub struct Ended {
    pub status: i32,
    objects: Vec<Value>,
}

impl Side {
    /// Its standard output.
    pub fn printed(mut self) -> String {
        self.read()
    }

    fn read(&mut self) -> String {
        let mut text = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        text
    }

    pub fn end(mut self) -> Ended {
        let text = self.read();
        let status = self.0.wait().unwrap().code().unwrap();
        let objects = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        Ended { status, objects }
    }

    pub fn kill(&mut self) {
        self.0.kill().unwrap();
    }

    /// Asks it to end, as Ctrl-C does.
    pub fn interrupt(&self) {
        let status = Command::new("kill").args(["-INT", &self.0.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    /// The peak of its memory in octets, if the system tells.
    pub fn most_memory(&mut self) -> Option<u64> {
        let status = format!("/proc/{}/status", self.0.id());
        let mut most = None;
        while self.0.try_wait().unwrap().is_none() {
            let text = fs::read_to_string(&status).ok()?;
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kilobytes =
                line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
            most = kilobytes.map(|it| it << 10).max(most);
            thread::sleep(Duration::from_millis(5));
        }
        most
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Ended {
    /// The object that it printed for the file on this media line.
    pub fn line(&self, line: u64) -> &Value {
        self.objects.iter().find(|object| object["line"] == line).unwrap()
    }

    /// The one object that it printed.
    pub fn only(&self) -> &Value {
        assert_eq!(self.objects.len(), 1);
        &self.objects[0]
    }

    /// The kind of error of the file on this media line, or `null`.
    pub fn kind(&self, line: u64) -> &Value {
        &self.line(line)["error"]["kind"]
    }

    /// Why no file on this media line was transferred, in words.
    pub fn message(&self, line: u64) -> &str {
        self.line(line)["error"]["message"].as_str().unwrap()
    }
}

/// Octets that differ between files and between offsets, and are of the type that the
/// ending of the name stands for.
pub fn contents(name: &str, octets: usize) -> Vec<u8> {
    let mut contents = start(name).to_vec();
    if name.ends_with(".txt") {
        contents.extend(std::iter::repeat_n(name.as_bytes(), octets).flatten().take(octets));
    }
    let seed = name.bytes().fold(7_u64, |seed, octet| seed.wrapping_mul(31) + u64::from(octet));
    for at in 0..octets.div_ceil(8) as u64 {
        contents.extend_from_slice(&(at ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    }
    contents.truncate(octets);
    contents
}

fn start(name: &str) -> &'static [u8] {
    match name.rsplit('.').next() {
        Some("pdf") => b"%PDF-1.7\n",
        Some("png") => b"\x89PNG\r\n\x1a\n",
        Some("gz") => b"\x1f\x8b\x08",
        _ => b"",
    }
}

pub fn sha_1(path: &Path) -> String {
    let mut hasher = FileHasher::new();
    hasher.update(&fs::read(path).unwrap());
    hasher.finish()[0].to_string()
}
