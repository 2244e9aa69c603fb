//! Two sides that exchange descriptions.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use msrp::Direction;
use msrp_sdp::file::FileTransferId;
use msrp_sdp::{Connect, Fingerprint};

use super::*;

struct Side {
    terms: Terms,
    port: u16,
    session: usize,
}

impl Side {
    fn new(port: u16) -> Self {
        let terms = Terms::new(Origin::new("-", port.into(), "127.0.0.1"));
        Self { terms, port, session: 0 }
    }

    fn local(&mut self) -> Local {
        self.session += 1;
        let Self { port, session, .. } = self;
        Local::new(format!("msrp://127.0.0.1:{port}/session{session};tcp").parse().unwrap())
    }

    fn file(&mut self, size: u64) -> Local {
        let selector = format!("name:\"talk.pdf\" type:application/pdf size:{size}");
        let mut file = FileAttributes::new(selector.parse().unwrap());
        let id = format!("transfer{}of{}", self.session, self.port);
        file.transfer_id = Some(id.parse::<FileTransferId>().unwrap());
        self.local().send_file(file)
    }

    async fn answer(&mut self, offer: &str) -> Result<(String, Vec<Change>), TermsError> {
        let (port, mut session) = (self.port, self.session);
        let answering = self.terms.answer(offer, async |media| {
            session += 1;
            let uri = format!("msrp://127.0.0.1:{port}/session{session};tcp");
            let local = Local::new(uri.parse().unwrap());
            Ok(if media.file().is_some() { local.accept_file() } else { local })
        });
        let answered = answering.await;
        self.session = session;
        answered
    }
}

/// One side offers, the other answers.
async fn exchange(one: &mut Side, other: &mut Side, new: Local) -> (Completed, Vec<Change>) {
    let offering = one.terms.offer(new).unwrap();
    let (answer, changes) = other.answer(&offering.to_string()).await.unwrap();
    (one.terms.complete(offering, &answer).unwrap(), changes)
}

/// Two sides with a chat.
async fn call() -> (Side, Side) {
    let (mut alice, mut bob) = (Side::new(2855), Side::new(2856));
    let chat = alice.local();
    let (alices, bobs) = exchange(&mut alice, &mut bob, chat).await;
    assert!(matches!(bobs[..], [Change::New(0, _)]));
    assert!(alices.at == 0 && alices.others.is_empty());
    (alice, bob)
}

#[tokio::test]
async fn a_chat_is_one_session_that_the_caller_connects() {
    let (mut alice, mut bob) = (Side::new(2855), Side::new(2856));
    let chat = alice.local();
    let (alices, bobs) = exchange(&mut alice, &mut bob, chat).await;
    let [Change::New(0, bobs)] = &bobs[..] else { panic!("{bobs:?}") };
    let alices = alices.new.unwrap();
    assert!(matches!(alices.connect(), Connect::To(target) if target.port() == 2856));
    assert_eq!(bobs.connect(), &Connect::Await);
    assert_eq!(alices.uri(), bobs.to_path().last());
}

#[tokio::test]
async fn a_file_comes_beside_the_chat_whichever_side_offers() {
    for caller_offers in [true, false] {
        let (alice, bob) = call().await;
        let (mut one, mut other) = if caller_offers { (alice, bob) } else { (bob, alice) };
        let file = one.file(4092);
        let (sent, received) = exchange(&mut one, &mut other, file).await;
        assert!(sent.at == 1 && sent.others.is_empty());
        assert_eq!(sent.new.unwrap().file().unwrap().selector.size(), Some(4092));
        let [Change::New(1, plan)] = &received[..] else { panic!("{received:?}") };
        assert_eq!(plan.file().unwrap().selector.name(), Some("talk.pdf"));
    }
}

#[tokio::test]
async fn the_line_of_a_file_that_has_arrived_serves_the_next() {
    let (mut alice, mut bob) = call().await;
    for size in 1..=100 {
        let file = alice.file(size);
        let (sent, received) = exchange(&mut alice, &mut bob, file).await;
        assert!(sent.at == 1 && sent.new.is_ok());
        assert!(matches!(received[..], [Change::New(1, _)]));
        alice.terms.close(1);
        bob.terms.close(1);
    }
}

#[tokio::test]
async fn two_files_at_once_have_a_line_each() {
    let (mut alice, mut bob) = call().await;
    for at in 1..=2 {
        let file = alice.file(4092);
        let (sent, received) = exchange(&mut alice, &mut bob, file).await;
        assert_eq!(sent.at, at);
        assert!(matches!(received[..], [Change::New(line, _)] if line == at));
    }
    let file = bob.file(4092);
    let (sent, received) = exchange(&mut bob, &mut alice, file).await;
    assert!(sent.at == 3 && sent.others.is_empty());
    assert!(matches!(received[..], [Change::New(3, _)]));
}

#[tokio::test]
async fn the_largest_description_fits_into_a_datagram() {
    let (mut alice, _) = call().await;
    let fingerprint = format!("sha-256 {}", ["4A"; 32].join(":")).parse::<Fingerprint>().unwrap();
    let hashes =
        format!("hash:sha-1:{} hash:sha-256:{}", ["4A"; 20].join(":"), ["4A"; 32].join(":"));
    let selector =
        format!("name:\"{}\" type:application/pdf size:{} {hashes}", "n".repeat(80), u64::MAX);
    let mut largest = 0;
    loop {
        let mut file = FileAttributes::new(selector.parse().unwrap());
        file.transfer_id = Some("Q6LMoGymJdh0IKIgD6wD0jkcfgva4xvE".parse().unwrap());
        let uri =
            "msrps://[2001:db8:1234:5678:9abc:def0:1234:5678]:49153/jshA7weztasjshA7weztas;tcp";
        let local = Local::new(uri.parse().unwrap()).with_fingerprint(fingerprint.clone());
        let Ok(offering) = alice.terms.offer(local.send_file(file)) else { break };
        largest = offering.to_string().len();
        // As if the other side had accepted it.
        let offer = offering.offers[offering.at].clone().unwrap();
        let plan = alice.terms.lines[0].as_ref().unwrap().plan.clone();
        alice.terms.own = offering.description;
        alice.terms.lines.push(Some(Line { local: offer.local().clone(), plan }));
    }
    assert_eq!(alice.terms.lines.len(), MAX_LINES);
    // The rest is for what SIP says.
    assert!(largest < 6 * 1024, "{largest}");
}

#[tokio::test]
async fn a_repeated_offer_changes_nothing() {
    let (mut alice, mut bob) = call().await;
    let file = alice.file(4092);
    exchange(&mut alice, &mut bob, file).await;
    let again = alice.terms.own.to_string();
    let before = bob.terms.own.to_string();
    let (answer, changes) = bob.answer(&again).await.unwrap();
    assert!(changes.is_empty(), "{changes:?}");
    assert_eq!(answer, before);
}

#[tokio::test]
async fn an_offer_puts_the_chat_on_hold_and_another_takes_it_up_again() {
    let (alice, mut bob) = call().await;
    let offer = alice.terms.own.to_string().replace("a=sendrecv\r\n", "");
    for (direction, expected) in
        [("inactive", Direction::Inactive), ("sendrecv", Direction::SendReceive)]
    {
        let offer = offer.replace("a=path", &format!("a={direction}\r\na=path"));
        let (_, changes) = bob.answer(&offer).await.unwrap();
        let [Change::Update(0, plan)] = &changes[..] else { panic!("{changes:?}") };
        assert_eq!(plan.direction(), expected);
        // The session is the same.
        assert_eq!(plan.to_path().last(), alice.terms.lines[0].as_ref().unwrap().plan.uri());
    }
}

#[tokio::test]
async fn a_chat_whose_peer_has_moved_is_another_session() {
    let (alice, mut bob) = call().await;
    let offer = alice.terms.own.to_string().replace("session1;tcp", "moved;tcp");
    let before = bob.terms.lines[0].as_ref().unwrap().plan.uri().to_string();
    let (_, changes) = bob.answer(&offer).await.unwrap();
    let [Change::New(0, plan)] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!(plan.to_path().last().session_id(), Some("moved"));
    assert_ne!(plan.uri().to_string(), before);
}

#[tokio::test]
async fn an_offer_that_ends_a_file_leaves_the_chat() {
    let (mut alice, mut bob) = call().await;
    let file = alice.file(4092);
    exchange(&mut alice, &mut bob, file).await;
    alice.terms.close(1);
    let file = alice.file(17);
    // The line is taken anew, by another transfer: the running one is over.
    let (sent, received) = exchange(&mut alice, &mut bob, file).await;
    assert!(sent.at == 1 && sent.new.is_ok());
    assert!(matches!(received[..], [Change::New(1, _)]));
    let mut sections = alice.terms.own.media().to_vec();
    sections[1] = sections[1].clone().closed();
    let (answer, changes) =
        bob.answer(&alice.terms.own.revised(sections).to_string()).await.unwrap();
    assert!(matches!(changes[..], [Change::Closed(1)]));
    assert!(answer.parse::<SessionDescription>().unwrap().media()[1].is_closed());
}

#[tokio::test]
async fn lines_of_other_media_are_refused_in_their_places() {
    let (mut alice, mut bob) = (Side::new(2855), Side::new(2856));
    let chat = alice.local();
    let chat = alice.terms.offer(chat).unwrap().description.media()[0].to_string();
    let offer = format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
         m=audio 4000 RTP/AVP 0\r\n{chat}m=video 4002 RTP/AVP 31\r\n"
    );
    let (answer, changes) = bob.answer(&offer).await.unwrap();
    assert!(matches!(changes[..], [Change::New(1, _)]));
    let answer: SessionDescription = answer.parse().unwrap();
    let lines: Vec<_> =
        answer.media().iter().map(|section| (section.media(), section.is_closed())).collect();
    assert_eq!(lines, [("audio", true), ("message", false), ("video", true)]);
}

#[tokio::test]
async fn what_has_no_session_is_refused_with_the_reason() {
    const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n";
    let message = |port: u16, protocol: &str, path: &str| {
        format!(
            "{HEAD}m=message {port} {protocol} *\r\na=accept-types:text/plain\r\n\
             a=path:{path}\r\n"
        )
    };
    let cases = [
        (String::new(), "description"),
        ("garbage\r\n".into(), "description"),
        (HEAD.into(), "description"),
        (format!("{HEAD}m=audio 4000 RTP/AVP 0\r\n"), "not-msrp"),
        (message(0, "TCP/MSRP", "msrp://127.0.0.1:2855/a1b2c3;tcp"), "description"),
        (message(2855, "TCP/MSRP", "garbage"), "description"),
        (message(2855, "TCP/TLS/MSRP", "msrps://127.0.0.1:2855/a1b2c3;tcp"), "not-secure"),
    ];
    for (offer, kind) in cases {
        let mut bob = Side::new(2856);
        let refused = bob.answer(&offer).await.unwrap_err();
        assert_eq!(refused.kind(), kind, "{offer}\n{refused}");
        // Nothing has changed: the next offer is the first one.
        let chat = bob.local();
        assert_eq!(bob.terms.offer(chat).unwrap().at, 0);
    }
}

#[tokio::test]
async fn answers_that_do_not_fit_make_no_session() {
    let (mut alice, mut bob) = (Side::new(2855), Side::new(2856));
    let offered = |alice: &mut Side| {
        let chat = alice.local();
        alice.terms.offer(chat).unwrap()
    };
    let offering = offered(&mut alice);
    let (good, _) = bob.answer(&offering.to_string()).await.unwrap();
    let audio = good.replace("m=message", "m=audio 4000 RTP/AVP 0\r\nm=message");
    assert!(matches!(
        alice.terms.complete(offering, &audio),
        Err(TermsError::Lines { offered: 1, answered: 2 })
    ));
    let answers = [
        (good.replace("m=message 2856", "m=message 0"), "unwanted"),
        (good.replace("TCP/MSRP", "TCP/TLS/MSRP").replace("msrp://", "msrps://"), "other-protocol"),
        (good.replace(";tcp", ";ws"), "transport"),
        (good.replace("a=path", "a=pat"), "description"),
        ("v=0\r\n".into(), "description"),
    ];
    for (answer, kind) in answers {
        let offering = offered(&mut alice);
        let why = alice.terms.complete(offering, &answer).map(|completed| completed.new);
        let why = why.and_then(|new| new).unwrap_err();
        assert_eq!(why.kind(), kind, "{answer}\n{why}");
        alice.terms = Side::new(2855).terms;
    }
}

#[tokio::test]
async fn a_file_that_is_refused_leaves_the_chat_and_its_line_free() {
    let (mut alice, mut bob) = call().await;
    let file = alice.file(u64::MAX);
    let offering = alice.terms.offer(file).unwrap();
    let offer = offering.to_string();
    let answered = bob.terms.answer(&offer, async |_| {
        let local = Local::new("msrp://127.0.0.1:2856/small;tcp".parse().unwrap());
        Ok(local.accept_file().with_max_size(17))
    });
    let (answer, changes) = answered.await.unwrap();
    assert!(changes.is_empty(), "{changes:?}");
    let completed = alice.terms.complete(offering, &answer).unwrap();
    assert!(matches!(completed.new, Err(TermsError::Unwanted)));
    assert!(completed.others.is_empty());
    let file = alice.file(4092);
    let (sent, _) = exchange(&mut alice, &mut bob, file).await;
    assert!(sent.at == 1 && sent.new.is_ok());
}
