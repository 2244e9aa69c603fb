//! A room between connections: a switch acts on its answers, and participants
//! receive what was sent.

use std::collections::BTreeMap;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use msrp::wire::ByteRange;
use msrp::{
    Config, Event, Finished, IncomingKey, MessageId, MessageKey, Outcome, OutgoingMessage,
    ReceiveMode, ReportMode, ResponseMode, Role, SessionConfig, SessionKey, SessionTable,
    StatusCode,
};
use msrp_chatroom::report_body;
use msrp_cpim::CpimRef;

use super::*;
use crate::common::wire::frames;
use crate::common::{Side, path};

/// A participant, and the switch's end of the connection to them.
struct Member {
    seat: Seat,
    client: Side,
    theirs: SessionKey,
    server: Side,
    ours: Option<SessionKey>,
    /// What the client has received.
    heard: Vec<Bytes>,
    outcomes: Vec<Finished>,
    nicknames: Vec<Outcome>,
    /// The octets of an incoming message whose recipients are still unknown.
    start: BytesMut,
    copies: BTreeMap<IncomingKey, Vec<(Seat, MessageKey)>>,
}

/// A room whose sessions receive messages whole or in pieces.
struct Switch {
    room: Room,
    mode: ReceiveMode,
    members: Vec<Member>,
    now: Instant,
}

impl Switch {
    fn new(mode: ReceiveMode) -> Self {
        Self { room: room(), mode, members: Vec::new(), now: Instant::now() }
    }

    fn join(&mut self, participant: Participant) -> usize {
        let seat = self.room.join(participant).unwrap();
        let number = self.members.len();
        let local = format!("msrp://chat.example:2855/seat{number};tcp");
        let remote = format!("msrp://user.example:9/user{number};tcp");
        let table = SessionTable::new(1);
        let session = SessionConfig::expected(local.parse().unwrap())
            .accept_types(MediaTypes::new(CPIM).unwrap().wrapped("*").unwrap())
            .responses(ResponseMode::Application)
            .reports(ReportMode::Manual)
            .receive(self.mode)
            .nicknames(true);
        table.insert(session).unwrap();
        let server = Side::new(Config::default(), Role::Passive, 2 * number as u64, self.now);
        let server = server.with_table(&table);
        let client_config = Config::default();
        let mut client = Side::new(client_config, Role::Active, 2 * number as u64 + 1, self.now);
        let session = SessionConfig::new(remote.parse().unwrap(), path(&local));
        let theirs = client.connection.open(session).unwrap();
        self.members.push(Member {
            seat,
            client,
            theirs,
            server,
            ours: None,
            heard: Vec::new(),
            outcomes: Vec::new(),
            nicknames: Vec::new(),
            start: BytesMut::new(),
            copies: BTreeMap::new(),
        });
        self.settle();
        number
    }

    fn of_three(mode: ReceiveMode) -> Self {
        let mut switch = Self::new(mode);
        for uri in [ADA, BOB, CLEO] {
            switch.join(social(uri));
        }
        switch
    }

    fn send(&mut self, at: usize, content_type: &str, body: &[u8]) -> MessageKey {
        let member = &mut self.members[at];
        let media_type = MediaType::new(content_type).unwrap();
        let message = OutgoingMessage::new(media_type, body.to_vec()).success_report(true);
        member.client.connection.send(member.theirs, message).unwrap()
    }

    /// Carries all octets to all connections.
    fn settle(&mut self) {
        let mut moves = true;
        while moves {
            moves = false;
            for at in 0..self.members.len() {
                let member = &mut self.members[at];
                let octets = member.client.drain(self.now);
                member.server.feed(self.now, &octets);
                moves |= !octets.is_empty();
                for event in self.members[at].server.events() {
                    self.serve(at, event);
                }
                let member = &mut self.members[at];
                let octets = member.server.drain(self.now);
                member.client.feed(self.now, &octets);
                moves |= !octets.is_empty();
                self.hear(at);
            }
        }
    }

    fn hear(&mut self, at: usize) {
        let member = &mut self.members[at];
        for event in member.client.events() {
            match event {
                Event::Message { body, .. } => member.heard.push(body),
                Event::Finished(outcome) => member.outcomes.push(*outcome),
                Event::Nickname { outcome, .. } => member.nicknames.push(outcome),
                _ => {}
            }
        }
    }

    // The work of a switch.

    fn serve(&mut self, at: usize, event: Event) {
        let seat = self.members[at].seat;
        match event {
            Event::SessionOpened { session, .. } => self.members[at].ours = Some(session),
            Event::Message { received: message, body } => {
                let result = self.room.message(seat, message.content_type(), &body);
                let connection = &mut self.members[at].server.connection;
                match result {
                    Err(status) => assert!(connection.reject(message.key(), status).is_ok()),
                    Ok(recipients) => {
                        assert!(connection.accept(message.key()).is_ok());
                        if message.head().success_report() {
                            let range = ByteRange::whole(body.len() as u64);
                            let cpim = MediaType::new(CPIM).unwrap();
                            let report = report_body(&CpimRef::parse(&body).unwrap());
                            let report = report.unwrap().filter(|_| recipients.is_private());
                            match report {
                                None => connection.report(&message, StatusCode::OK, range),
                                Some(report) => connection.report_with_body(
                                    &message,
                                    StatusCode::OK,
                                    range,
                                    &cpim,
                                    &report,
                                ),
                            }
                            .unwrap();
                        }
                        for seat in recipients.seats() {
                            self.copy(*seat, body.clone());
                        }
                    }
                }
            }
            Event::MessageStarted { .. } => self.members[at].start.clear(),
            Event::Piece { incoming: message, data, .. } => self.pass(at, message, &data),
            Event::MessageCompleted { received: message, .. } => {
                // A message that was refused waits for no response.
                let _ = self.members[at].server.connection.accept(message.key());
                self.room.end_message(seat, message_id(message.key()));
                for (seat, key) in
                    self.members[at].copies.remove(&message.key()).unwrap_or_default()
                {
                    let to = self.member(seat);
                    to.server.connection.body(key).unwrap().finish().unwrap();
                }
            }
            Event::NicknameRequested { request, nickname, .. } => {
                let status = self.room.use_nickname(seat, nickname.as_ref());
                self.members[at].server.connection.respond_to_nickname(request, status).unwrap();
            }
            _ => {}
        }
    }

    fn member(&mut self, seat: Seat) -> &mut Member {
        self.members.iter_mut().find(|member| member.seat == seat).unwrap()
    }

    fn copy(&mut self, seat: Seat, body: Bytes) {
        let member = self.member(seat);
        let cpim = MediaType::new(CPIM).unwrap();
        let message = OutgoingMessage::new(cpim, body).success_report(true);
        member.server.connection.send(member.ours.unwrap(), message).unwrap();
    }

    /// Passes octets on once the recipients are known.
    fn pass(&mut self, at: usize, key: IncomingKey, data: &[u8]) {
        let seat = self.members[at].seat;
        if !self.members[at].start.is_empty()
            && self.room.continue_message(self.now, seat, message_id(key)).unwrap().is_some()
        {
            return self.pass_on(at, key, data);
        }
        self.members[at].start.extend_from_slice(data);
        let start = self.members[at].start.clone();
        match self.room.begin_message(self.now, seat, message_id(key), CPIM, &start) {
            Ok(None) => {}
            Err(status) => assert!(self.members[at].server.connection.reject(key, status).is_ok()),
            Ok(Some(recipients)) => {
                let copies = recipients.seats().iter().map(|to| {
                    let member = self.members.iter_mut().find(|it| it.seat == *to).unwrap();
                    let cpim = MediaType::new(CPIM).unwrap();
                    let message = OutgoingMessage::streamed(cpim, None);
                    let ours = member.ours.unwrap();
                    (*to, member.server.connection.send(ours, message).unwrap())
                });
                let copies = copies.collect();
                self.members[at].copies.insert(key, copies);
                self.pass_on(at, key, &start);
            }
        }
    }

    fn pass_on(&mut self, at: usize, key: IncomingKey, data: &[u8]) {
        for (seat, copy) in self.members[at].copies[&key].clone() {
            let mut body = self.member(seat).server.connection.body(copy).unwrap();
            body.write(data.to_vec()).unwrap();
        }
    }

    fn heard(&self) -> Vec<usize> {
        self.members.iter().map(|member| member.heard.len()).collect()
    }
}

/// A Message-ID for the room, of a message that has a key.
fn message_id(key: IncomingKey) -> MessageId {
    let text: String = format!("{key:?}").chars().filter(char::is_ascii_alphanumeric).collect();
    MessageId::new(&text).unwrap()
}

const MODES: [ReceiveMode; 2] = [ReceiveMode::Whole, ReceiveMode::Pieces];

// req: 7701-6.1-6
#[test]
fn everybody_hears_what_was_sent_octet_for_octet() {
    for mode in MODES {
        let mut switch = Switch::of_three(mode);
        let body = b"From: \"A\" <sip:ada@example.com>\r\nTo: <sip:pier@chat.example>\r\n\
            X-Odd:  kept as it is \r\n\r\nContent-Type: text/plain\r\nX-Too: yes\r\n\r\n\r\n-------a$\r\n";
        switch.send(0, CPIM, body);
        switch.settle();
        assert_eq!(switch.heard(), [0, 1, 1], "{mode:?}");
        assert_eq!(switch.members[1].heard[0], &body[..]);
        assert_eq!(switch.members[2].heard[0], &body[..]);
    }
}

// req: 7701-6.2-8, 7701-6.2-7
#[test]
fn nobody_else_hears_a_private_message() {
    for mode in MODES {
        let mut switch = Switch::of_three(mode);
        switch.join(social(CLEO));
        switch.send(0, CPIM, &wrapped(ADA, CLEO));
        switch.settle();
        assert_eq!(switch.heard(), [0, 0, 1, 1], "{mode:?}");
        assert_eq!(switch.members[2].heard[0], wrapped(ADA, CLEO));
    }
}

// req: 7701-6.1-5, 7701-6.2-3, 7701-6.2-4, 7701-6.2-5, 7701-6.2-7, 7701-6.3-1, 7701-6.3-2, 7701-6.3-3
#[test]
fn what_is_refused_is_so_in_the_response() {
    for mode in MODES {
        let mut switch = Switch::of_three(mode);
        switch.join(Participant::new("sip:dan@example.com").unwrap());
        let several = wrapped_as("text/plain", ADA, &[BOB, CLEO]);
        for (body, status) in [
            (several, 403),
            (wrapped(BOB, ROOM), 403),
            (wrapped(ADA, "sip:nobody@example.com"), 404),
            (wrapped(ADA, "sip:dan@example.com"), 428),
            (b"Hello\r\n\r\n\r\n".to_vec(), 400),
        ] {
            switch.send(0, CPIM, &body);
            switch.settle();
            let finished = switch.members[0].outcomes.pop().unwrap();
            let status = StatusCode::new(status).unwrap();
            assert_eq!(finished.outcome, Outcome::Rejected(status), "{mode:?}");
            assert_eq!(finished.response.unwrap().status, status);
        }
        switch.send(0, "text/plain", b"Hello");
        switch.settle();
        let outcome = switch.members[0].outcomes.pop().unwrap().outcome;
        assert_eq!(outcome, Outcome::Rejected(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        assert_eq!(switch.heard(), [0; 4]);
        // And the session continues.
        switch.send(0, CPIM, &wrapped(ADA, ROOM));
        switch.settle();
        assert_eq!(switch.heard(), [0, 1, 1, 1]);
    }
}

// req: 7701-6.3-4
#[test]
fn the_sender_hears_the_switchs_report_alone() {
    let mut switch = Switch::of_three(ReceiveMode::Whole);
    switch.send(0, CPIM, &wrapped(ADA, ROOM));
    switch.settle();
    let outcomes = &switch.members[0].outcomes;
    assert_eq!((outcomes.len(), outcomes[0].outcome), (1, Outcome::Delivered));
    let reports = |member: &Member| {
        let sent = frames(&member.server.sent);
        sent.into_iter().filter(|frame| frame.what == "REPORT").collect::<Vec<_>>()
    };
    let to_sender = reports(&switch.members[0]);
    assert_eq!((to_sender.len(), &to_sender[0].body), (1, &None));
    // The recipients have reported to the switch, each for its copy.
    for member in &switch.members[1..] {
        let sent = frames(&member.client.sent);
        assert_eq!(sent.iter().filter(|frame| frame.what == "REPORT").count(), 1);
    }
}

// req: 7701-6.2-6
#[test]
fn a_report_on_a_private_message_is_wrapped() {
    let mut switch = Switch::of_three(ReceiveMode::Whole);
    switch.send(0, CPIM, &wrapped(ADA, BOB));
    switch.settle();
    assert_eq!(switch.members[0].outcomes[0].outcome, Outcome::Delivered);
    let sent = frames(&switch.members[0].server.sent);
    let report = sent.iter().find(|frame| frame.what == "REPORT").unwrap();
    assert_eq!(report.header("Content-Type"), Some(CPIM));
    let body = report.body.clone().unwrap();
    let body = CpimRef::parse(&body).unwrap();
    assert_eq!(body.from().unwrap().uri(), ADA);
    assert_eq!(body.to().next().unwrap().uri(), BOB);
}

// req: 7701-7.1-8, 7701-7.1-9, 7701-7.3-1
#[test]
fn nicknames_are_asked_for_and_given() {
    let mut switch = Switch::of_three(ReceiveMode::Whole);
    for (at, nickname) in [(0, Some("Ada")), (1, Some("ADA")), (0, None), (1, Some("ADA"))] {
        let nickname = nickname.map(|it| it.parse().unwrap());
        let member = &mut switch.members[at];
        member.client.connection.ask_nickname(member.theirs, nickname.as_ref()).unwrap();
        switch.settle();
    }
    let refused = Outcome::Rejected(StatusCode::NICKNAME_IN_USE);
    assert_eq!(switch.members[0].nicknames, [Outcome::Accepted; 2]);
    assert_eq!(switch.members[1].nicknames, [refused, Outcome::Accepted]);
    let bob = switch.members[1].seat;
    assert_eq!(switch.room.nickname(bob).unwrap().as_str(), "ADA");
}

/// A message of many chunks reaches its recipients before its end is sent.
// req: 7701-6.1-8, 7701-6.1-9
#[test]
fn a_large_message_is_passed_on_while_it_comes_in() {
    let mut switch = Switch::of_three(ReceiveMode::Pieces);
    let cpim = MediaType::new(CPIM).unwrap();
    let ada = &mut switch.members[0];
    let message = OutgoingMessage::streamed(cpim, None);
    let key = ada.client.connection.send(ada.theirs, message).unwrap();
    let mut whole = wrapped(ADA, ROOM);
    let write = |switch: &mut Switch, octets: Vec<u8>| {
        let mut body = switch.members[0].client.connection.body(key).unwrap();
        body.write(octets).unwrap();
        switch.settle();
    };
    write(&mut switch, whole.clone());
    for n in 0..20u8 {
        let before = switch.members[1].server.sent.len();
        write(&mut switch, vec![b'a' + n; 10_000]);
        whole.extend_from_slice(&vec![b'a' + n; 10_000]);
        assert!(switch.members[1].server.sent.len() > before + 9_000);
        if n == 5 {
            switch.join(social("sip:late@example.com"));
        }
    }
    assert_eq!(switch.heard(), [0; 4]);
    switch.members[0].client.connection.body(key).unwrap().finish().unwrap();
    switch.settle();
    assert_eq!(switch.heard(), [0, 1, 1, 0]);
    assert!(switch.members[1].heard[0] == whole && switch.members[2].heard[0] == whole);
}
