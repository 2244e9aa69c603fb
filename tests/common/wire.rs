//! What is on the wire, read and written without the parser and encoder under test.

use std::time::{Duration, Instant};

use msrp::{Config, Event, Role, SessionConfig, SessionKey, SessionTable};

use super::{ALICE, BOB, Side, alice_opens, bob_expects};

/// One request or response that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub id: String,
    /// The method, or the status code.
    pub what: String,
    /// Everything from `MSRP` to the last header field, its CRLF included.
    pub head: String,
    pub body: Option<Vec<u8>>,
    pub flag: char,
}

impl Sent {
    /// The value of a header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.split("\r\n").find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub fn range(&self) -> &str {
        self.header("Byte-Range").unwrap_or_default()
    }

    pub fn message_id(&self) -> &str {
        self.header("Message-ID").unwrap_or_default()
    }

    pub fn len(&self) -> usize {
        self.body.as_ref().map_or(0, Vec::len)
    }

    /// Method, range and flag in one string, such as `SEND 1-*/9+`.
    pub fn short(&self) -> String {
        format!("{} {}{}", self.what, self.range(), self.flag)
    }
}

/// The frames in `octets`, which contain nothing else.
pub fn frames(octets: &[u8]) -> Vec<Sent> {
    let (frames, rest) = frames_and_rest(octets);
    assert!(rest.is_empty(), "no frame: {:?}", String::from_utf8_lossy(&rest));
    frames
}

/// The whole frames at the start of `octets`, and what follows them.
pub fn frames_and_rest(octets: &[u8]) -> (Vec<Sent>, Vec<u8>) {
    let mut frames = Vec::new();
    let mut rest = octets;
    while let Some((frame, len)) = frame(rest) {
        frames.push(frame);
        rest = &rest[len..];
    }
    (frames, rest.to_vec())
}

fn frame(octets: &[u8]) -> Option<(Sent, usize)> {
    let line = &octets[..find(octets, b"\r\n")?];
    let line = std::str::from_utf8(line).unwrap();
    let mut words = line.split(' ');
    assert_eq!(words.next(), Some("MSRP"), "{line}");
    let (id, what) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
    let needle = format!("\r\n-------{id}");
    let mut from = 0;
    let (end, flag) = loop {
        let at = from + find(&octets[from..], needle.as_bytes())?;
        match octets.get(at + needle.len()..at + needle.len() + 3)? {
            [flag @ (b'$' | b'+' | b'#'), b'\r', b'\n'] => break (at, *flag as char),
            _ => from = at + 1,
        }
    };
    let whole = &octets[..end + 2];
    let (head, body) = match find(whole, b"\r\n\r\n") {
        // The blank line of an empty body is followed by the end-line's own CRLF.
        Some(blank) if blank + 4 <= end => {
            (&whole[..blank + 2], Some(octets[blank + 4..end].to_vec()))
        }
        _ => (whole, None),
    };
    let head = String::from_utf8(head.to_vec()).unwrap();
    Some((Sent { id, what, head, body, flag }, end + needle.len() + 3))
}

fn find(octets: &[u8], needle: &[u8]) -> Option<usize> {
    octets.windows(needle.len()).position(|window| window == needle)
}

/// A request as text, for a hand-written peer.
#[derive(Clone, Debug)]
pub struct Raw {
    id: String,
    method: String,
    to: String,
    from: String,
    headers: Vec<String>,
    body: Option<Vec<u8>>,
    flag: char,
}

impl Raw {
    /// From Alice to Bob, without a body.
    pub fn new(method: &str, id: &str) -> Self {
        Self {
            id: id.into(),
            method: method.into(),
            to: BOB.into(),
            from: ALICE.into(),
            headers: Vec::new(),
            body: None,
            flag: '$',
        }
    }

    pub fn send(id: &str) -> Self {
        Self::new("SEND", id)
    }

    /// A chunk of text: its transaction id, Message-ID, range, body and flag.
    pub fn chunk(id: &str, message: &str, range: &str, body: &str, flag: char) -> Self {
        Self::send(id).message(message).range(range).body("text/plain", body.as_bytes()).flag(flag)
    }

    /// A REPORT from Bob to Alice.
    pub fn report(id: &str, message: &str, status: &str) -> Self {
        Self::new("REPORT", id).to(ALICE).from(BOB).message(message).header("Status", status)
    }

    pub fn to(mut self, path: &str) -> Self {
        self.to = path.into();
        self
    }

    pub fn from(mut self, path: &str) -> Self {
        self.from = path.into();
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push(format!("{name}: {value}\r\n"));
        self
    }

    pub fn message(self, id: &str) -> Self {
        self.header("Message-ID", id)
    }

    pub fn range(self, range: &str) -> Self {
        if range.is_empty() { self } else { self.header("Byte-Range", range) }
    }

    /// Failure-Report and Success-Report. An empty one is omitted.
    pub fn reports(mut self, failure: &str, success: &str) -> Self {
        for (name, value) in [("Failure-Report", failure), ("Success-Report", success)] {
            if !value.is_empty() {
                self = self.header(name, value);
            }
        }
        self
    }

    pub fn body(mut self, content_type: &str, body: &[u8]) -> Self {
        self = self.header("Content-Type", content_type);
        // Content-Type stays the last header field.
        self.body = Some(body.to_vec());
        self
    }

    pub const fn flag(mut self, flag: char) -> Self {
        self.flag = flag;
        self
    }

    pub fn octets(&self) -> Vec<u8> {
        let mut out = format!(
            "MSRP {} {}\r\nTo-Path: {}\r\nFrom-Path: {}\r\n",
            self.id, self.method, self.to, self.from
        )
        .into_bytes();
        let (mime, others): (Vec<_>, Vec<_>) =
            self.headers.iter().partition(|line| line.starts_with("Content-"));
        for line in others.iter().chain(&mime) {
            out.extend_from_slice(line.as_bytes());
        }
        if let Some(body) = &self.body {
            out.extend_from_slice(b"\r\n");
            out.extend_from_slice(body);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(format!("-------{}{}\r\n", self.id, self.flag).as_bytes());
        out
    }

    /// The octets without the end-line: the request is still arriving.
    pub fn open(&self) -> Vec<u8> {
        let mut out = self.octets();
        out.truncate(out.len() - "\r\n-------$\r\n".len() - self.id.len());
        out
    }
}

/// Bob's response to a request of Alice.
pub fn response(id: &str, status: &str) -> Vec<u8> {
    format!("MSRP {id} {status}\r\nTo-Path: {ALICE}\r\nFrom-Path: {BOB}\r\n-------{id}$\r\n")
        .into_bytes()
}

/// One side alone, whose peer is the test.
pub struct Lone {
    pub side: Side,
    pub session: SessionKey,
    pub now: Instant,
    pub table: SessionTable,
}

impl Lone {
    /// Bob, whose session Alice has just bound.
    pub fn bob() -> Self {
        Self::bob_with(Config::default(), bob_expects())
    }

    pub fn bob_with(config: Config, session: SessionConfig) -> Self {
        let now = Instant::now();
        let table = SessionTable::new(16);
        table.insert(session).unwrap();
        let mut side = Side::new(config, Role::Passive, 2, now).with_table(&table);
        side.feed(now, &Raw::send("bind0").message("bind0").range("1-0/0").octets());
        let events = side.events();
        let [Event::SessionOpened { session, .. }] = events[..] else { panic!("{events:?}") };
        side.drain(now);
        Self { side, session, now, table }
    }

    /// Alice, whose binding SEND Bob has just accepted.
    pub fn alice() -> Self {
        Self::alice_with(Config::default(), alice_opens())
    }

    pub fn alice_with(config: Config, session: SessionConfig) -> Self {
        let now = Instant::now();
        let mut side = Side::new(config, Role::Active, 1, now);
        let session = side.connection.open(session).unwrap();
        let mut alice = Self { side, session, now, table: SessionTable::new(16) };
        let bind = alice.drain().remove(0);
        alice.answer(&bind, "200 OK");
        assert!(matches!(alice.events()[..], [Event::SessionOpened { .. }]));
        alice
    }

    /// The octets that leave now.
    pub fn drain(&mut self) -> Vec<Sent> {
        frames(&self.side.drain(self.now))
    }

    /// Feeds octets, and returns what leaves then.
    pub fn give(&mut self, octets: &[u8]) -> Vec<Sent> {
        self.side.feed(self.now, octets);
        self.drain()
    }

    pub fn answer(&mut self, request: &Sent, status: &str) {
        self.side.feed(self.now, &response(&request.id, status));
    }

    /// One transmit, as it is.
    pub fn poll(&mut self) -> Vec<u8> {
        use bytes::Buf;
        let transmit = self.side.connection.poll_transmit(self.now);
        self.side.take_events();
        transmit.map_or_else(Vec::new, |mut transmit| {
            transmit.copy_to_bytes(transmit.remaining()).to_vec()
        })
    }

    pub fn advance(&mut self, by: Duration) {
        self.now += by;
        self.side.connection.handle_timeout(self.now);
        self.side.take_events();
    }

    pub fn events(&mut self) -> Vec<Event> {
        self.side.events()
    }
}

/// The words of the start lines, such as `200` or `REPORT`.
pub fn words(frames: &[Sent]) -> Vec<&str> {
    frames.iter().map(|frame| &frame.what[..]).collect()
}

/// Octets that are not text and have no hyphen.
pub fn filler(len: usize) -> Vec<u8> {
    (0..len).map(|n| b'a' + (n % 26) as u8).collect()
}
