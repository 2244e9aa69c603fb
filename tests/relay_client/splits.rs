//! Arbitrary responses of relays, split anywhere.

use std::time::Duration;

use msrp::{Event, UriParameter};
use proptest::prelude::*;

use crate::relay::*;

const SECOND: Duration = Duration::from_secs(1);

/// No relay can make its client send more AUTHs than this: without credentials at
/// first, after each of two bounds, and after silence; with credentials after each
/// of these; and once for a stale nonce.
const MOST_REQUESTS: usize = 9;

/// The events and octets of the client while two relays of a chain, one of them
/// strict, respond in pieces of these sizes.
fn dialogue(cuts: &[usize]) -> (Vec<Event>, Vec<u8>) {
    let mut client = Client::new();
    let start = client.now;
    let mut intra = Relay::new("intra.example", INTRA_TOKEN, "alice", "secret", start);
    let both = format!("{INTRA_TOKEN} {EXTRA_TOKEN}");
    let mut extra = Relay::new("extra.example", &both, "alice", "secret", start);
    client.ask(one().outer(uri(EXTRA)));
    let mut cuts = cuts.iter().copied().cycle();
    for _ in 0..4 {
        let request = client.auth();
        let is_routed = request.header("To-Path").unwrap().contains(' ');
        let relay = if is_routed { &mut extra } else { &mut intra };
        let (response, _) = relay.respond(start, &request);
        let mut rest = &response[..];
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(cuts.next().unwrap_or(1).min(rest.len()));
            client.side.feed(start, piece);
            rest = behind;
        }
    }
    (client.events(), std::mem::take(&mut client.side.sent))
}

/// One action of a relay.
#[derive(Clone, Debug)]
enum Move {
    Answer { status: String, headers: Vec<(&'static str, String)> },
    Silence,
}

fn any_move() -> impl Strategy<Value = Move> {
    let status = prop_oneof![
        6 => Just("401 Unauthorized".to_string()),
        4 => Just("423 Interval Out-of-Bounds".to_string()),
        2 => Just("200 OK".to_string()),
        1 => (100_u16..1000).prop_map(|code| format!("{code} Whatever")),
    ];
    let header = prop_oneof![
        Just(("WWW-Authenticate", CHALLENGE.to_string())),
        Just(("WWW-Authenticate", STALE.to_string())),
        "[ -~]{0,40}".prop_map(|text| ("WWW-Authenticate", text)),
        "Digest [a-z=\", ]{0,40}".prop_map(|text| ("Authentication-Info", text)),
        "[0-9]{1,5}".prop_map(|text| ("Min-Expires", text)),
        "[0-9]{1,5}".prop_map(|text| ("Max-Expires", text)),
        "[0-9a-z]{0,22}".prop_map(|text| ("Expires", text)),
        Just(("Use-Path", INTRA_TOKEN.to_string())),
        "msrps?://[a-z:0-9/; ]{0,40}".prop_map(|text| ("Use-Path", text)),
    ];
    let answer = (status, prop::collection::vec(header, 0..5)).prop_map(|(status, headers)| {
        let headers = headers.into_iter().map(|(name, text)| (name, text.trim().to_string()));
        Move::Answer { status, headers: headers.collect() }
    });
    prop_oneof![9 => answer, 1 => Just(Move::Silence)]
}

fn any_mode() -> impl Strategy<Value = UriParameter> {
    prop::sample::select(vec![UriParameter::Always, UriParameter::Never, UriParameter::Fallback])
}

proptest! {
    /// Instants differ between two runs, so lifetimes are compared by what is left of
    /// them.
    // req: 4976-5.1-8
    #[test]
    fn the_cuts_of_the_stream_do_not_matter(cuts in prop::collection::vec(1_usize..80, 1..40)) {
        let (events, sent) = dialogue(&cuts);
        let (expected, expected_sent) = dialogue(&[usize::MAX]);
        prop_assert_eq!(sent, expected_sent);
        let [Event::Authenticated { route, .. }] = &events[..] else {
            return Err(TestCaseError::fail(format!("{events:?}")));
        };
        let [Event::Authenticated { route: whole, .. }] = &expected[..] else {
            return Err(TestCaseError::fail(format!("{expected:?}")));
        };
        prop_assert_eq!(route.use_path(), whole.use_path());
    }

    /// It ends with one event.
    #[test]
    fn no_relay_causes_more_than_a_few_requests(
        moves in prop::collection::vec(any_move(), 1..6),
        mode in any_mode(),
    ) {
        let mut client = Client::new();
        let key = client.ask(one().uri_parameter(mode).refresh(false));
        let mut requests = 0;
        for next in moves.iter().cycle() {
            let Some(request) = client.sent().pop() else { break };
            requests += 1;
            prop_assert!(requests <= MOST_REQUESTS);
            match next {
                Move::Silence => client.advance(30 * SECOND),
                Move::Answer { status, headers } => {
                    let headers: Vec<_> =
                        headers.iter().map(|(name, text)| (*name, &text[..])).collect();
                    client.respond(&request, status, &headers);
                }
            }
        }
        let events = client.events();
        let ends = events.iter().filter(|event| match event {
            Event::Authenticated { key: told, .. }
            | Event::AuthenticationFailed { key: told, .. } => *told == key,
            _ => false,
        });
        prop_assert_eq!(ends.count(), 1);
        prop_assert!(!client.side.connection.is_closed());
        prop_assert!(client.side.connection.stop_authentication(key).is_err());
    }
}
