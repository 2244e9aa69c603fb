//! The two programs as processes, with pipes for input.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};

/// A running program. Dropping it ends it.
struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    errors: BufReader<ChildStderr>,
}

impl Process {
    fn start(program: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let errors = BufReader::new(child.stderr.take().unwrap());
        Self { input: child.stdin.take(), child, output, errors }
    }

    /// A room, and the address where it listens for calls.
    fn room(arguments: &[&str]) -> (Self, String) {
        let ports = ["--listen", "127.0.0.1:0", "--msrp", "127.0.0.1:0"];
        let mut room =
            Self::start(env!("CARGO_BIN_EXE_chat-room"), &[&ports[..], arguments].concat());
        let line = room.prints(" at ");
        let address = line.trim().rsplit(' ').next().unwrap().to_owned();
        (room, address)
    }

    fn chat(room: &str, uri: &str, nickname: &str) -> Self {
        Self::start(env!("CARGO_BIN_EXE_chat"), &[room, "--as", uri, "--nick", nickname])
    }

    fn writes(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    /// The next line of the output that contains `wanted`.
    fn prints(&mut self, wanted: &str) -> String {
        next_line(&mut self.output, wanted)
    }

    /// The next line of the standard error that contains `wanted`.
    fn complains(&mut self, wanted: &str) -> String {
        next_line(&mut self.errors, wanted)
    }

    /// Ends the input. Returns the rest of the output, of the standard error, and the exit
    /// status.
    fn ends_with(mut self) -> (String, String, i32) {
        drop(self.input.take());
        let (mut output, mut errors) = (String::new(), String::new());
        self.output.read_to_string(&mut output).unwrap();
        self.errors.read_to_string(&mut errors).unwrap();
        (output, errors, self.child.wait().unwrap().code().unwrap())
    }

    /// Ends the input, and returns the rest of the output of a program that has lost nothing.
    fn ends(self) -> String {
        let (output, errors, status) = self.ends_with();
        assert_eq!((&errors[..], status), ("", 0));
        output
    }

    fn terminate(&mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
    }
}

fn next_line(from: &mut impl BufRead, wanted: &str) -> String {
    let mut all = String::new();
    loop {
        let before = all.len();
        assert_ne!(from.read_line(&mut all).unwrap(), 0, "{wanted} is not in {all}");
        if all[before..].contains(wanted) {
            return all[before..].to_owned();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn two_talk_through_pipes() {
    let (_room, address) = Process::room(&["--room", "sip:pier@chat.example"]);
    let mut ada = Process::chat(&address, "sip:ada@example.com", "Ada of the Pier");
    ada.prints("you are in sip:pier@chat.example");
    ada.prints("you are called Ada of the Pier");
    let mut bob = Process::chat(&address, "sip:bob@example.com", "ADA of the pier");
    bob.complains("! that nickname is reserved or somebody else's");
    ada.prints("* bob is here");
    bob.writes("/nick Bob");
    bob.prints("you are called Bob");
    ada.prints("* sip:bob@example.com is called Bob");
    bob.writes("Hello, \x1b[31mall");
    assert_eq!(ada.prints("Hello"), "<Bob> Hello, ␛[31mall\n");
    ada.writes("/msg bob Psst!");
    bob.prints("[Ada of the Pier to you] Psst!");
    bob.writes("/msg \"Ada of the Pier\" Yes?");
    ada.prints("[Bob to you] Yes?");
    ada.writes("/msg cleo Psst!");
    ada.complains("! cleo is not in the room");
    ada.writes("/who");
    ada.prints("* Bob is sip:bob@example.com");
    ada.writes("/dance");
    ada.complains("! there is no /dance");
    bob.writes("//quit is how to leave");
    ada.prints("<Bob> /quit is how to leave");
    // Both ways to leave: the end of the input, and the command.
    bob.ends();
    ada.prints("* Bob has left");
    ada.writes("/quit");
    let (printed, _, status) = ada.ends_with();
    assert!(printed.contains("the session has ended"));
    assert_eq!(status, 1, "what was meant for cleo is lost");
}

/// Lines before the end of the input are sent, however early it ends.
#[test]
fn lines_are_said_before_their_sender_leaves() {
    let (_room, address) = Process::room(&[]);
    for last in ["Hello", "/quit\nnever said"] {
        let mut cron = Process::chat(&address, "sip:cron@example.com", "Cron");
        cron.writes(&format!("One\nTwo\n{last}"));
        let printed = cron.ends();
        assert!(printed.contains("you are called Cron") && !printed.contains('!'), "{printed}");
        assert!(printed.contains("<you> Two") && !printed.contains("never said"), "{printed}");
    }
}

#[test]
fn a_room_ends_on_sigterm() {
    let (mut room, address) = Process::room(&["--reserved", "Admin"]);
    let mut ada = Process::chat(&address, "sip:ada@example.com", "admin");
    ada.complains("! that nickname is reserved");
    room.terminate();
    ada.prints("the session has ended");
    assert!(room.child.wait().unwrap().success());
    ada.ends();
    // From the moment that it says where it is.
    for _ in 0..10 {
        let (mut room, _) = Process::room(&[]);
        room.terminate();
        assert!(room.child.wait().unwrap().success());
    }
}

#[test]
fn what_is_wrong_is_said() {
    let mut chat = Process::chat("127.0.0.1:1", "sip:ada@example.com", "Ada");
    chat.complains("! the room says: ");
    assert!(!chat.child.wait().unwrap().success());
    let room = Command::new(env!("CARGO_BIN_EXE_chat-room")).args(["--room", "pier"]).output();
    let room = room.unwrap();
    assert!(!room.status.success());
    assert!(String::from_utf8(room.stderr).unwrap().contains("--room"));
}

/// However many lines come at once, the room holds their sender back.
#[test]
fn all_lines_of_a_pipe_arrive() {
    const LINES: usize = 10_000;
    let (_room, address) = Process::room(&[]);
    let mut ada = Process::chat(&address, "sip:ada@example.com", "Ada");
    ada.prints("you are called Ada");
    let mut cron = Process::chat(&address, "sip:cron@example.com", "Cron");
    let mut input = cron.input.take().unwrap();
    let writing = std::thread::spawn(move || {
        (0..LINES).for_each(|line| writeln!(input, "line {line}").unwrap());
    });
    let reading = std::thread::spawn(move || {
        for line in 0..LINES {
            assert_eq!(ada.prints("line "), format!("<Cron> line {line}\n"));
        }
    });
    assert!(cron.ends().contains("<you> line 9999"));
    writing.join().unwrap();
    reading.join().unwrap();
}

#[test]
fn what_is_lost_is_told_by_the_exit_status() {
    let (mut room, address) = Process::room(&[]);
    let too_long = "x".repeat(61 * 1024);
    for (lines, why) in [
        ("/msg nobody Psst!", "! nobody is not in the room"),
        (&too_long[..], "! the line is too long"),
    ] {
        let mut ada = Process::chat(&address, "sip:ada@example.com", "Ada");
        ada.writes(lines);
        ada.writes("Still here");
        let (printed, errors, status) = ada.ends_with();
        assert!(printed.contains("<you> Still here"), "{printed}");
        assert!(errors.starts_with(why) && status == 1, "{errors}");
    }
    // Who has lost nothing when the room ends.
    let mut ada = Process::chat(&address, "sip:ada@example.com", "Ada");
    ada.prints("you are called");
    room.terminate();
    ada.prints("the session has ended");
    ada.ends();
}

/// Neither line ends nor padding make a line of somebody else.
#[test]
fn nobody_speaks_for_another() {
    let (_room, address) = Process::room(&[]);
    let mut ada = Process::chat(&address, "sip:ada@example.com", "Ada");
    ada.prints("you are called Ada");
    let mut eve = Process::chat(&address, "sip:eve@example.com", "Eve");
    eve.prints("you are called Eve");
    eve.writes(&format!("Hello{}<Bob> Go\r<Bob> Go\u{2028}<Bob> Go\u{b}end", " ".repeat(200)));
    let blanks = " ".repeat(16);
    assert_eq!(ada.prints("Hello"), format!("<Eve> Hello{blanks}<Bob> Go\n"));
    for line in ["    <Bob> Go\n", "    <Bob> Go\n", "    end\n"] {
        assert_eq!(ada.prints(""), line);
    }
    // A name that looks like another's is shown with its URI.
    let _second = Process::chat(&address, "sip:\u{435}ve@example.com", "Bob");
    ada.prints("is called Bob");
    eve.writes("/nick B\u{43e}b");
    ada.prints("is called B");
    eve.writes("Hi");
    assert_eq!(ada.prints("Hi"), "<B\u{43e}b (sip:eve@example.com)> Hi\n");
}

/// The end of the program is not put off until a room responds that never does.
#[test]
fn who_is_told_to_end_does_not_wait_for_a_silent_room() {
    let room = SilentRoom::open("sip:room@h.example");
    let mut ada = Process::chat(&room.address, "sip:ada@example.com", "Ada");
    let _session = room.joined();
    ada.prints("you are in");
    ada.writes("Hello?");
    ada.prints("<you> Hello?");
    ada.terminate();
    let (_, errors, status) = ada.ends_with();
    assert_eq!((&errors[..], status), ("", 1), "what was said is lost");
}

/// A room that sends control characters to its callers.
#[test]
fn nothing_that_a_terminal_obeys_comes_from_a_room() {
    let room = SilentRoom::open("sip:\x1b[2J\u{202e}");
    let mut chat = Process::chat(&room.address, "sip:ada@example.com", "Ada");
    let mut call = room.called();
    call.write_all(b"NO \x1b[2J\xc2\x9b1m\xe2\x80\xae\r\n").unwrap();
    let said = chat.complains("the room says");
    assert_eq!(said, "! the room says: ␛[2J[U+009B]1m[U+202E]\n");

    let mut chat = Process::chat(&room.address, "sip:ada@example.com", "Ada");
    let _session = room.joined();
    assert!(chat.prints("you are in").starts_with("* you are in sip:␛[2J[U+202E]"));
}

/// A room that accepts a session, and is silent then.
struct SilentRoom {
    uri: &'static str,
    listener: TcpListener,
    address: String,
}

impl SilentRoom {
    fn open(uri: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        Self { uri, listener, address }
    }

    /// The next call, with its offer.
    fn called(&self) -> TcpStream {
        let (mut call, _) = self.listener.accept().unwrap();
        assert_ne!(call.read(&mut [0; 4096]).unwrap(), 0);
        call
    }

    /// The call and the session of the next client.
    fn joined(&self) -> (TcpStream, TcpStream) {
        let mut call = self.called();
        let Self { uri, address, .. } = self;
        let answer = format!(
            "ROOM {uri}\r\nm=message 9 TCP/MSRP *\r\na=accept-types:message/cpim\r\n\
             a=accept-wrapped-types:text/plain\r\na=setup:passive\r\n\
             a=path:msrp://{address}/x7;tcp\r\n\r\n"
        );
        call.write_all(answer.as_bytes()).unwrap();
        let (mut session, _) = self.listener.accept().unwrap();
        accept(&mut session);
        (call, session)
    }
}

/// Responds with 200 to the first request.
fn accept(session: &mut TcpStream) {
    let mut octets = [0; 4096];
    let len = session.read(&mut octets).unwrap();
    let head = std::str::from_utf8(&octets[..len]).unwrap();
    let value = |name: &str| {
        head.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{head}"))
    };
    let id = head.split(' ').nth(1).unwrap();
    let (to, from) = (value("To-Path: "), value("From-Path: "));
    let response =
        format!("MSRP {id} 200 OK\r\nTo-Path: {from}\r\nFrom-Path: {to}\r\n-------{id}$\r\n");
    session.write_all(response.as_bytes()).unwrap();
}
