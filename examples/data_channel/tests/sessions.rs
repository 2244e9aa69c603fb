//! Whole sessions over loopback, between two threads.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::thread;
use std::time::{Duration, Instant};

use msrp::{ConnectionEnd, Event, Outcome, OutgoingMessage};
use msrp_data_channel::{
    Content, Delivery, NegotiateError, Offerer, Pattern, Peer, Plan, Session, answer, closed,
    exchange, section,
};
use msrp_sdp::SdpTolerances;
use msrp_sdp::data_channel::{DataChannels, MaxMessageSize};

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn taking(octets: u64) -> Session {
    Session { max_message_size: MaxMessageSize::new(octets), ..Session::default() }
}

/// The offerer and the answerer.
fn joined(alices: &Session, bobs: &Session) -> (Peer, Peer) {
    let offerer = Offerer::new(LOCALHOST, alices).unwrap();
    let (bob, answer) = answer(LOCALHOST, bobs, offerer.offer()).unwrap();
    (offerer.accept(&answer).unwrap(), bob)
}

/// Runs both sides to the end of the session.
fn run(mut alice: Peer, mut bob: Peer, alices: Plan, bobs: Plan) -> (Delivery, Delivery) {
    let bob = thread::spawn(move || exchange(&mut bob, bobs).unwrap());
    let alice = exchange(&mut alice, alices).unwrap();
    (alice, bob.join().unwrap())
}

fn content(seed: u64, octets: u64) -> Option<Content> {
    Some(Content::new(Pattern(seed), octets))
}

fn outcomes(delivery: &Delivery) -> Vec<Outcome> {
    delivery.finished.iter().map(|finished| finished.outcome).collect()
}

fn next(peer: &mut Peer) -> Option<Event> {
    peer.next_event().unwrap()
}

/// The next event for which `is_wanted` holds. Skips those before it.
fn wait_for(peer: &mut Peer, mut is_wanted: impl FnMut(&Event) -> bool) -> Event {
    loop {
        let event = next(peer).expect("the session has ended too early");
        if is_wanted(&event) {
            return event;
        }
    }
}

// req: 8873-5.1-1, 8873-5.2-1, 8873-5.5-1
#[test]
fn texts_go_both_ways() {
    let (alice, bob) = joined(&Session::default(), &Session::default());
    let plan = |text: &str, hang_up_after| Plan {
        text: Some(text.into()),
        hang_up_after,
        ..Plan::default()
    };
    let (alice, bob) = run(alice, bob, plan("Are you there?", Some(1)), plan("I am.", None));
    assert_eq!(outcomes(&alice), [Outcome::Delivered]);
    assert_eq!(outcomes(&bob), [Outcome::Delivered]);
    assert_eq!(alice.received.len(), 1);
    assert_eq!(bob.received.first().unwrap().0, "text/plain");
    assert_eq!(bob.received.first().unwrap().1.octets, 14);
    assert_eq!(alice.end, Some(ConnectionEnd::Local));
    assert_eq!(bob.end, Some(ConnectionEnd::Peer));
}

// req: 8873-4.5-1, 8873-5.2-1
#[test]
fn either_side_opens_the_session_regardless_of_dtls() {
    for (offered, answered, is_bobs) in
        [(false, true, true), (false, false, false), (true, false, false)]
    {
        let session = |is_active| Session { is_active, ..Session::default() };
        let (mut alice, mut bob) = joined(&session(offered), &session(answered));
        let waiting = thread::spawn(move || {
            let event = wait_for(&mut bob, |event| matches!(event, Event::SessionOpened { .. }));
            bob.session.connection.close();
            while next(&mut bob).is_some() {}
            event
        });
        let alices = wait_for(&mut alice, |event| matches!(event, Event::SessionOpened { .. }));
        while next(&mut alice).is_some() {}
        // The side that opened it has a response to its SEND.
        let has_opened =
            |event: &Event| matches!(event, Event::SessionOpened { response: Some(_), .. });
        assert_eq!(has_opened(&waiting.join().unwrap()), is_bobs, "{offered} {answered}");
        assert_eq!(has_opened(&alices), !is_bobs, "{offered} {answered}");
    }
}

// req: 8873-5.4-1, 8873-5.5-1
#[test]
fn files_go_both_ways_at_once_in_messages_of_the_size_that_each_side_takes() {
    for (alices, bobs) in [(65_536, 65_536), (16_384, 2048), (0, 100_000)] {
        let (alice, bob) = joined(&taking(alices), &taking(bobs));
        let plan = |seed, octets, hang_up_after| Plan {
            content: content(seed, octets),
            hang_up_after,
            ..Plan::default()
        };
        let octets = if bobs == 2048 { 300_000 } else { 2_000_000 };
        let (alice, bob) = run(alice, bob, plan(1, octets, Some(1)), plan(2, octets + 1, None));
        for (sender, receiver) in [(&alice, &bob), (&bob, &alice)] {
            assert_eq!(outcomes(sender), [Outcome::Delivered]);
            assert_eq!(sender.traffic, receiver.peer_traffic);
            let (_, got) = receiver.received.first().unwrap();
            assert_eq!(Some(*got), sender.sent);
        }
        for (traffic, limit) in [(alice.traffic, bobs), (bob.traffic, alices)] {
            let limit = if limit == 0 { 65_536 } else { limit.min(65_536) };
            assert!(traffic.largest as u64 <= limit, "{traffic:?} for {limit}");
            // Messages use the limit.
            assert!(traffic.largest as u64 > limit / 2, "{traffic:?} for {limit}");
        }
    }
}

// req: 8873-5.3-2
#[test]
fn a_channel_that_is_torn_down_fails_the_session_on_both_sides() {
    let (mut alice, mut bob) = joined(&Session::default(), &Session::default());
    let waiting = thread::spawn(move || {
        let plan = Plan { content: content(4, 50_000_000), ..Plan::default() };
        exchange(&mut bob, plan).unwrap()
    });
    wait_for(&mut alice, |event| matches!(event, Event::Piece { offset, .. } if *offset > 100_000));
    let session = alice.session.connection.sessions().next().unwrap();
    alice.session.connection.send(session, OutgoingMessage::text("Too late.")).unwrap();
    alice.session.tear_down();
    let mut events = Vec::new();
    while let Some(event) = next(&mut alice) {
        events.push(event);
    }
    assert!(events.iter().any(|event| {
        matches!(event, Event::Finished(finished) if finished.outcome == Outcome::ConnectionLost)
    }));
    assert_eq!(events.last(), Some(&Event::Closed(ConnectionEnd::Peer)));
    let bob = waiting.join().unwrap();
    assert_eq!(outcomes(&bob), [Outcome::ConnectionLost]);
    assert_eq!(bob.end, Some(ConnectionEnd::Peer));
    assert_eq!(bob.sent, None);
}

// req: 8873-5.3-2
#[test]
fn a_message_that_is_not_msrp_ends_the_session_only() {
    for hostile in ["{\"hello\":1}", "MSRP a786hjs2 SEND\r\nTo-Path: x\r\n", "\0\u{ff}"] {
        let (mut alice, mut bob) = joined(&Session::default(), &Session::default());
        let waiting = thread::spawn(move || {
            let plan = Plan { content: content(5, 50_000_000), ..Plan::default() };
            exchange(&mut bob, plan).unwrap()
        });
        wait_for(&mut alice, |event| matches!(event, Event::SessionOpened { .. }));
        let mut channel = alice.rtc.channel(alice.session.channel()).unwrap();
        assert!(channel.write(true, hostile.as_bytes()).unwrap());
        while next(&mut alice).is_some() {}
        let bob = waiting.join().unwrap();
        assert!(matches!(bob.end, Some(ConnectionEnd::Failed(_))), "{:?}", bob.end);
        assert_eq!(outcomes(&bob), [Outcome::ConnectionLost]);
    }
}

// req: 8873-5.1-1
#[test]
fn a_channel_has_one_session() {
    let (mut alice, mut bob) = joined(&Session::default(), &Session::default());
    let waiting = thread::spawn(move || exchange(&mut bob, Plan::default()).unwrap());
    wait_for(&mut alice, |event| matches!(event, Event::SessionOpened { .. }));
    let connection = &mut alice.session.connection;
    let session = connection.sessions().next().unwrap();
    let remote = connection.session(session).unwrap().remote.clone().unwrap();
    let local = "msrps://127.0.0.1:9/another;dc".parse().unwrap();
    let another = connection.open(msrp::SessionConfig::new(local, remote));
    assert_eq!(another, Err(msrp::SessionError::TooManySessions { max: 1 }));
    connection.close();
    while next(&mut alice).is_some() {}
    assert_eq!(waiting.join().unwrap().end, Some(ConnectionEnd::Peer));
}

// req: 8873-4.4-5
#[test]
fn a_session_that_was_not_negotiated_is_refused() {
    let (mut alice, mut bob) = joined(&Session::default(), &Session::default());
    let waiting = thread::spawn(move || exchange(&mut bob, Plan::default()).unwrap());
    let hostile = "MSRP a786hjs2 SEND\r\nTo-Path: msrps://127.0.0.1:9/other;dc\r\n\
        From-Path: msrps://127.0.0.1:9/mine;dc\r\nMessage-ID: 87652491\r\n-------a786hjs2$\r\n";
    wait_for(&mut alice, |event| matches!(event, Event::SessionOpened { .. }));
    let before = alice.session.received();
    let mut channel = alice.rtc.channel(alice.session.channel()).unwrap();
    assert!(channel.write(true, hostile.as_bytes()).unwrap());
    let session = alice.session.connection.sessions().next().unwrap();
    alice.session.connection.send(session, OutgoingMessage::text("And now?")).unwrap();
    wait_for(&mut alice, |event| matches!(event, Event::Finished(_)));
    // Each gets a response, and the session stays open.
    assert_eq!(alice.session.received().messages, before.messages + 2);
    alice.session.connection.close();
    while next(&mut alice).is_some() {}
    assert_eq!(waiting.join().unwrap().received.len(), 1);
}

// req: 8873-4.3-1, 8873-4.4-2, 8873-6-4
#[test]
fn both_descriptions_have_the_session_in_the_section_of_the_channels() {
    let offerer = Offerer::new(LOCALHOST, &taking(16_384)).unwrap();
    let offer = offerer.offer().to_owned();
    let (_bob, answer) = answer(LOCALHOST, &taking(100_000), &offer).unwrap();
    for (description, octets) in [(&offer, 16_384), (&answer, 100_000)] {
        let section = DataChannels::parse(section(description)).unwrap();
        assert_eq!(section.max_message_size().octets(), Some(octets));
        assert!(section.sctp_port().is_some());
        let [channel] = section.channels() else { panic!("{description}") };
        let session = channel.session(SdpTolerances::none()).unwrap();
        assert_eq!(session.path().len(), 1);
        assert!(description.lines().all(|line| !line.is_empty()));
        assert_eq!(description.matches("max-message-size").count(), 1);
    }
}

// req: 8873-4.6-1, 8873-4.6-2, 8873-5.3-1
#[test]
fn the_next_offer_leaves_the_session_out_and_the_port_as_it_is() {
    let offerer = Offerer::new(LOCALHOST, &Session::default()).unwrap();
    let offer = offerer.offer();
    let before = DataChannels::parse(section(offer)).unwrap();
    let stream = before.channels().first().unwrap().stream();
    let next = closed(offer, stream);
    assert!(!next.contains("a=dcmap") && !next.contains("a=dcsa"), "{next}");
    let after = DataChannels::parse(section(&next)).unwrap();
    assert!(before.closed_by(&after).eq([stream]));
    let media = |text: &str| text.lines().find(|line| line.starts_with("m=")).map(str::to_owned);
    assert_eq!(media(&next), media(offer));
    assert!(!media(&next).unwrap().starts_with("m=application 0"));
}

#[test]
fn descriptions_that_do_not_match_are_refused() {
    let offer = |session: &Session| Offerer::new(LOCALHOST, session).unwrap();
    let fails = |offer: &str| answer(LOCALHOST, &Session::default(), offer).err();
    let text = offer(&Session::default()).offer().to_owned();

    let small = fails(offer(&taking(1200)).offer());
    assert!(matches!(small, Some(NegotiateError::MessageSize)), "{small:?}");
    let bare = fails(&text.replace("a=dcsa:0 msrp-cema\r\n", ""));
    assert!(matches!(bare, Some(NegotiateError::Sdp(_))), "{bare:?}");
    let held = fails(&text.replace("0 setup:actpass", "0 setup:holdconn"));
    assert!(matches!(held, Some(NegotiateError::Sdp(_))), "{held:?}");
    let other = fails(&text.replace("\"msrp\"", "\"bfcp\""));
    assert!(matches!(other, Some(NegotiateError::NoSession)), "{other:?}");
    let nothing = fails("");
    assert!(matches!(nothing, Some(NegotiateError::NoSession)), "{nothing:?}");

    let active = Session { is_active: true, ..Session::default() };
    let both = answer(LOCALHOST, &active, offer(&active).offer()).err();
    assert!(matches!(both, Some(NegotiateError::Refused(_))), "{both:?}");
}

#[test]
fn a_peer_that_never_connects_ends_the_session() {
    let start = Instant::now();
    let (mut alice, bob) = joined(&Session::default(), &Session::default());
    drop(bob);
    while let Some(event) = next(&mut alice) {
        assert!(matches!(event, Event::SessionClosed { .. } | Event::Closed(_)), "{event:?}");
    }
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn sessions_run_over_ipv6() {
    let ip = IpAddr::V6(Ipv6Addr::LOCALHOST);
    let Ok(offerer) = Offerer::new(ip, &Session::default()) else { return };
    let (bob, answer) = answer(ip, &Session::default(), offerer.offer()).unwrap();
    assert!(answer.contains("path:msrps://[::1]:"), "{answer}");
    let alice = offerer.accept(&answer).unwrap();
    let plan = Plan { text: Some("::".into()), hang_up_after: Some(0), ..Plan::default() };
    let (alice, _) = run(alice, bob, plan, Plan::default());
    assert_eq!(outcomes(&alice), [Outcome::Delivered]);
}
