//! What fills a relay.

use crate::common::wire::Raw;
use crate::flood::{ALICE, Flood, READ, RELAY, response};

type Attack = (&'static str, fn(&mut Flood));

pub const ATTACKS: [Attack; 16] = [
    ("peers with long URIs", peers),
    ("flows with long URIs", flows),
    ("unfinished messages of flows", messages),
    ("tokens with long URIs", tokens),
    ("responses that nobody takes", responses),
    ("REPORTs that nobody takes", reports),
    ("requests without a response", requests),
    ("requests of many clients of another relay", senders),
    ("short requests for the far end from many", strangers),
    ("requests that do not end", halves),
    ("messages of WebSockets that do not end", websockets),
    ("AUTHs on which nobody decides", auths),
    ("failures of which nobody takes the REPORTs", failures),
    ("long responses to one who takes none", passed),
    ("small pieces of large reads", pieces),
    ("queues that end before what is lost is reported", queues),
];

fn peers(flood: &mut Flood) {
    let (_, token) = flood.client();
    for _ in 0..4 {
        let link = flood.peer(&token);
        for _ in 0..1_000 {
            let (id, from) = (flood.id(), flood.uri("peer.example"));
            let send = Raw::send(&id).to(&format!("{token} {ALICE}")).from(&from);
            flood.give(link, &send.message(&id).range("1-0/0").reports("no", "no").octets());
        }
    }
}

/// A chunk that another relay sends to a client, from a session of its own.
fn of_session(flood: &mut Flood, token: &str, far: &str) -> Raw {
    let id = flood.id();
    let from = format!("{far} msrps://bob.example:9/b;tcp");
    Raw::chunk(&id, &id, "1-2/4", "hi", '+').to(&format!("{token} {ALICE}")).from(&from)
}

fn flows(flood: &mut Flood) {
    for _ in 0..4 {
        let relay = flood.number();
        let (_, token) = flood.client();
        let link = flood.relay(&format!("r{relay}.example"), &token);
        for _ in 0..1_000 {
            let far = flood.uri(&format!("r{relay}.example"));
            let chunk = of_session(flood, &token, &far).reports("no", "no");
            flood.give(link, &chunk.octets());
        }
    }
}

fn messages(flood: &mut Flood) {
    for _ in 0..4 {
        let relay = flood.number();
        let (_, token) = flood.client();
        let link = flood.relay(&format!("r{relay}.example"), &token);
        for session in 0..64 {
            let far = format!("msrps://r{relay}.example:2855/{session};tcp");
            let chunks: Vec<u8> = (0..64)
                .flat_map(|_| of_session(flood, &token, &far).reports("no", "no").octets())
                .collect();
            flood.give(link, &chunks);
        }
    }
}

fn tokens(flood: &mut Flood) {
    for _ in 0..4 {
        let (link, _) = flood.client();
        for _ in 0..1_000 {
            let own = flood.uri("alice.example");
            flood.token(link, &own);
        }
    }
}

fn responses(flood: &mut Flood) {
    for _ in 0..32 {
        let (link, token) = flood.deaf_client();
        for _ in 0..100 {
            let (id, own) = (flood.id(), flood.uri("alice.example"));
            let send = Raw::send(&id).to(&format!("{token}x {ALICE}")).from(&own);
            flood.give(link, &send.message(&id).range("1-0/0").octets());
        }
    }
}

fn reports(flood: &mut Flood) {
    for _ in 0..8 {
        let (_, token) = flood.deaf_client();
        let link = flood.peer(&token);
        for _ in 0..300 {
            let (id, from) = (flood.id(), flood.uri("peer.example"));
            let report = Raw::report(&id, &id, "000 200 OK").from(&from);
            flood.give(link, &report.to(&format!("{token} {ALICE}")).range("1-2/2").octets());
        }
    }
}

fn requests(flood: &mut Flood) {
    for failure_report in ["yes", "partial"] {
        let (_, token) = flood.client();
        for _ in 0..4 {
            let link = flood.peer(&token);
            for _ in 0..300 {
                let (id, from) = (flood.id(), "msrps://peer.example:9/x;tcp");
                let chunk = Raw::chunk(&id, &id, "1-2/2", "hi", '$').reports(failure_report, "no");
                let chunk = chunk.header("X", &"x".repeat(10_000));
                flood.give(link, &chunk.to(&format!("{token} {ALICE}")).from(from).octets());
            }
        }
    }
}

fn senders(flood: &mut Flood) {
    for relay in ["r.example", "s.example"] {
        let (_, token) = flood.client();
        let link = flood.relay(relay, &token);
        for sender in 0..1_000 {
            let far = format!("msrps://{relay}:2855/{sender};tcp");
            let head = "x".repeat([10, 1_000, 10_000][sender % 3]);
            let chunk = of_session(flood, &token, &far).header("X", &head);
            flood.give(link, &chunk.octets());
        }
    }
}

fn strangers(flood: &mut Flood) {
    let (_, token) = flood.client();
    let link = flood.relay("r.example", &token);
    for sender in 0..4_000 {
        let from = format!("msrps://r.example:2855/{sender};tcp msrps://bob.example:9/b;tcp");
        let request = Raw::new("EXTEND", &flood.id()).to(&format!("{token} {ALICE}"));
        flood.give(link, &request.from(&from).octets());
    }
}

fn halves(flood: &mut Flood) {
    for _ in 0..12 {
        let (link, token) = flood.client();
        let path = format!("{token} {ALICE}");
        let id = flood.id();
        let request = Raw::new("EXTEND", &id).to(&path).header("X", &"x".repeat(15_000));
        flood.give(link, &request.body("text/plain", &[b'x'; 10_000]).open());
        let (link, _) = flood.client();
        flood.give(link, &Raw::send(&id).header("X", &"x".repeat(16_000)).open());
    }
}

fn websockets(flood: &mut Flood) {
    for _ in 0..16 {
        flood.half_message(1024 * 1024);
    }
}

fn auths(flood: &mut Flood) {
    let (_, token) = flood.client();
    for _ in 0..4 {
        let link = flood.peer(&token);
        let credentials = flood.credentials(link);
        for _ in 0..300 {
            let auth = Raw::new("AUTH", &flood.id()).to(RELAY).from(ALICE);
            let auth = auth.header("X", &"x".repeat(14_000));
            flood.give(link, &auth.header("Authorization", &credentials).octets());
        }
    }
}

fn failures(flood: &mut Flood) {
    for _ in 0..4 {
        let (receiver, token) = flood.client();
        let link = flood.peer(&token);
        for _ in 0..1_000 {
            let (id, from) = (flood.id(), flood.uri("peer.example"));
            let chunk = Raw::chunk(&id, &id, "1-2/2", "hi", '$').to(&format!("{token} {ALICE}"));
            flood.give(link, &chunk.from(&from).octets());
        }
        flood.is_deaf(link);
        flood.close(receiver);
    }
}

fn passed(flood: &mut Flood) {
    for _ in 0..2 {
        let (receiver, token) = flood.client();
        let link = flood.peer(&token);
        for _ in 0..1_000 {
            let (id, from) = (flood.id(), "msrps://peer.example:9/x;tcp");
            let request = Raw::new("EXTEND", &id).to(&format!("{token} {ALICE}"));
            flood.give(link, &request.from(from).octets());
        }
        flood.is_deaf(link);
        for request in flood.told(receiver) {
            let long = "x".repeat(14_000);
            flood.give(receiver, &response(&request, "200 OK", &[("X", &long)]));
        }
    }
}

/// Between the pieces for one that takes nothing, others pass to one that takes all.
fn pieces(flood: &mut Flood) {
    let (_, reads) = flood.client();
    for _ in 0..16 {
        let (_, takes_nothing) = flood.deaf_client();
        let (link, _) = flood.client();
        for _ in 0..100 {
            let chunk = |flood: &mut Flood, token: &str, len: usize| {
                let (id, range) = (flood.id(), format!("1-{len}/{len}"));
                let chunk = Raw::chunk(&id, &id, &range, &"x".repeat(len), '$');
                let chunk = chunk.to(&format!("{token} {ALICE}")).from("msrps://p.example:9/x;tcp");
                chunk.reports("no", "no").octets()
            };
            let mut read = chunk(flood, &takes_nothing, 2_100);
            read.extend(chunk(flood, &reads, READ - 2 * read.len()));
            flood.give(link, &read);
        }
    }
}

/// Each is filled, and ends: its REPORTs wait for their turn.
fn queues(flood: &mut Flood) {
    for _ in 0..64 {
        let (receiver, token) = flood.deaf_client();
        let link = flood.peer(&token);
        let id = flood.id();
        let chunk = Raw::chunk(&id, &id, "1-*/*", &"x".repeat(500_000), '$');
        let chunk = chunk.to(&format!("{token} {ALICE}")).from("msrps://peer.example:9/x;tcp");
        flood.give(link, &chunk.octets());
        flood.close(receiver);
        flood.close(link);
    }
}
