//! The observer: it reads every octet that either side writes or takes, and checks
//! what may be on the wire.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::Duration;

use bytes::BytesMut;
use msrp::wire::{
    Continuation, Decoder, FailureReport, Frame, Head, HeadRef, HeaderName, Method, TransactionId,
};
use msrp::{MessageId, ParseOptions, StatusCode, Tolerances};

use crate::ledger::{SERIAL, Sent};
use crate::plan::Plan;

/// The most octets of a chunk that cannot be interrupted, and the fewest of
/// one that is.
const SHORT: u64 = 2048;

pub struct Wire {
    pub writers: [Writer; 2],
    takers: [Taker; 2],
    is_hostile: bool,
}

/// What the checks need to know.
pub struct View<'a> {
    pub now: Duration,
    pub plan: &'a Plan,
    pub ledger: &'a mut Vec<Sent>,
}

struct Stream {
    decoder: Decoder,
    input: BytesMut,
    octets: u64,
}

/// Frames that have been offered to a side, and how far it has taken them.
struct Taker {
    stream: Stream,
    frames: VecDeque<(Frame, u64)>,
    taken: u64,
}

pub struct Writer {
    stream: Stream,
    pub requests: Vec<Request>,
    by_id: HashMap<TransactionId, Vec<usize>>,
    open: Open,
    messages: BTreeMap<usize, Progress>,
    /// Requests that the other side has taken.
    pub taken: usize,
    /// Sessions that have ended, in which nothing more may leave.
    silent: HashSet<usize>,
    /// Octets of responses among those that were written last.
    pub response_octets: u64,
}

enum Open {
    Other,
    Bodiless,
    Chunk { request: usize, body: Vec<u8> },
}

pub struct Request {
    pub id: TransactionId,
    method: &'static str,
    pub failure_report: FailureReport,
    success_report: bool,
    message_id: Option<MessageId>,
    pub serial: Option<usize>,
    session: Option<usize>,
    from_path: String,
    start: u64,
    range_end: Option<u64>,
    total: Option<u64>,
    pub ended: Option<Duration>,
    pub responses: Vec<StatusCode>,
    answers_taken: usize,
    pub was_hash: bool,
}

/// How far a message has left.
#[derive(Default)]
struct Progress {
    next: u64,
    last_flag: Option<Continuation>,
    /// The place in the stream after which nothing more of it may leave.
    ended_at: Option<u64>,
    no: Vec<StatusCode>,
}

impl Stream {
    fn new(tolerances: Tolerances) -> Self {
        let mut options = ParseOptions::default();
        options.tolerances = tolerances;
        Self { decoder: Decoder::new(options), input: BytesMut::new(), octets: 0 }
    }

    fn push(&mut self, octets: &[u8]) {
        self.input.extend_from_slice(octets);
        self.octets += octets.len() as u64;
    }

    // req: 4975-7.1-4 4975-7.1-5 4975-7.1-6 4975-7.1-8 4975-7.1-9 4975-7.1-10 4975-7.1-11
    fn next_valid(&mut self) -> Option<(Frame, u64)> {
        let frame = self.decoder.decode(&mut self.input);
        let frame = frame.unwrap_or_else(|error| panic!("what is written is MSRP: {error}"))?;
        if let Frame::BadHead(bad) = &frame {
            let text = String::from_utf8_lossy(bad.head().octets()).into_owned();
            panic!("every head is well-formed: {}\n{text}", bad.error());
        }
        Some((frame, self.octets - self.input.len() as u64))
    }
}

impl Writer {
    fn new(tolerances: Tolerances) -> Self {
        Self {
            stream: Stream::new(tolerances),
            requests: Vec::new(),
            by_id: HashMap::new(),
            open: Open::Other,
            messages: BTreeMap::new(),
            taken: 0,
            silent: HashSet::new(),
            response_octets: 0,
        }
    }

    /// The message has its outcome: nothing more of it may leave.
    pub fn message_ended(&mut self, serial: usize) {
        let octets = self.stream.octets;
        self.messages.entry(serial).or_default().ended_at.get_or_insert(octets);
    }

    /// Everything of the session has left.
    pub fn session_ended(&mut self, session: usize) {
        self.silent.insert(session);
    }

    /// The session has begun, perhaps again.
    pub fn session_opened(&mut self, session: usize) {
        self.silent.remove(&session);
    }

    /// How far the message has left, and the flag of its last chunk.
    pub fn progress(&self, serial: usize) -> (u64, Option<Continuation>) {
        let progress = self.messages.get(&serial);
        progress.map_or((0, None), |progress| (progress.next, progress.last_flag))
    }

    pub fn was_refused(&self, serial: usize, status: StatusCode) -> bool {
        self.messages.get(&serial).is_some_and(|progress| progress.no.contains(&status))
    }

    pub fn ids(&self) -> impl Iterator<Item = &TransactionId> {
        self.requests.iter().rev().take(4).map(|request| &request.id)
    }

    fn is_open(&self, request: &Request, timeout: Duration, now: Duration) -> bool {
        // Bodiless requests are forgotten with their session.
        request.serial.is_some()
            && request.failure_report != FailureReport::No
            && request.answers_taken == 0
            && request.ended.is_none_or(|ended| now < ended + timeout)
            && !request.was_hash
            && request.session.is_none_or(|session| !self.silent.contains(&session))
    }
}

impl Wire {
    pub fn new(plan: &Plan, is_hostile: bool) -> Self {
        // What is written is strictly valid, except that responses to a tolerated
        // request repeat what was tolerated.
        let tolerances = |side: usize| {
            if is_hostile { plan.configs[side].parse.tolerances } else { Tolerances::none() }
        };
        Self {
            writers: [Writer::new(tolerances(0)), Writer::new(tolerances(1))],
            takers: [Tolerances::none(); 2].map(|tolerances| Taker {
                stream: Stream::new(tolerances),
                frames: VecDeque::new(),
                taken: 0,
            }),
            is_hostile,
        }
    }

    /// Octets that `side` has handed to its transport.
    pub fn written(&mut self, side: usize, octets: &[u8], view: &mut View<'_>) {
        self.writers[side].response_octets = 0;
        self.writers[side].stream.push(octets);
        let mut frames = 0;
        while let Some((frame, place)) = self.writers[side].stream.next_valid() {
            if self.is_hostile {
                continue;
            }
            match frame {
                Frame::Head(head) => self.head(side, &head, view),
                Frame::Body(piece) => self.writers[side].body(&piece, place),
                Frame::End(flag) => {
                    frames += 1;
                    self.writers[side].end(flag, view);
                }
                _ => unreachable!(),
            }
        }
        if let Some(max) = view.plan.max_message(side)
            && !self.is_hostile
        {
            self.check_message(side, octets, frames, max);
        }
    }

    // req: 7977-5.1-3, 8873-5.4-1
    fn check_message(&self, side: usize, octets: &[u8], frames: usize, max: usize) {
        let is_whole = matches!(self.writers[side].open, Open::Other);
        assert!(frames == 1 && is_whole, "a message is one frame, whole, and not {frames}");
        assert!(octets.len() <= max, "a message of {} octets, {max} are allowed", octets.len());
    }

    fn head(&mut self, side: usize, head: &Head, view: &mut View<'_>) {
        let head_view = head.view();
        match (head_view.status_code(), head_view.method()) {
            (Some(status), _) => {
                self.writers[side].response_octets += head.octets().len() as u64;
                self.response(side, &head_view, status);
                self.writers[side].open = Open::Bodiless;
            }
            (None, Some(Method::Report)) => {
                self.check_transaction_is_fresh(side, &head_view, view);
                self.report(side, &head_view, view.plan);
                self.writers[side].open = Open::Bodiless;
            }
            (None, Some(Method::Nickname)) => {
                self.nickname(side, &head_view, view.plan);
                self.writers[side].open = Open::Bodiless;
            }
            (None, method) => {
                assert_eq!(method, Some(Method::Send));
                self.check_transaction_is_fresh(side, &head_view, view);
                self.send(side, &head_view, view);
            }
        }
        self.check_passive_side_is_silent(side);
    }

    // req: 4975-5.4-9
    fn check_passive_side_is_silent(&self, side: usize) {
        assert!(
            side == crate::plan::ALICE || self.writers[1 - side].taken > 0,
            "the passive side speaks first"
        );
    }

    // req: 4975-7.1-1
    fn check_transaction_is_fresh(&self, side: usize, head: &HeadRef<'_>, view: &View<'_>) {
        let writer = &self.writers[side];
        let timeout = view.plan.configs[side].transaction_timeout;
        let others = writer.by_id.get(&head.transaction_id()).into_iter().flatten();
        for index in others {
            let other = &writer.requests[*index];
            let is_open = writer.is_open(other, timeout, view.now);
            assert!(!is_open, "{:?} is the id of two open requests", head.transaction_id());
        }
    }

    fn send(&mut self, side: usize, head: &HeadRef<'_>, view: &mut View<'_>) {
        let serial = serial(head);
        let range = head.byte_range().expect("every SEND has a Byte-Range");
        let writer = &mut self.writers[side];
        let index = writer.requests.len();
        let from = head.from_path();
        let request = Request {
            id: head.transaction_id(),
            method: "SEND",
            failure_report: head.failure_report(),
            success_report: head.success_report(),
            message_id: head.message_id(),
            serial,
            session: view
                .plan
                .sessions
                .iter()
                .position(|session| session.uris[side].view().as_str() == from.as_str()),
            from_path: from.as_str().to_owned(),
            start: range.start(),
            range_end: range.end(),
            total: range.total(),
            ended: None,
            responses: Vec::new(),
            answers_taken: 0,
            was_hash: false,
        };
        writer.by_id.entry(request.id).or_default().push(index);
        writer.requests.push(request);
        if head.has_body() {
            writer.check_chunk_head(index, head, view);
            writer.open = Open::Chunk { request: index, body: Vec::new() };
        } else {
            assert!(serial.is_none() && range.start() == 1);
            writer.open = Open::Bodiless;
        }
    }

    // req: 7701-7.1-1, 7701-7.1-3
    fn nickname(&mut self, side: usize, head: &HeadRef<'_>, plan: &Plan) {
        let names: Vec<_> = head.headers().map(|(name, _)| name).collect();
        assert_eq!(names, ["To-Path", "From-Path", "Use-Nickname"]);
        let from = head.from_path().as_str();
        let writer = &mut self.writers[side];
        writer.by_id.entry(head.transaction_id()).or_default().push(writer.requests.len());
        let session = plan.sessions.iter().position(|it| it.uris[side].view().as_str() == from);
        writer.requests.push(Request {
            id: head.transaction_id(),
            method: "NICKNAME",
            failure_report: FailureReport::Yes,
            success_report: false,
            message_id: None,
            serial: None,
            session,
            from_path: from.to_owned(),
            start: 1,
            range_end: None,
            total: None,
            ended: None,
            responses: Vec::new(),
            answers_taken: 0,
            was_hash: false,
        });
    }

    // req: 4975-7.1.4-3 4975-7.1.4-4 4975-7.1.2-9 4975-7.2-2 4975-7.2-3 4975-7.2-5
    fn response(&mut self, side: usize, head: &HeadRef<'_>, status: StatusCode) {
        let other = &mut self.writers[1 - side];
        let id = head.transaction_id();
        let indices = other.by_id.get(&id).map(Vec::as_slice).unwrap_or_default();
        let taken = other.taken;
        let index = indices.iter().copied().find(|index| {
            let request = &other.requests[*index];
            *index < taken && request.responses.is_empty() && request.wants(status)
        });
        let Some(index) = index else {
            let known: Vec<_> =
                indices.iter().map(|index| other.requests[*index].describe()).collect();
            panic!("response {status:?} to {id:?} is not asked for, or the second: {known:?}");
        };
        let request = &mut other.requests[index];
        request.responses.push(status);
        assert_eq!(head.to_path().as_str(), request.from_path);
    }

    // req: 4975-7.1.3-6 4975-7.1.2-1 4975-7.1.2-2 4975-7.1.2-3 4975-7.1.2-8 4975-7.1.3-3
    // req: 4975-7.1.3-4
    fn report(&mut self, side: usize, head: &HeadRef<'_>, plan: &Plan) {
        let status = head.status().expect("a REPORT has a Status");
        assert_eq!(status.namespace, 0);
        let is_success = status.code == StatusCode::OK;
        let message_id = head.message_id().expect("a REPORT has a Message-ID");
        assert!(head.header(HeaderName::SuccessReport).is_none());
        assert!(head.header(HeaderName::FailureReport).is_none());
        let range = head.byte_range().expect("a REPORT says what it is about");
        assert!(range.end().is_some());
        let other = &self.writers[1 - side];
        let is_asked = other.requests[..other.taken].iter().any(|request| {
            let wanted = if is_success {
                request.success_report
            } else {
                request.failure_report != FailureReport::No
            };
            wanted
                && request.method == "SEND"
                && request.message_id == Some(message_id)
                && request.from_path == head.to_path().as_str()
        });
        assert!(is_asked, "the sender did not ask for REPORT {status:?} on {message_id:?}");
        let writer = &mut self.writers[side];
        let session = plan
            .sessions
            .iter()
            .position(|session| session.uris[side].view().as_str() == head.from_path().as_str())
            .expect("a REPORT comes from a session");
        assert!(!writer.silent.contains(&session), "a REPORT after the end of its session");
        let index = writer.requests.len();
        writer.by_id.entry(head.transaction_id()).or_default().push(index);
        writer.requests.push(Request {
            id: head.transaction_id(),
            method: "REPORT",
            failure_report: FailureReport::No,
            success_report: false,
            message_id: Some(message_id),
            serial: None,
            session: Some(session),
            from_path: head.from_path().as_str().to_owned(),
            start: range.start(),
            range_end: range.end(),
            total: range.total(),
            ended: None,
            responses: Vec::new(),
            answers_taken: 0,
            was_hash: false,
        });
    }

    /// Octets that `side` was offered, and how many more it has taken in all.
    pub fn taken(&mut self, side: usize, octets: &[u8], taken: usize, view: &View<'_>) {
        if self.is_hostile {
            return;
        }
        let taker = &mut self.takers[side];
        taker.taken += taken as u64;
        taker.stream.push(octets);
        while let Some(frame) = taker.stream.next_valid() {
            taker.frames.push_back(frame);
        }
        while let Some((_, place)) = taker.frames.front()
            && *place <= taker.taken
            && let Some((frame, _)) = taker.frames.pop_front()
        {
            let Frame::Head(head) = frame else { continue };
            let head = head.view();
            match head.status_code() {
                Some(status) => {
                    let config = &view.plan.configs[side];
                    let asked_after = view.now.checked_sub(config.transaction_timeout);
                    let silent = config.limits.transactions.max(1);
                    let id = head.transaction_id();
                    self.writers[side].answered(&id, status, asked_after, silent);
                }
                None => {
                    self.writers[1 - side].taken += 1;
                    self.writers[side].reported(&head, view.ledger);
                }
            }
        }
    }
}

fn serial(head: &HeadRef<'_>) -> Option<usize> {
    head.headers().find(|(name, _)| *name == SERIAL).and_then(|(_, value)| value.parse().ok())
}

impl Request {
    /// Whether its sender asks for a response with this status.
    pub fn wants(&self, status: StatusCode) -> bool {
        self.method != "REPORT"
            && match self.failure_report {
                FailureReport::Yes => true,
                FailureReport::Partial => !status.is_success(),
                _ => false,
            }
    }

    pub fn describe(&self) -> String {
        format!(
            "{} {:?} of serial {:?} from octet {}, answered {:?}",
            self.method, self.id, self.serial, self.start, self.responses
        )
    }
}

impl Writer {
    /// A late response has no effect. Nor has one to a chunk whose silence has
    /// counted as consent because too many chunks followed it.
    fn answered(
        &mut self,
        id: &TransactionId,
        status: StatusCode,
        asked_after: Option<Duration>,
        silent: usize,
    ) {
        let octets = self.stream.octets;
        let indices = self.by_id.get(id).cloned().unwrap_or_default();
        let requests = &mut self.requests;
        let index = indices
            .into_iter()
            .find(|index| requests[*index].responses.len() > requests[*index].answers_taken)
            .expect("a response was written before it is taken");
        // This many chunks whose only responses are errors are remembered.
        let is_partial = |request: &Request| request.failure_report == FailureReport::Partial;
        let behind = requests[index + 1..].iter().filter(|request| is_partial(request)).count();
        let is_forgotten = is_partial(&requests[index]) && behind >= silent;
        let request = &mut requests[index];
        request.answers_taken += 1;
        let is_in_time = request.ended.is_none_or(|ended| asked_after.is_none_or(|t| ended > t));
        if !status.is_success()
            && let Some(serial) = request.serial
        {
            let progress = self.messages.entry(serial).or_default();
            progress.no.push(status);
            if is_in_time && !is_forgotten {
                progress.ended_at.get_or_insert(octets);
            }
        }
    }

    fn reported(&mut self, head: &HeadRef<'_>, ledger: &[Sent]) {
        let (Some(status), Some(message_id)) = (head.status(), head.message_id()) else { return };
        let Some(code) = StatusCode::new(status.code.as_u16()).filter(|code| !code.is_success())
        else {
            return;
        };
        for (serial, progress) in &mut self.messages {
            if ledger.get(*serial).is_some_and(|sent| sent.message_id == Some(message_id)) {
                progress.no.push(code);
            }
        }
    }

    // req: 4975-7.1.1-2 4975-7.1.1-3 4975-7.1.1-4 4975-7.1.1-14 4975-7.1.1-15 4975-7.1.1-19
    // req: 4975-7.1.1-21 4975-7.1.1-27
    fn check_chunk_head(&mut self, index: usize, head: &HeadRef<'_>, view: &mut View<'_>) {
        let request = &self.requests[index];
        let serial = request.serial.expect("every chunk belongs to a message of the ledger");
        let sent = &mut view.ledger[serial];
        let message_id = request.message_id.expect("every chunk has a Message-ID");
        assert_eq!(*sent.message_id.get_or_insert(message_id), message_id);
        assert_eq!(head.content_type(), Some(sent.content_type));
        assert_eq!(head.success_report(), sent.success_report);
        assert_eq!(head.failure_report(), sent.failure_report);
        assert_eq!(request.session, Some(sent.session));
        let progress = self.messages.entry(serial).or_default();
        assert_eq!(request.start, progress.next + 1, "chunks leave in order and without holes");
        if let Some(last) = progress.last_flag {
            assert_eq!(last, Continuation::More, "message {serial} continues after its end");
        }
        if let Some(total) = request.total {
            let size = sent.total.unwrap_or(sent.body.len() as u64);
            assert_eq!(total, size, "the total is that of the message");
        }
    }

    // req: 4975-10.5-1 4975-10.5-2 4975-7.3.2-3
    fn body(&mut self, piece: &[u8], place: u64) {
        let Open::Chunk { request, body } = &mut self.open else {
            panic!("only chunks have a body");
        };
        body.extend_from_slice(piece);
        let serial = self.requests[*request].serial.unwrap();
        let ended_at = self.messages[&serial].ended_at;
        assert!(
            ended_at.is_none_or(|ended_at| place <= ended_at),
            "octets of message {serial} leave after its end"
        );
    }

    fn end(&mut self, flag: Continuation, view: &View<'_>) {
        match std::mem::replace(&mut self.open, Open::Other) {
            Open::Other => panic!("an end-line without a head"),
            // req: 4975-7.1.2-7
            Open::Bodiless => {
                assert_eq!(flag, Continuation::Complete);
                if let Some(request) = self.requests.last_mut() {
                    request.ended.get_or_insert(view.now);
                }
            }
            Open::Chunk { request, body } => {
                self.requests[request].ended = Some(view.now);
                self.requests[request].was_hash = flag == Continuation::Aborted;
                self.chunk_end(request, &body, flag, view);
            }
        }
    }

    fn chunk_end(&mut self, index: usize, body: &[u8], flag: Continuation, view: &View<'_>) {
        let request = &self.requests[index];
        let serial = request.serial.unwrap();
        let sent = &view.ledger[serial];
        check_end_line_is_not_in_body(&request.id, body);
        let is_framed = view.plan.is_framed;
        check_range_end(request, body.len() as u64, flag, is_framed);
        let end = request.start - 1 + body.len() as u64;
        check_octets(request, sent, body);
        check_flag(sent, end, flag);
        match view.plan.max_message(sent.side) {
            Some(max) if flag == Continuation::More && !sent.presses => {
                let writer = view.plan.configs[sent.side].limits.body_writer_octets;
                check_chunk_is_worth_it(sent, body.len(), end, max, writer);
            }
            Some(_) => {}
            None => check_short_chunk(request, sent, body.len() as u64, end, flag),
        }
        assert!(
            flag == Continuation::Aborted || !self.silent.contains(&sent.session),
            "a chunk after the end of its session"
        );
        let progress = self.messages.get_mut(&serial).unwrap();
        progress.next = end;
        progress.last_flag = Some(flag);
    }
}

// req: 4975-7.1-15 4975-7.1-16
fn check_end_line_is_not_in_body(id: &TransactionId, body: &[u8]) {
    let found = find(body, &end_line(id));
    assert!(found.is_none(), "the end-line of {id:?} is in its body");
}

// req: 4975-7.1.1-16 4975-7.1.1-17 4975-7.1.1-22 4975-5.1-1
fn check_range_end(request: &Request, len: u64, flag: Continuation, is_framed: bool) {
    match request.range_end {
        None => {}
        Some(end) => {
            assert!(len <= SHORT, "a chunk of {len} octets cannot be interrupted");
            assert_eq!(end, request.start - 1 + len);
            // A small message has no room for more.
            assert!(is_framed || flag == Continuation::Complete);
        }
    }
}

fn check_octets(request: &Request, sent: &Sent, body: &[u8]) {
    let start = usize::try_from(request.start - 1).unwrap();
    let expected = sent.body.get(start..start + body.len());
    assert_eq!(expected, Some(body), "the octets at {start} are those that were given");
    assert!(start + body.len() <= sent.given, "octets leave that were not given");
}

// req: 4975-7.1-12 4975-7.1-13 4975-7.1-14
fn check_flag(sent: &Sent, end: u64, flag: Continuation) {
    let is_end = sent.whole().is_some_and(|body| body.len() as u64 == end);
    match flag {
        Continuation::Complete => assert!(is_end, "`$` before the end"),
        Continuation::More => assert!(!is_end, "`+` at the end"),
        // Its outcome says whether it was aborted.
        Continuation::Aborted => {}
    }
}

/// A chunk below 2048 octets ends or aborts a message, or was cut because its body
/// would have spelt the end-line, or because the application had no more octets for
/// it (except the one that is held back) while others waited.
// req: 4975-7.1.1-26
fn check_short_chunk(request: &Request, sent: &Sent, len: u64, end: u64, flag: Continuation) {
    if flag != Continuation::More || len >= SHORT {
        return;
    }
    assert!(
        has_stalled(sent, end) || would_spell_end_line(request, sent, end as usize),
        "message of {} octets is cut after {len} at {end} for nothing",
        sent.body.len()
    );
}

/// Whether the application has given no octets after `end`, except the one that is held
/// back.
fn has_stalled(sent: &Sent, end: u64) -> bool {
    !sent.is_finished && end as usize + 1 >= sent.given
}

/// A chunk in a message of its own is not mostly head, unless it is the last, or the
/// application had no more octets for a while.
fn check_chunk_is_worth_it(sent: &Sent, len: usize, end: u64, max: usize, writer: usize) {
    let least = (SHORT as usize).min(max / 2).min(writer / 2);
    assert!(
        len >= least || has_stalled(sent, end),
        "a chunk of {len} in messages of {max}, {writer} to be written"
    );
}

fn would_spell_end_line(request: &Request, sent: &Sent, end: usize) -> bool {
    let needle = end_line(&request.id);
    let from = end.saturating_sub(needle.len());
    let to = (end + needle.len()).min(sent.given);
    find(&sent.body[from..to], &needle).is_some()
}

fn end_line(id: &TransactionId) -> Vec<u8> {
    [b"-------", id.as_bytes()].concat()
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = haystack[from..].iter().position(|octet| *octet == needle[0]) {
        if haystack[from + found..].starts_with(needle) {
            return Some(from + found);
        }
        from += found + 1;
    }
    None
}
