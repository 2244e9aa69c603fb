//! The two programs as processes, with pipes for input.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A running program. Dropping it ends it.
struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Process {
    fn start(program: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { input: child.stdin.take(), child, output }
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

    /// Everything that it prints.
    fn printed(mut self) -> String {
        let mut all = String::new();
        self.output.read_to_string(&mut all).unwrap();
        all
    }

    fn writes(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    /// The next line that contains `wanted`.
    fn prints(&mut self, wanted: &str) -> String {
        let mut all = String::new();
        loop {
            let before = all.len();
            assert_ne!(self.output.read_line(&mut all).unwrap(), 0, "{wanted} is not in {all}");
            if all[before..].contains(wanted) {
                return all[before..].to_owned();
            }
        }
    }

    /// Ends the input, and returns the rest of the output.
    fn ends(mut self) -> String {
        drop(self.input.take());
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        assert!(self.child.wait().unwrap().success());
        rest
    }

    fn terminate(&mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
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
    bob.prints("! that nickname is reserved or somebody else's");
    ada.prints("* bob is here");
    bob.writes("/nick Bob");
    bob.prints("you are called Bob");
    ada.prints("* sip:bob@example.com is called Bob");
    bob.writes("Hello, \x1b[31mall");
    assert_eq!(ada.prints("Hello"), "<Bob> Hello, \u{fffd}[31mall\n");
    ada.writes("/msg bob Psst!");
    bob.prints("[Ada of the Pier to you] Psst!");
    bob.writes("/msg \"Ada of the Pier\" Yes?");
    ada.prints("[Bob to you] Yes?");
    ada.writes("/msg cleo Psst!");
    ada.prints("! cleo is not in the room");
    ada.writes("/who");
    ada.prints("* Bob is sip:bob@example.com");
    ada.writes("/dance");
    ada.prints("! there is no /dance");
    bob.writes("//quit is how to leave");
    ada.prints("<Bob> /quit is how to leave");
    // Both ways to leave: the end of the input, and the command.
    bob.ends();
    ada.prints("* Bob has left");
    ada.writes("/quit");
    assert!(ada.ends().contains("the session has ended"));
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
    ada.prints("! that nickname is reserved");
    room.terminate();
    ada.prints("the session has ended");
    assert!(room.child.wait().unwrap().success());
    ada.ends();
}

#[test]
fn what_is_wrong_is_said() {
    let mut chat = Process::chat("127.0.0.1:1", "sip:ada@example.com", "Ada");
    chat.prints("! the room says: ");
    assert!(!chat.child.wait().unwrap().success());
    let room = Command::new(env!("CARGO_BIN_EXE_chat-room")).args(["--room", "pier"]).output();
    let room = room.unwrap();
    assert!(!room.status.success());
    assert!(String::from_utf8(room.stderr).unwrap().contains("--room"));
}

/// A room that sends control characters to its callers.
#[test]
fn nothing_that_a_terminal_obeys_comes_from_a_room() {
    let answer = "m=message 9 TCP/MSRP *\r\na=accept-types:message/cpim\r\na=setup:passive\r\n";
    for (says, wanted) in [
        ("NO \x1b[2J\u{9b}1m\u{202e}\r\n".to_owned(), "! the room says: \u{fffd}[2J"),
        ("ROOM sip:\x1b[2J\u{202e}\r\n".to_owned() + answer, "* you are in sip:\u{fffd}[2J"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let chat = Process::chat(&address.to_string(), "sip:ada@example.com", "Ada");
        let (mut call, _) = listener.accept().unwrap();
        // Its session goes to the same address, which does not respond.
        let path = format!("a=path:msrp://{address}/x7;tcp\r\n\r\n");
        assert_ne!(call.read(&mut [0; 4096]).unwrap(), 0);
        call.write_all((says + &path).as_bytes()).unwrap();
        drop(call);
        let printed = chat.printed();
        assert!(printed.contains(wanted), "{printed:?}");
        let is_harmful = |letter: char| letter != '\n' && letter.is_control();
        assert!(!printed.contains(is_harmful) && !printed.contains('\u{202e}'), "{printed:?}");
    }
}
