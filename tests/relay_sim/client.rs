//! A client: what its application does, and the events it gets.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use msrp::auth::Credentials;
use msrp::wire::FailureReport;
use msrp::{
    Authentication, Bind, CloseReason, Config, Connection, Event, Finished, IncomingKey, MediaType,
    MessageKey, MsrpUri, OutgoingMessage, Path, ReceiveMode, Received, RelayRoute, ReportMode,
    Role, SessionConfig, SessionKey, SessionTable,
};

use crate::ledger::{SERIAL, Sent, length, marked};
use crate::plan::{Kind, SidePlan, chance, client_host, pick, relay_host, scheme};
use crate::watch::serial_of;
use crate::wire::End;
use crate::world::World;

pub const PASSWORD: &str = "open sesame";

pub struct Client {
    pub plan: SidePlan,
    pub local: MsrpUri,
    pub config: Config,
    table: SessionTable,
    /// `None` before a connection is requested or accepted.
    pub connection: Option<Connection>,
    pub wire: Option<usize>,
    pub route: Option<RelayRoute>,
    pub session: Option<SessionKey>,
    /// The application takes no events until that step.
    pub slow_until: u64,
    /// Its session or connection is over.
    pub has_ended: bool,
    /// It knows from a response or REPORT that its session has lost something.
    pub is_told_of_a_loss: bool,
    by_key: BTreeMap<MessageKey, usize>,
    incoming: BTreeMap<IncomingKey, Vec<bool>>,
    completed: BTreeSet<usize>,
}

impl Client {
    pub fn new(number: usize, plan: &SidePlan, is_secure: bool, id: u64) -> Self {
        let transport = if plan.config.framing == msrp::Framing::Stream { "tcp" } else { "ws" };
        let (scheme, host) = (scheme(is_secure), client_host(number));
        let local: MsrpUri =
            format!("{scheme}://{host}:7000/s{id:016x};{transport}").parse().unwrap();
        let table = SessionTable::new(4);
        table.insert(taking(plan, SessionConfig::expected(local.clone()))).unwrap();
        Self {
            plan: plan.clone(),
            local,
            config: plan.config.clone(),
            table,
            connection: None,
            wire: None,
            route: None,
            session: None,
            slow_until: 0,
            has_ended: false,
            is_told_of_a_loss: false,
            by_key: BTreeMap::new(),
            incoming: BTreeMap::new(),
            completed: BTreeSet::new(),
        }
    }

    pub const fn is_websocket(&self) -> bool {
        matches!(self.config.framing, msrp::Framing::Message { .. })
    }

    /// The path for its peer, once it is known.
    pub fn path(&self) -> Option<Path> {
        match &self.route {
            Some(route) => Some(route.path()),
            None => self.plan.relays.is_empty().then(|| self.local.clone().into()),
        }
    }

    pub fn is_closed(&self) -> bool {
        self.connection.as_ref().is_some_and(Connection::is_closed)
    }
}

fn taking(plan: &SidePlan, session: SessionConfig) -> SessionConfig {
    let receive = if plan.takes_pieces { ReceiveMode::Pieces } else { ReceiveMode::Whole };
    let reports = if plan.reports_chunks { ReportMode::EachChunk } else { ReportMode::Whole };
    session.receive(receive).reports(reports)
}

impl World {
    /// Connects a client to its own relay and asks for a route.
    pub fn authenticate(&mut self, number: usize) {
        let is_secure = self.plan.is_secure;
        let client = &self.clients[number];
        let relays = client.plan.relays.clone();
        let Some(first) = relays.first().copied() else { return };
        let is_websocket = client.is_websocket();
        // RFC 7977 section 5.3.1: the user can be known from the handshake.
        let is_known = is_websocket && chance(&mut self.rng, 30);
        self.connect_client(number, first, is_known);
        let address = |relay: usize, port, transport| -> MsrpUri {
            let text = format!("{}://{}:{port};{transport}", scheme(is_secure), relay_host(relay));
            text.parse().unwrap()
        };
        let first =
            if is_websocket { address(first, 443, "ws") } else { address(first, 2855, "tcp") };
        let local = self.clients[number].local.clone();
        let mut wanted = if is_secure {
            Authentication::over_tls(local, first)
        } else {
            Authentication::without_tls(local, first)
        };
        for outer in &relays[1..] {
            wanted = wanted.outer(address(*outer, 2855, "tcp"));
        }
        wanted = wanted.credentials(Credentials::new(format!("client{number}"), PASSWORD));
        self.clients[number].connection.as_mut().unwrap().authenticate(wanted).unwrap();
    }

    fn connect_client(&mut self, number: usize, relay: usize, is_known: bool) {
        let user = is_known.then(|| format!("client{number}"));
        let framing = self.clients[number].config.framing;
        let wire = self.accept(relay, End::Client(number), framing, user).expect("there is room");
        self.attach(number, wire, Role::Active);
    }

    /// Attaches a connection to a client.
    pub fn attach(&mut self, number: usize, wire: usize, role: Role) {
        let (random, now) = (self.random(), self.instant());
        let client = &mut self.clients[number];
        let config = client.config.clone().into();
        let connection = Connection::new(config, role, random, now).unwrap();
        client.connection = Some(connection.with_table(client.table.clone()));
        client.wire = Some(wire);
    }

    /// Opens the session of a pair whose paths are known.
    pub fn open(&mut self, pair: usize) {
        let opener = 2 * pair + self.plan.pairs[pair].opener;
        let peer = opener ^ 1;
        let (own, theirs) = (self.clients[opener].path(), self.clients[peer].path());
        let (Some(_), Some(theirs)) = (own, theirs) else { return };
        if self.clients[opener].session.is_some() || self.clients[opener].has_ended {
            return;
        }
        if self.clients[opener].connection.is_none() {
            let outermost = *self.clients[peer].plan.relays.last().unwrap();
            self.connect_client(opener, outermost, false);
        }
        let client = &mut self.clients[opener];
        let to = client.route.as_ref().map_or(theirs.clone(), |route| route.to_path(&theirs));
        let mut session = taking(&client.plan, SessionConfig::new(client.local.clone(), to));
        let sends_at_once = self.plan.kind == Kind::Slow && client.plan.message_octets.is_some();
        if sends_at_once {
            session = session.bind(Bind::FirstMessage);
        }
        // The side that opens a session waits for none.
        client.table.remove(&client.local);
        let connection = client.connection.as_mut().unwrap();
        client.session = Some(connection.open(session).unwrap());
        if sends_at_once {
            self.send(opener);
            self.go_on(opener, true);
        }
    }

    /// One action of an application.
    pub fn act(&mut self, number: usize) {
        match self.rng.below(12) {
            0..=4 => self.send(number),
            5..=8 => drop(self.go_on(number, false)),
            9 if chance(&mut self.rng, 20) => self.abort(number),
            10 if self.may_fail() && chance(&mut self.rng, 20) => {
                self.clients[number].slow_until = self.step + self.rng.below(400);
            }
            _ => {}
        }
    }

    pub fn send(&mut self, number: usize) {
        let serial = self.ledger.len();
        let most = self.plan.most_messages * self.clients.len();
        let client = &mut self.clients[number];
        let (Some(session), Some(connection)) = (client.session, &mut client.connection) else {
            return;
        };
        if client.has_ended || serial >= most {
            return;
        }
        let rng = &mut self.rng;
        let octets = client.plan.message_octets.unwrap_or_else(|| length(rng));
        let body = marked(number, number ^ 1, serial, octets);
        let is_streamed = chance(rng, 40);
        let media_type = MediaType::text_plain();
        let mut message = if is_streamed {
            let total = chance(rng, 50).then_some(body.len() as u64);
            OutgoingMessage::streamed(media_type, total)
        } else {
            OutgoingMessage::new(media_type, body.clone())
        };
        let (failure_report, success_report) = if self.plan.kind == Kind::Slow {
            // It has its outcome as soon as it has left, so that the next one follows.
            (FailureReport::Yes, false)
        } else {
            let (yes, partial, no) =
                (FailureReport::Yes, FailureReport::Partial, FailureReport::No);
            (pick(rng, &[yes, yes, partial, no]), chance(rng, 30))
        };
        message = message
            .header(SERIAL, serial.to_string())
            .failure_report(failure_report)
            .success_report(success_report)
            .report_timeout(std::time::Duration::from_secs(60));
        // A session can have ended before its application knows.
        let Ok(key) = connection.send(session, message) else { return };
        client.by_key.insert(key, serial);
        self.tell(|_| {
            format!("client {number} sends {serial}, {} octets, {failure_report:?}", body.len())
        });
        self.ledger.push(Sent {
            from: number,
            to: number ^ 1,
            key,
            message_id: None,
            given: if is_streamed { 0 } else { body.len() },
            is_finished: !is_streamed,
            body,
            failure_report,
            was_aborted: false,
            outcome: None,
            late_failures: 0,
            completed: 0,
        });
    }

    /// Gives streamed bodies more octets. Returns whether there was room for any.
    pub fn go_on(&mut self, number: usize, to_the_end: bool) -> bool {
        let mut has_given = false;
        let client = &mut self.clients[number];
        let Some(connection) = &mut client.connection else { return false };
        for sent in &mut self.ledger {
            if sent.from != number || sent.is_finished || sent.outcome.is_some() {
                continue;
            }
            let Ok(mut writer) = connection.body(sent.key) else { continue };
            let rest = sent.body.len() - sent.given;
            let most = if to_the_end { rest } else { rest.min(self.rng.below(20_000) as usize) };
            let len = most.min(writer.room());
            if len > 0 {
                writer.write(sent.body.slice(sent.given..sent.given + len)).unwrap();
                sent.given += len;
                has_given = true;
            }
            if sent.given == sent.body.len() {
                writer.finish().unwrap();
                sent.is_finished = true;
                has_given = true;
            }
        }
        has_given
    }

    fn abort(&mut self, number: usize) {
        let Some(connection) = &mut self.clients[number].connection else { return };
        let open =
            self.ledger.iter_mut().filter(|sent| sent.from == number && sent.outcome.is_none());
        let Some(sent) = open.last() else { return };
        sent.was_aborted = true;
        let _ = connection.abort(sent.key);
    }

    /// The application takes events. Returns whether there were any.
    pub fn events(&mut self, number: usize) -> bool {
        if self.step < self.clients[number].slow_until {
            return false;
        }
        let mut count = 0;
        while let Some(connection) = &mut self.clients[number].connection
            && let Some(event) = connection.poll_event()
        {
            count += 1;
            self.tell(|_| format!("client {number} hears {event:?}"));
            // A route contains an instant, which differs from run to run.
            if !matches!(event, Event::Authenticated { .. }) {
                self.record(|| format!("{number} {event:?}"));
            }
            self.event(number, event);
        }
        count > 0
    }

    fn event(&mut self, number: usize, event: Event) {
        match event {
            Event::Authenticated { route, .. } => {
                self.check_authenticated(number);
                self.clients[number].route = Some(route);
                self.open(number / 2);
            }
            Event::AuthenticationFailed { reason, .. } => {
                let may_fail = self.may_fail() && self.plan.storm.is_none();
                assert!(may_fail, "no route: {reason}");
                self.clients[number].has_ended = true;
            }
            Event::SessionOpened { session, .. } => self.session_opened(number, session),
            Event::SessionClosed { session, reason, .. } => {
                assert!(self.may_fail(), "the session of {number} ends: {reason:?}");
                let client = &mut self.clients[number];
                if client.session == Some(session) {
                    client.has_ended = true;
                    let is_by_end = matches!(
                        reason,
                        CloseReason::Local | CloseReason::Silent | CloseReason::ConnectionClosed
                    );
                    client.is_told_of_a_loss |= !is_by_end;
                }
            }
            Event::Message { received: message, body } => self.message(number, &message, &body),
            Event::MessageStarted { received: message } => {
                let serial = self.serial_of(number, &message);
                let seen = vec![false; self.ledger[serial].body.len()];
                self.clients[number].incoming.insert(message.key(), seen);
            }
            Event::Piece { incoming: message, offset, data } => {
                self.piece(number, message, offset, &data)
            }
            Event::MessageCompleted { received: message, total } => {
                self.pieces_end(number, &message, total)
            }
            Event::MessageFailed { received: message, .. } => {
                let serial = self.serial_of(number, &message);
                self.clients[number].incoming.remove(&message.key());
                let sent = &self.ledger[serial];
                assert!(sent.was_aborted || self.may_fail(), "{serial} fails");
            }
            Event::Finished(outcome) => self.outcome(number, &outcome),
            Event::LateFailure { message_id, .. } => self.late_failure(number, message_id),
            Event::Closed(end) => {
                assert!(self.may_fail(), "the connection of {number} ends: {end:?}");
                self.clients[number].has_ended = true;
            }
            _ => {}
        }
    }

    fn session_opened(&mut self, number: usize, session: SessionKey) {
        // Messages in transit can bind a failed session again.
        let client = &mut self.clients[number];
        let is_first = client.session.is_none_or(|known| known == session);
        assert!(is_first || client.has_ended, "a second session");
        client.session.get_or_insert(session);
    }

    /// Only its addressee receives a message.
    fn serial_of(&self, number: usize, received: &Received) -> usize {
        let serial = serial_of(&received.head()).expect("a message of the ledger");
        let sent = &self.ledger[serial];
        assert_eq!(sent.to, number, "{serial} reaches somebody else");
        let client = &self.clients[number];
        assert!(client.has_ended || client.session == Some(received.session()));
        serial
    }

    // req: 4975-7.1-11
    fn message(&mut self, number: usize, received: &Received, body: &Bytes) {
        let serial = self.serial_of(number, received);
        assert!(self.ledger[serial].body == body, "{serial} arrives with other octets");
        self.completed(number, serial);
    }

    fn piece(&mut self, number: usize, key: IncomingKey, offset: u64, data: &Bytes) {
        let places = offset as usize..offset as usize + data.len();
        // The mark identifies the message, and the last event completes it.
        let seen = self.clients[number].incoming.get_mut(&key).expect("it has started");
        seen[places.clone()].fill(true);
        let is_of = |sent: &&Sent| sent.to == number && sent.body.get(places.clone()) == Some(data);
        assert!(self.ledger.iter().any(|sent| is_of(&sent)), "octets at {offset} are others");
    }

    fn pieces_end(&mut self, number: usize, received: &Received, total: u64) {
        let serial = self.serial_of(number, received);
        assert_eq!(total, self.ledger[serial].body.len() as u64);
        let seen = self.clients[number].incoming.remove(&received.key()).expect("has started");
        assert!(seen.iter().all(|seen| *seen), "octets of {serial} are missing");
        self.completed(number, serial);
    }

    fn completed(&mut self, number: usize, serial: usize) {
        let sent = &mut self.ledger[serial];
        assert!(sent.is_finished, "{serial} is whole before its end has left");
        sent.completed += 1;
        assert!(self.clients[number].completed.insert(serial), "{serial} arrives twice");
    }

    fn outcome(&mut self, number: usize, outcome: &Finished) {
        let serial = self.clients[number].by_key[&outcome.message];
        let may_fail = self.may_fail();
        let sent = &mut self.ledger[serial];
        assert!(sent.outcome.is_none(), "{serial} has two outcomes");
        assert_eq!(sent.from, number);
        sent.outcome = Some(outcome.outcome);
        sent.message_id = Some(outcome.message_id);
        let is_right = outcome.outcome.is_success() || sent.was_aborted || may_fail;
        assert!(is_right, "{serial} comes to {:?}", outcome.outcome);
    }

    fn late_failure(&mut self, number: usize, message_id: msrp::MessageId) {
        assert!(self.may_fail(), "a message of {number} is lost");
        let of_message =
            |sent: &&mut Sent| sent.from == number && sent.message_id == Some(message_id);
        let sent = self.ledger.iter_mut().find(of_message).expect("a message that was sent");
        sent.late_failures += 1;
    }
}
