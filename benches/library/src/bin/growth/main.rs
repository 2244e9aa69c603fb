//! Does one operation while `N` of something are open, so that `tools/growth` can
//! count its instructions: `growth OPERATION N`. It prints how often it did so.
#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod auth;
mod relay;

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use msrp::reassembly::Reassembler;
use msrp::wire::HeadRef;
use msrp::{
    Config, Connection, Event, IncomingKey, Instant, MessageKey, OutgoingMessage, ParseOptions,
    Path, ReceiveMode, ResponseMode, Role, SessionConfig, SessionKey, SessionTable,
};
use msrp_bench::Seeded;

/// How often a steady operation is done, for its average.
const TIMES: usize = 32;

type Operation = (&'static str, fn(usize) -> usize);

const OPERATIONS: [Operation; 28] = [
    ("send, messages", send),
    ("poll_transmit, messages", poll_transmit),
    ("response, transactions", response),
    ("response, sessions", response_among_sessions),
    ("REPORT, waiting REPORTs", report),
    ("REPORT deadline, waiting REPORTs", report_deadlines),
    ("transaction timeout, transactions", transaction_timeouts),
    ("chunk received, messages", chunk_received),
    ("chunk received, sessions", chunk_received_among_sessions),
    ("message received, messages", message_received),
    ("accept, waiting messages", accept),
    ("accept, waiting duplicates", accept_duplicates),
    ("poll_event, events", poll_event),
    ("poll_timeout, sessions", poll_timeout),
    ("handle_timeout, sessions", handle_timeout),
    ("open, sessions", open),
    ("abort, messages", abort),
    ("close_session, messages", close_session),
    ("close_session, other sessions", close_among_sessions),
    ("session refused, other sessions", refuse_among_sessions),
    ("end, sessions", end),
    ("end, messages", end_with_messages),
    ("keep-alive answered, sessions", keep_alive),
    ("bind, table entries", bind),
    ("one-octet write, writes", one_octet_writes),
    ("octets out of order, gaps", out_of_order),
    ("octets into gaps, gaps", into_gaps),
    ("header field, header fields", header_fields),
];

fn operations() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().chain(&auth::OPERATIONS).chain(&relay::OPERATIONS)
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let n = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(0);
    if name == "list" {
        operations().for_each(|(name, _)| println!("{name}"));
    } else if let Some((_, operation)) = operations().find(|(other, _)| *other == name) {
        println!("times {}", operation(n));
    }
}

/// Callgrind counts within this function alone.
#[inline(never)]
fn measured(work: &mut dyn FnMut()) {
    work();
}

fn measure(mut work: impl FnMut()) {
    measured(&mut work);
}

/// An endpoint whose peer is written by hand.
struct Bench {
    connection: Connection,
    table: SessionTable,
    sessions: Vec<SessionKey>,
    now: Instant,
}

impl Bench {
    fn new(role: Role) -> Self {
        let mut config = Config::default();
        let limits = &mut config.limits;
        limits.sessions = usize::MAX;
        limits.incoming_messages = usize::MAX;
        limits.incoming_octets = u64::MAX;
        limits.message_ranges = usize::MAX;
        limits.outgoing_messages = usize::MAX;
        limits.event_octets = usize::MAX;
        limits.events = usize::MAX;
        limits.control_octets = usize::MAX;
        limits.transactions = usize::MAX;
        limits.body_writer_octets = usize::MAX;
        limits.remembered_messages = 100_000;
        config.keep_alive = Some(Duration::from_secs(60));
        let now = Instant::now();
        let table = SessionTable::new(usize::MAX);
        let connection = Connection::new(Arc::new(config), role, Seeded(1), now).unwrap();
        Self { connection: connection.with_table(table.clone()), table, sessions: Vec::new(), now }
    }

    /// An endpoint that has opened so many sessions, whose peer has not responded.
    fn active(sessions: usize) -> Self {
        let mut bench = Self::new(Role::Active);
        (0..sessions).for_each(|number| bench.open(number));
        bench.drain();
        bench
    }

    fn open(&mut self, number: usize) {
        let remote: Path = theirs(number).parse().unwrap();
        let config = SessionConfig::new(ours(number).parse().unwrap(), remote);
        self.sessions.push(self.connection.open(config).unwrap());
    }

    /// An endpoint whose peer has bound so many sessions.
    fn passive(sessions: usize, receive: ReceiveMode, responses: ResponseMode) -> Self {
        let mut bench = Self::new(Role::Passive);
        for number in 0..sessions {
            let config = SessionConfig::expected(ours(number).parse().unwrap());
            bench.table.insert(config.receive(receive).responses(responses)).unwrap();
            bench.feed(&request(
                number,
                "bind",
                "SEND",
                "Message-ID: bind\r\nByte-Range: 1-0/0\r\n",
            ));
        }
        for event in bench.events() {
            if let Event::SessionOpened { session, .. } = event {
                bench.sessions.push(session);
            }
        }
        bench.drain();
        bench
    }

    fn feed(&mut self, octets: &[u8]) {
        let mut input = BytesMut::from(octets);
        self.receive(&mut input);
    }

    fn receive(&mut self, input: &mut BytesMut) {
        self.connection.receive(self.now, input).unwrap();
        assert!(input.is_empty());
    }

    fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.connection.poll_event()).collect()
    }

    /// Everything that leaves.
    fn drain(&mut self) -> String {
        let mut out = Vec::new();
        while let Some(mut transmit) = self.connection.poll_transmit(self.now) {
            out.extend_from_slice(&transmit.copy_to_bytes(transmit.remaining()));
        }
        String::from_utf8(out).unwrap()
    }

    fn text(&mut self, session: usize) {
        self.connection.send(self.sessions[session], OutgoingMessage::text("hello")).unwrap();
    }

    fn texts(&mut self, count: usize, success_report: bool) {
        for _ in 0..count {
            let text = OutgoingMessage::text("hello").success_report(success_report);
            let text = text.report_timeout(Duration::from_secs(1_000));
            self.connection.send(self.sessions[0], text).unwrap();
        }
    }

    /// Begins so many messages of the peer.
    fn begin_messages(&mut self, count: usize) {
        (0..count).for_each(|message| self.feed(&chunk(0, message, 0, '+')));
        self.drain();
    }
}

fn ours(number: usize) -> String {
    format!("msrp://us.example:2855/s{number};tcp")
}

fn theirs(number: usize) -> String {
    format!("msrp://them.example:2855/t{number};tcp")
}

fn request(session: usize, id: &str, method: &str, fields: &str) -> Vec<u8> {
    let (ours, theirs) = (ours(session), theirs(session));
    format!(
        "MSRP {id} {method}\r\nTo-Path: {ours}\r\nFrom-Path: {theirs}\r\n{fields}-------{id}$\r\n"
    )
    .into_bytes()
}

/// The chunk of ten octets with this number of a message.
fn chunk(session: usize, message: usize, part: usize, flag: char) -> Vec<u8> {
    let (ours, theirs) = (ours(session), theirs(session));
    let (id, start) = (format!("tr{part:04}{message:06}"), 10 * part + 1);
    format!(
        "MSRP {id} SEND\r\nTo-Path: {ours}\r\nFrom-Path: {theirs}\r\nMessage-ID: m{message:06}\r\n\
         Byte-Range: {start}-*/*\r\nContent-Type: text/plain\r\n\r\n0123456789\r\n-------{id}{flag}\r\n"
    )
    .into_bytes()
}

/// The ids of the requests among what has left, with the From-Path of each.
fn requests(octets: &str) -> impl Iterator<Item = &str> {
    octets.split("\r\n").filter_map(|line| line.strip_prefix("MSRP ")?.strip_suffix(" SEND"))
}

fn message_ids(octets: &str) -> impl Iterator<Item = &str> {
    octets.split("\r\n").filter_map(|line| line.strip_prefix("Message-ID: "))
}

fn responses<'a>(ids: impl Iterator<Item = &'a str>, session: usize) -> BytesMut {
    let mut out = BytesMut::new();
    ids.for_each(|id| out.extend_from_slice(&response_to(id, session, "200 OK")));
    out
}

fn response_to(id: &str, session: usize, status: &str) -> Vec<u8> {
    let (ours, theirs) = (ours(session), theirs(session));
    format!("MSRP {id} {status}\r\nTo-Path: {ours}\r\nFrom-Path: {theirs}\r\n-------{id}$\r\n")
        .into_bytes()
}

// The operations. Each returns how often it was done.

fn send(n: usize) -> usize {
    let mut bench = Bench::active(1);
    bench.texts(n, false);
    measure(|| (0..TIMES).for_each(|_| bench.text(0)));
    TIMES
}

/// Per message: it leaves among n others.
fn poll_transmit(n: usize) -> usize {
    let mut bench = Bench::active(1);
    for _ in 0..n {
        let message = OutgoingMessage::new("text/plain".parse().unwrap(), vec![b'x'; 3_000]);
        bench.connection.send(bench.sessions[0], message).unwrap();
    }
    let now = bench.now;
    let mut polls = 0;
    measure(|| {
        while polls < n && bench.connection.poll_transmit(now).is_some() {
            polls += 1;
        }
    });
    polls
}

fn response(n: usize) -> usize {
    let mut bench = Bench::active(1);
    bench.texts(n, false);
    let out = bench.drain();
    let mut input = responses(requests(&out).take(TIMES), 0);
    measure(|| bench.receive(&mut input));
    TIMES
}

fn response_among_sessions(n: usize) -> usize {
    let mut bench = Bench::passive(n, ReceiveMode::Whole, ResponseMode::Received);
    (0..TIMES).for_each(|_| bench.text(n / 2));
    let out = bench.drain();
    let mut input = responses(requests(&out), n / 2);
    measure(|| bench.receive(&mut input));
    TIMES
}

/// Messages that have left and been accepted, and wait for their REPORTs.
fn awaiting_reports(n: usize) -> (Bench, String) {
    let mut bench = Bench::active(1);
    bench.texts(n, true);
    let out = bench.drain();
    let mut input = responses(requests(&out), 0);
    bench.receive(&mut input);
    bench.events();
    (bench, out)
}

fn report(n: usize) -> usize {
    let (mut bench, out) = awaiting_reports(n);
    let mut input = BytesMut::new();
    for (number, id) in message_ids(&out).take(TIMES).enumerate() {
        let fields = format!("Message-ID: {id}\r\nByte-Range: 1-5/5\r\nStatus: 000 200 OK\r\n");
        input.extend_from_slice(&request(0, &format!("report{number}"), "REPORT", &fields));
    }
    measure(|| bench.receive(&mut input));
    TIMES
}

fn report_deadlines(n: usize) -> usize {
    let (mut bench, _) = awaiting_reports(n);
    let later = bench.now + Duration::from_secs(2_000);
    measure(|| bench.connection.handle_timeout(later));
    n
}

fn transaction_timeouts(n: usize) -> usize {
    let mut bench = Bench::passive(1, ReceiveMode::Whole, ResponseMode::Received);
    bench.texts(n, false);
    bench.drain();
    let later = bench.now + Duration::from_secs(31);
    measure(|| bench.connection.handle_timeout(later));
    n
}

fn chunk_received(n: usize) -> usize {
    let mut bench = Bench::passive(1, ReceiveMode::Whole, ResponseMode::Received);
    bench.begin_messages(n);
    let mut input = BytesMut::new();
    (0..TIMES).for_each(|part| input.extend_from_slice(&chunk(0, n / 2, part + 1, '+')));
    measure(|| bench.receive(&mut input));
    TIMES
}

fn chunk_received_among_sessions(n: usize) -> usize {
    let mut bench = Bench::passive(n, ReceiveMode::Whole, ResponseMode::Received);
    bench.feed(&chunk(n / 2, 0, 0, '+'));
    let mut input = BytesMut::new();
    (0..TIMES).for_each(|part| input.extend_from_slice(&chunk(n / 2, 0, part + 1, '+')));
    measure(|| bench.receive(&mut input));
    TIMES
}

fn message_received(n: usize) -> usize {
    let mut bench = Bench::passive(1, ReceiveMode::Whole, ResponseMode::Received);
    bench.begin_messages(n);
    let mut input = BytesMut::new();
    (0..TIMES).for_each(|message| input.extend_from_slice(&chunk(0, n + message, 0, '$')));
    measure(|| bench.receive(&mut input));
    TIMES
}

/// An endpoint with n complete messages that wait for the application.
fn waiting(n: usize, id_of: fn(usize) -> usize) -> (Bench, Vec<IncomingKey>) {
    let mut bench = Bench::passive(1, ReceiveMode::Whole, ResponseMode::Application);
    (0..n).for_each(|message| bench.feed(&chunk(0, id_of(message), 0, '$')));
    let mut keys = Vec::new();
    for event in bench.events() {
        if let Event::Message { received, .. } = event {
            keys.push(received.key());
        }
    }
    (bench, keys)
}

fn accept(n: usize) -> usize {
    let (mut bench, keys) = waiting(n, |message| message);
    measure(|| keys.iter().for_each(|key| bench.connection.accept(*key).unwrap()));
    keys.len()
}

fn accept_duplicates(n: usize) -> usize {
    let (mut bench, keys) = waiting(n, |_| 7);
    measure(|| keys.iter().for_each(|key| bench.connection.accept(*key).unwrap()));
    keys.len()
}

fn poll_event(n: usize) -> usize {
    let mut bench = Bench::passive(1, ReceiveMode::Whole, ResponseMode::Received);
    (0..n).for_each(|message| bench.feed(&chunk(0, message, 0, '$')));
    measure(|| (0..TIMES).for_each(|_| drop(black_box(bench.connection.poll_event()))));
    TIMES
}

fn poll_timeout(n: usize) -> usize {
    let bench = Bench::active(n);
    measure(|| {
        (0..TIMES).for_each(|_| assert!(black_box(bench.connection.poll_timeout()).is_some()));
    });
    TIMES
}

fn handle_timeout(n: usize) -> usize {
    let mut bench = Bench::active(n);
    let now = bench.now;
    measure(|| (0..TIMES).for_each(|_| bench.connection.handle_timeout(now)));
    TIMES
}

fn open(n: usize) -> usize {
    let mut bench = Bench::active(n);
    measure(|| (0..TIMES).for_each(|number| bench.open(n + number)));
    TIMES
}

fn abort(n: usize) -> usize {
    let mut bench = Bench::active(1);
    let text = |_| bench.connection.send(bench.sessions[0], OutgoingMessage::text("x")).unwrap();
    let keys: Vec<MessageKey> = (0..n).map(text).collect();
    measure(|| keys.iter().for_each(|key| bench.connection.abort(*key).unwrap()));
    n
}

fn close_session(n: usize) -> usize {
    let mut bench = Bench::active(1);
    bench.texts(n, true);
    bench.drain();
    bench.texts(n, false);
    let session = bench.sessions[0];
    measure(|| bench.connection.close_session(session).unwrap());
    n
}

fn end(n: usize) -> usize {
    let mut bench = Bench::active(n);
    (0..n).for_each(|session| bench.text(session));
    measure(|| bench.connection.receive_eof());
    n
}

/// Per session: each of the others has messages and open transactions.
fn close_among_sessions(n: usize) -> usize {
    let mut bench = with_messages(n, 1);
    measure(|| {
        let sessions = bench.sessions.iter().take(TIMES);
        sessions.for_each(|session| bench.connection.close_session(*session).unwrap());
    });
    TIMES
}

fn refuse_among_sessions(n: usize) -> usize {
    let mut bench = Bench::passive(n, ReceiveMode::Whole, ResponseMode::Received);
    (0..n).for_each(|session| bench.text(session));
    let out = bench.drain();
    let mut input = BytesMut::new();
    for (session, id) in requests(&out).take(TIMES).enumerate() {
        input.extend_from_slice(&response_to(id, session, "481 Gone"));
    }
    measure(|| bench.receive(&mut input));
    TIMES
}

/// Sessions with messages, of which half have left.
fn with_messages(sessions: usize, messages: usize) -> Bench {
    let mut bench = Bench::passive(sessions, ReceiveMode::Whole, ResponseMode::Received);
    for round in 0..2 {
        for session in 0..sessions {
            (0..messages).for_each(|_| bench.text(session));
        }
        if round == 0 {
            bench.drain();
        }
    }
    bench
}

/// Per message.
fn end_with_messages(n: usize) -> usize {
    let mut bench = with_messages(16, n / 16);
    measure(|| bench.connection.receive_eof());
    2 * n
}

fn keep_alive(n: usize) -> usize {
    let mut bench = Bench::passive(n, ReceiveMode::Whole, ResponseMode::Received);
    let mut input = BytesMut::new();
    measure(|| {
        for _ in 0..TIMES {
            bench.now += Duration::from_secs(61);
            bench.connection.handle_timeout(bench.now);
            let out = bench.drain();
            let id = requests(&out).next().expect("a keep-alive has left");
            let from = out.split("\r\n").find_map(|line| line.strip_prefix("From-Path: ")).unwrap();
            let session = from.split(['/', ';']).nth(3).unwrap()[1..].parse().unwrap();
            input.extend_from_slice(&response_to(id, session, "200 OK"));
            bench.receive(&mut input);
        }
    });
    TIMES
}

fn bind(n: usize) -> usize {
    let mut bench = Bench::passive(1, ReceiveMode::Whole, ResponseMode::Received);
    for number in 1..n + 1 {
        bench.table.insert(SessionConfig::expected(ours(number).parse().unwrap())).unwrap();
    }
    let mut input = BytesMut::new();
    for number in 0..TIMES {
        let fields = "Message-ID: bind\r\nByte-Range: 1-0/0\r\n";
        input.extend_from_slice(&request(1 + number, "bind", "SEND", fields));
    }
    measure(|| bench.receive(&mut input));
    TIMES
}

fn one_octet_writes(n: usize) -> usize {
    let mut bench = Bench::active(1);
    let message = OutgoingMessage::streamed("text/plain".parse().unwrap(), None);
    let key = bench.connection.send(bench.sessions[0], message).unwrap();
    measure(|| {
        (0..n).for_each(|_| bench.connection.body(key).unwrap().write(&b"x"[..]).unwrap());
        drop(black_box(bench.drain()));
    });
    n
}

/// Each octet makes another gap.
fn out_of_order(n: usize) -> usize {
    let mut message = Reassembler::new(u64::MAX, usize::MAX);
    measure(|| (0..n).rev().for_each(|at| message.insert(2 * at as u64, b"x").unwrap()));
    n
}

/// An octet into a gap, but for the one on which everything would join.
fn into_gaps(n: usize) -> usize {
    let mut message = Reassembler::new(u64::MAX, usize::MAX);
    (0..n).for_each(|at| message.insert(3 * at as u64, b"x").unwrap());
    let step = n / TIMES;
    measure(|| {
        (0..TIMES).for_each(|at| message.insert((3 * at * step + 1) as u64, b"x").unwrap());
    });
    TIMES
}

fn header_fields(n: usize) -> usize {
    let mut fields = String::new();
    (0..n).for_each(|number| write!(fields, "X-Field-{number:05}: value\r\n").unwrap());
    let octets = request(0, "tr000001", "SEND", &fields);
    let mut options = ParseOptions::default();
    options.headers = usize::MAX;
    options.head_octets = usize::MAX;
    measure(|| assert!(black_box(HeadRef::parse(&octets, &options)).is_ok()));
    n
}
