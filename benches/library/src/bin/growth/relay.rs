//! Operations of a relay.

use std::time::Duration;

use bytes::{Buf, BytesMut};
use msrp::Instant;
use msrp::auth::{Algorithm, Credentials, DigestClient, Ha1};
use msrp::relay::{
    ConnectionId, Peer, Relay, RelayConfig, RelayEvent, RelayLimits, Security, Verdict,
};
use msrp_bench::Seeded;

use crate::{Operation, TIMES, measure};

const RELAY: &str = "msrps://relay.example:2855;tcp";
const CLIENT: &str = "msrps://client.example:2855/c;tcp";

pub(crate) const OPERATIONS: [Operation; 28] = [
    ("relay: SEND, connections", send_among_connections),
    ("relay: SEND, transactions", send_among_transactions),
    ("relay: SEND, peers", send_among_peers),
    ("relay: SEND, flows", send_among_flows),
    ("relay: response, transactions", response),
    ("relay: REPORT, connections", report),
    ("relay: SEND to a full queue, waiters", send_to_full_queue),
    ("relay: AUTH, tokens", auth),
    ("relay: AUTH answered, waiting AUTHs", auth_answered),
    ("relay: AUTH at the limit, tokens", auth_at_limit),
    ("relay: AUTH at its limit, user's tokens", auth_at_limit_of_user),
    ("relay: AUTH at the limit, waiting AUTHs", auth_among_too_many),
    ("relay: token expires, tokens", token_expires),
    ("relay: accept, connections", accept),
    ("relay: accept at the limit, clients", accept_among_clients),
    ("relay: accept at the limit, strangers", accept_among_strangers),
    ("relay: accept at the limit, closing", accept_among_closing),
    ("relay: accept at its limit, source's", accept_at_limit_of_source),
    ("relay: closed, connections", closed),
    ("relay: closed, waiting AUTHs", closed_among_auths),
    ("relay: closed, its transactions", closed_with_transactions),
    ("relay: shut, transactions of others", shut),
    ("relay: shut, others of its destination", shut_among_transactions),
    ("relay: REPORTs of a step, what is lost", report_losses),
    ("relay: flow ends, chunks of others", flow_ends),
    ("relay: transmit without room, waiters", transmit_among_waiters),
    ("relay: poll_timeout, connections", poll_timeout),
    ("relay: handle_timeout, connections", handle_timeout),
];

struct Bench {
    relay: Relay,
    now: Instant,
    /// What leaves, by connection.
    sent: Vec<(ConnectionId, String)>,
    ids: usize,
    /// Whether what leaves stays where it is.
    is_stalled: bool,
}

/// A connection, and its token.
type Client = (ConnectionId, String);

impl Bench {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut RelayLimits)) -> Self {
        let mut config = RelayConfig::new(RELAY.parse().unwrap(), "relay.example");
        let limits = &mut config.limits;
        limits.connections = 1_000_000;
        limits.principal_connections = 1_000_000;
        limits.tokens = usize::MAX;
        limits.user_tokens = usize::MAX;
        limits.pending_auths = usize::MAX;
        limits.connection_peers = usize::MAX;
        limits.memory_octets = usize::MAX;
        limits.transactions = usize::MAX;
        change(limits);
        let now = Instant::now();
        let relay = Relay::new(config, Seeded(1), now).unwrap();
        Self { relay, now, sent: Vec::new(), ids: 0, is_stalled: false }
    }

    fn id(&mut self) -> String {
        self.ids += 1;
        format!("t{:07}", self.ids)
    }

    fn connect(&mut self, peer: Peer) -> ConnectionId {
        self.relay.accept(self.now, peer).unwrap()
    }

    fn give(&mut self, link: ConnectionId, octets: &[u8]) {
        self.receive(link, octets);
        self.sent.clear();
    }

    fn receive(&mut self, link: ConnectionId, octets: &[u8]) {
        let mut input = BytesMut::from(octets);
        self.relay.receive(self.now, link, &mut input).unwrap();
        self.drain();
    }

    /// Lets everything leave.
    fn drain(&mut self) {
        while let Some((link, mut transmit)) = self.relay.poll_transmit(self.now) {
            let octets = transmit.copy_to_bytes(transmit.remaining());
            self.sent.push((link, String::from_utf8(octets.to_vec()).unwrap()));
            if !self.is_stalled {
                self.relay.written(link);
            }
        }
        while self.relay.poll_event().is_some() {}
    }

    /// The value of a header field of the last frame that has left.
    fn header(&self, name: &str) -> String {
        let (_, frame) = self.sent.last().unwrap();
        let value = |line: &str| Some(line.strip_prefix(name)?.strip_prefix(": ")?.to_owned());
        frame.lines().find_map(value).unwrap()
    }

    /// A client of a user of its own.
    fn client(&mut self) -> Client {
        let user = self.id();
        let link = self.connect(tls().user(user));
        let token = self.token(link, "");
        (link, token)
    }

    fn token(&mut self, link: ConnectionId, fields: &str) -> String {
        let auth = request("AUTH", &self.id(), RELAY, CLIENT, fields);
        self.sent.clear();
        self.receive(link, &auth);
        self.header("Use-Path")
    }

    /// Somebody who has sent to a client.
    fn peer_of(&mut self, (_, token): &Client) -> (ConnectionId, String) {
        let (link, uri) =
            (self.connect(tls()), format!("msrps://peer.example:9/{};tcp", self.id()));
        let send = self.send(token, &uri);
        self.give(link, &send);
        (link, uri)
    }

    /// So many connect.
    fn newcomers(&mut self, count: usize) -> usize {
        measure(|| {
            for _ in 0..count {
                self.connect(tls());
                self.drain();
            }
        });
        count
    }

    /// A SEND to the client with this token.
    fn send(&mut self, token: &str, from: &str) -> Vec<u8> {
        chunk(&self.id(), &format!("{token} {CLIENT}"), from)
    }

    /// So many clients, each with a peer.
    fn pairs(&mut self, n: usize) {
        for _ in 0..n {
            let client = self.client();
            self.peer_of(&client);
        }
    }

    /// So many SENDs to a client, each on a connection of its own, without a response.
    fn unanswered(&mut self, n: usize) -> (Client, Vec<ConnectionId>) {
        let client = self.client();
        let links = (0..n).map(|_| self.peer_of(&client).0).collect();
        (client, links)
    }

    /// So many SENDs to a client, all on one connection, without a response.
    fn unanswered_by_one(&mut self, n: usize) -> Client {
        let client = self.client();
        let (link, uri) = self.peer_of(&client);
        for _ in 0..n {
            let send = self.send(&client.1, &uri);
            self.give(link, &send);
        }
        client
    }

    /// A SEND of 20,000 octets without a response.
    fn long_send(&mut self, token: &str, from: &str) -> Vec<u8> {
        let (id, body) = (self.id(), "x".repeat(20_000));
        let fields = format!(
            "Message-ID: {id}\r\nByte-Range: 1-20000/20000\r\nFailure-Report: no\r\n\
             Content-Type: text/plain\r\n\r\n{body}\r\n"
        );
        request("SEND", &id, &format!("{token} {CLIENT}"), from, &fields)
    }

    /// A client that takes nothing, for which so many connections wait, and what a few more
    /// are about to send.
    fn full_queue(&mut self, n: usize) -> (Client, Vec<(ConnectionId, Vec<u8>)>) {
        let client = self.client();
        let peers: Vec<_> = (0..n + TIMES).map(|_| self.peer_of(&client)).collect();
        let mut sends = Vec::new();
        for (link, uri) in peers {
            sends.push((link, self.long_send(&client.1, &uri)));
        }
        let last = sends.split_off(n);
        self.is_stalled = true;
        sends.iter().for_each(|(link, octets)| self.give(*link, octets));
        (client, last)
    }

    /// So many AUTHs on which the application has not decided.
    fn waiting_auths(&mut self, n: usize) -> Vec<ConnectionId> {
        (0..n).map(|_| self.waiting_auth()).collect()
    }

    fn waiting_auth(&mut self) -> ConnectionId {
        let link = self.connect(tls());
        let auth = self.credentials(link);
        let mut input = BytesMut::from(&auth[..]);
        self.relay.receive(self.now, link, &mut input).unwrap();
        link
    }

    /// An AUTH with credentials on each of `TIMES` new connections.
    fn auths_of_newcomers(&mut self) -> Vec<(ConnectionId, Vec<u8>)> {
        let links: Vec<_> = (0..TIMES).map(|_| self.connect(tls())).collect();
        links.into_iter().map(|link| (link, self.credentials(link))).collect()
    }

    fn credentials(&mut self, link: ConnectionId) -> Vec<u8> {
        let auth = request("AUTH", &self.id(), RELAY, CLIENT, "");
        self.sent.clear();
        self.receive(link, &auth);
        let mut client = DigestClient::new(Credentials::new("user", "secret"));
        client.challenged([&self.header("WWW-Authenticate")[..]].into_iter()).unwrap();
        let value = client.authorization(RELAY, true, &mut Seeded(2)).unwrap().unwrap();
        request("AUTH", &self.id(), RELAY, CLIENT, &format!("Authorization: {value}\r\n"))
    }
}

fn tls() -> Peer {
    Peer::new(Security::Tls)
}

fn request(method: &str, id: &str, to: &str, from: &str, fields: &str) -> Vec<u8> {
    format!("MSRP {id} {method}\r\nTo-Path: {to}\r\nFrom-Path: {from}\r\n{fields}-------{id}$\r\n")
        .into_bytes()
}

fn chunk(id: &str, to: &str, from: &str) -> Vec<u8> {
    let fields = format!(
        "Message-ID: {id}\r\nByte-Range: 1-5/5\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
    );
    request("SEND", id, to, from, &fields)
}

/// Does something with each octets, prepared beforehand.
fn receive_each(bench: &mut Bench, inputs: Vec<(ConnectionId, Vec<u8>)>) -> usize {
    let times = inputs.len();
    measure(|| inputs.iter().for_each(|(link, octets)| bench.receive(*link, octets)));
    times
}

fn send_among_connections(n: usize) -> usize {
    let mut bench = Bench::new();
    let client = bench.client();
    let (_, uri) = bench.peer_of(&client);
    bench.pairs(n);
    let path = format!("{} {uri}", client.1);
    let sends = (0..TIMES).map(|_| (client.0, chunk(&bench.id(), &path, CLIENT))).collect();
    receive_each(&mut bench, sends)
}

fn send_among_transactions(n: usize) -> usize {
    let mut bench = Bench::new();
    let (client, _) = bench.unanswered(n);
    let (link, uri) = bench.peer_of(&client);
    let sends = (0..TIMES).map(|_| (link, bench.send(&client.1, &uri))).collect();
    receive_each(&mut bench, sends)
}

/// One connection has all of them.
fn send_among_peers(n: usize) -> usize {
    let mut bench = Bench::new();
    let client = bench.client();
    let (link, _) = bench.peer_of(&client);
    let mut sends = Vec::new();
    for number in 0..n + TIMES {
        let uri = format!("msrps://peer.example:9/other{number};tcp");
        sends.push((link, bench.send(&client.1, &uri)));
    }
    let last = sends.split_off(n);
    sends.iter().for_each(|(link, octets)| bench.give(*link, octets));
    receive_each(&mut bench, last)
}

fn send_among_flows(n: usize) -> usize {
    let mut bench = Bench::new();
    let link = bench.connect(tls().relay_names(vec!["next.example".into()]));
    let mut sends = Vec::new();
    for number in 0..n + TIMES {
        // A token has so many flows at most.
        let client = bench.client();
        let from = format!("msrps://next.example:2855/s{number};tcp msrps://b.example:9/b;tcp");
        sends.push((link, bench.send(&client.1, &from)));
    }
    let last = sends.split_off(n);
    sends.iter().for_each(|(link, octets)| bench.give(*link, octets));
    receive_each(&mut bench, last)
}

fn response(n: usize) -> usize {
    let mut bench = Bench::new();
    let (client, _) = bench.unanswered(n);
    let (link, uri) = bench.peer_of(&client);
    let mut responses = Vec::new();
    for _ in 0..TIMES {
        let send = bench.send(&client.1, &uri);
        bench.sent.clear();
        bench.receive(link, &send);
        let (_, sent) = bench.sent.iter().find(|(to, _)| *to == client.0).unwrap();
        let id = sent.split(' ').nth(1).unwrap();
        responses.push((client.0, request("200 OK", id, &client.1, CLIENT, "")));
    }
    receive_each(&mut bench, responses)
}

fn report(n: usize) -> usize {
    let mut bench = Bench::new();
    let client = bench.client();
    let (link, uri) = bench.peer_of(&client);
    bench.pairs(n);
    let to = format!("{} {CLIENT}", client.1);
    let fields = "Message-ID: m\r\nByte-Range: 1-5/5\r\nStatus: 000 200 OK\r\n";
    let reports =
        (0..TIMES).map(|_| (link, request("REPORT", &bench.id(), &to, &uri, fields))).collect();
    receive_each(&mut bench, reports)
}

/// So many already wait for the client.
fn send_to_full_queue(n: usize) -> usize {
    let mut bench = Bench::new();
    let (_, last) = bench.full_queue(n);
    receive_each(&mut bench, last)
}

fn auths(bench: &mut Bench) -> usize {
    let link = bench.connect(tls().user("user"));
    let auths =
        (0..TIMES).map(|_| (link, request("AUTH", &bench.id(), RELAY, CLIENT, ""))).collect();
    receive_each(bench, auths)
}

fn auth(n: usize) -> usize {
    let mut bench = Bench::new();
    bench.pairs(n);
    auths(&mut bench)
}

/// Each of n users has two tokens.
fn auth_at_limit(n: usize) -> usize {
    let mut bench = Bench::with(|limits| limits.tokens = 2 * n);
    for _ in 0..n {
        let (link, _) = bench.client();
        bench.token(link, "");
    }
    auths(&mut bench)
}

/// The user has as many tokens as it may.
fn auth_at_limit_of_user(n: usize) -> usize {
    let mut bench = Bench::with(|limits| limits.user_tokens = n);
    let link = bench.connect(tls().user("user"));
    (0..n).for_each(|_| drop(bench.token(link, "")));
    auths(&mut bench)
}

/// As many AUTHs wait as may.
fn auth_among_too_many(n: usize) -> usize {
    let mut bench = Bench::with(|limits| limits.pending_auths = n);
    bench.waiting_auths(n);
    let auths = bench.auths_of_newcomers();
    receive_each(&mut bench, auths)
}

fn auth_answered(n: usize) -> usize {
    let mut bench = Bench::new();
    bench.waiting_auths(n);
    let auths = bench.auths_of_newcomers();
    let secret = Ha1::new(Algorithm::Sha256, "user", "relay.example", "secret");
    bench.drain();
    measure(|| {
        for (link, octets) in &auths {
            let mut input = BytesMut::from(&octets[..]);
            bench.relay.receive(bench.now, *link, &mut input).unwrap();
            while let Some(event) = bench.relay.poll_event() {
                if let RelayEvent::Authorise { request, .. } = event {
                    bench.relay.authorise(bench.now, request, Verdict::Known(secret.clone()));
                }
            }
        }
    });
    TIMES
}

fn token_expires(n: usize) -> usize {
    let mut bench = Bench::new();
    (0..n).for_each(|_| drop(bench.client()));
    let (link, _) = bench.client();
    for _ in 0..TIMES {
        bench.token(link, "Expires: 60\r\n");
    }
    let later = bench.now + Duration::from_secs(60);
    // Connections on probation are due before, and may be more than one call handles.
    let before = later - Duration::from_secs(1);
    while bench.relay.poll_timeout().is_some_and(|due| due <= before) {
        bench.relay.handle_timeout(before);
        bench.drain();
    }
    measure(|| bench.relay.handle_timeout(later));
    TIMES
}

fn accept(n: usize) -> usize {
    let mut bench = Bench::new();
    bench.pairs(n);
    measure(|| (0..TIMES).for_each(|_| _ = bench.connect(tls())));
    TIMES
}

/// Per newcomer: the longest idle client gives way.
fn accept_among_clients(n: usize) -> usize {
    let mut bench = Bench::with(|limits| limits.connections = n);
    (0..n).for_each(|_| _ = bench.client());
    bench.now += Duration::from_secs(60);
    bench.newcomers(n / 8)
}

/// Per newcomer: another one gives way.
fn accept_among_strangers(n: usize) -> usize {
    let mut bench = Bench::with(|limits| limits.connections = n);
    (0..n).for_each(|_| _ = bench.connect(tls()));
    bench.newcomers(n / 8)
}

/// The places of connections that close are needed before their last responses have left.
fn accept_among_closing(n: usize) -> usize {
    let mut bench = Bench::with(|limits| limits.connections = n);
    bench.is_stalled = true;
    let links: Vec<_> = (0..n).map(|_| bench.connect(tls())).collect();
    for link in links {
        let refused = request("AUTH", &bench.id(), RELAY, CLIENT, "");
        bench.give(link, &refused);
        bench.relay.revoke(link);
    }
    bench.drain();
    measure(|| (0..TIMES).for_each(|_| _ = bench.connect(tls())));
    TIMES
}

/// All from one source, which has as many as it may.
fn accept_at_limit_of_source(n: usize) -> usize {
    let mut bench = Bench::with(|limits| limits.principal_connections = n);
    let peer = tls().address([192, 0, 2, 1].into());
    let client = bench.client();
    for _ in 0..n {
        let (link, uri) = (bench.connect(peer.clone()), bench.id());
        let send = bench.send(&client.1, &format!("msrps://peer.example:9/{uri};tcp"));
        bench.give(link, &send);
    }
    // The first one puts those in order that were used since.
    bench.connect(peer.clone());
    measure(|| (0..TIMES).for_each(|_| _ = bench.connect(peer.clone())));
    TIMES
}

fn closed(n: usize) -> usize {
    let mut bench = Bench::new();
    let links: Vec<_> = (0..TIMES).map(|_| bench.client().0).collect();
    bench.pairs(n);
    measure(|| links.iter().for_each(|link| bench.relay.closed(*link)));
    TIMES
}

fn closed_among_auths(n: usize) -> usize {
    let mut bench = Bench::new();
    bench.waiting_auths(n);
    let links = bench.waiting_auths(TIMES);
    measure(|| links.iter().for_each(|link| bench.relay.closed(*link)));
    TIMES
}

fn closed_with_transactions(n: usize) -> usize {
    let mut bench = Bench::new();
    let clients: Vec<_> = (0..TIMES).map(|_| bench.unanswered_by_one(n)).collect();
    measure(|| clients.iter().for_each(|(link, _)| bench.relay.closed(*link)));
    TIMES
}

/// The relay closes connections with a request that waits on one where many others do.
fn shut_among_transactions(n: usize) -> usize {
    let mut bench = Bench::new();
    let (client, _) = bench.unanswered(n);
    let links: Vec<_> = (0..TIMES).map(|_| bench.peer_of(&client).0).collect();
    measure(|| links.iter().for_each(|link| bench.relay.revoke(*link)));
    TIMES
}

fn report_losses(n: usize) -> usize {
    let mut bench = Bench::new();
    let (link, _) = bench.unanswered_by_one(512 + n);
    bench.relay.closed(link);
    let now = bench.now;
    measure(|| bench.relay.handle_timeout(now));
    1
}

/// The relay closes connections with a request that waits.
fn shut(n: usize) -> usize {
    let mut bench = Bench::new();
    bench.pairs(n);
    let (_, links) = bench.unanswered(TIMES);
    measure(|| links.iter().for_each(|link| bench.relay.revoke(*link)));
    TIMES
}

/// A flow is ended that has been above its bound for too long, where chunks of so many others
/// wait.
fn flow_ends(n: usize) -> usize {
    let mut bench = Bench::new();
    let (client, _) = bench.client();
    // A token has so many flows at most.
    let tokens: Vec<_> = (0..=n / 100).map(|_| bench.token(client, "")).collect();
    let next = bench.connect(tls().relay_names(vec!["next.example".into()]));
    let from = |far| format!("msrps://next.example:2855/s{far};tcp msrps://b.example:9/b;tcp");
    bench.is_stalled = true;
    for other in 1..=n {
        let send = bench.send(&tokens[other / 100], &from(other));
        bench.give(next, &send);
    }
    // More than the limit of a queue.
    for _ in 0..14 {
        let send = bench.long_send(&tokens[0], &from(0));
        bench.give(next, &send);
    }
    let (later, before) = (bench.now + Duration::from_secs(2), bench.relay.statistics().dropped);
    measure(|| bench.relay.handle_timeout(later));
    assert_eq!(bench.relay.statistics().dropped - before, 14, "one flow has ended");
    1
}

/// What is given to a client leaves, while so many others wait for it to have room.
fn transmit_among_waiters(n: usize) -> usize {
    let mut bench = Bench::new();
    let (client, _) = bench.full_queue(n);
    measure(|| {
        for _ in 0..TIMES {
            bench.relay.written(client.0);
            assert!(bench.relay.poll_transmit(bench.now).is_some());
        }
    });
    TIMES
}

fn poll_timeout(n: usize) -> usize {
    let mut bench = Bench::new();
    bench.pairs(n);
    measure(|| (0..TIMES).for_each(|_| assert!(bench.relay.poll_timeout().is_some())));
    TIMES
}

fn handle_timeout(n: usize) -> usize {
    let mut bench = Bench::new();
    bench.pairs(n);
    let now = bench.now;
    measure(|| (0..TIMES).for_each(|_| bench.relay.handle_timeout(now)));
    TIMES
}
