//! A room and a few clients, over sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io::ErrorKind;

use common::{PATIENCE, Running};
use msrp::Nickname;
use msrp_chat::{Client, ClientError, Options, Told};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const ADA: &str = "sip:ada@example.com";
const BOB: &str = "sip:bob@example.com";

fn called(name: &str) -> Option<String> {
    Some(name.to_owned())
}

// req: 7701-6.1-1, 7701-6.1-2, 7701-6.1-13, 7701-6.2-1
#[tokio::test]
async fn a_third_participant_hears_only_messages_to_all() {
    let room = Running::start();
    let (mut ada, mut bob, mut cleo) =
        (room.join("ada").await, room.join("bob").await, room.join("cleo").await);
    for client in [&mut ada, &mut bob, &mut cleo] {
        client.sees(3).await;
    }
    ada.says("Hello, all\nof you").await;
    assert_eq!(bob.hears().await, (ADA.into(), false, "Hello, all\nof you".into()));
    assert_eq!(cleo.hears().await, (ADA.into(), false, "Hello, all\nof you".into()));
    bob.says_to(ADA, "Psst!").await;
    assert_eq!(ada.hears().await, (BOB.into(), true, "Psst!".into()));
    // Cleo does not hear the private message.
    ada.says("Bye").await;
    assert_eq!(cleo.hears().await.2, "Bye");
}

// req: 7701-7.1-8, 7701-7.2-1, 7701-7.3-1
#[tokio::test]
async fn nicknames_are_given_kept_and_announced() {
    let mut options = Options::any_port();
    options.reserved.push("Admin".parse().unwrap());
    let room = Running::with(options);
    let (mut ada, mut bob) = (room.join("ada").await, room.join("bob").await);
    bob.sees(2).await;
    let captain: Nickname = "Captain".parse().unwrap();

    assert_eq!(ada.asks(Some("Captain")).await, Told::Named(Some(captain.clone())));
    let renamed = Told::Renamed { uri: ADA.into(), nickname: called("Captain") };
    bob.until(|told| *told == renamed).await;
    for name in ["captain", "ada", ADA] {
        let found = bob.does(|bob| bob.find(name).map(str::to_owned)).await;
        assert_eq!(found.as_deref(), Ok(ADA));
    }
    assert_eq!(bob.does(|bob| bob.name_of(ADA)).await, "Captain");

    for (wanted, why_not) in [
        ("CAPTAIN ", "somebody else's"),
        ("admin", "somebody else's"),
        ("\u{202e}", "not a valid nickname"),
    ] {
        let Told::NotNamed { why, .. } = bob.asks(Some(wanted)).await else { panic!() };
        assert!(why.contains(why_not), "{why}");
    }
    assert!(bob.speaker.ask_nickname(Some("")).is_err());

    assert_eq!(ada.asks(None).await, Told::Named(None));
    assert_eq!(bob.asks(Some("Captain")).await, Told::Named(Some(captain)));
    let renamed = Told::Renamed { uri: BOB.into(), nickname: called("Captain") };
    ada.until(|told| *told == renamed).await;
}

/// The room and its clients compare URIs by the same rules.
#[tokio::test]
async fn a_uri_in_another_spelling_is_the_same() {
    let room = Running::start();
    let (mut ada, mut bob) = (room.join("ada").await, room.join("bob").await);
    ada.sees(2).await;
    ada.says_to("SIP:room@Chat.Invalid", "Hello").await;
    assert_eq!(bob.hears().await, (ADA.into(), false, "Hello".into()));
    ada.asks(Some("Captain")).await;
    bob.until(|told| matches!(told, Told::Renamed { .. })).await;
    assert_eq!(bob.does(|bob| bob.name_of("SIP:ada@Example.COM")).await, "Captain");
}

/// If one participant takes the name of another, both are shown with their URIs.
#[tokio::test]
async fn no_participant_is_mistaken_for_another() {
    let room = Running::start();
    let (mut ada, mut bob) = (room.join("ada").await, room.join("bob").await);
    bob.sees(2).await;
    bob.asks(Some("Ada")).await;
    ada.until(|told| matches!(told, Told::Renamed { .. })).await;
    assert_eq!(ada.does(|it| it.name_of(BOB)).await, format!("Ada ({BOB})"));
    assert_eq!(ada.does(|it| it.name_of(ADA)).await, format!("ada ({ADA})"));
    let error = ada.does(|it| it.find("ada").map(str::to_owned)).await.unwrap_err().to_string();
    assert!(error.contains(ADA) && error.contains(BOB), "{error}");
}

#[tokio::test]
async fn joining_and_leaving_are_announced() {
    let room = Running::start();
    let mut ada = room.join("ada").await;
    let mut bob = room.join("bob").await;
    ada.until(|told| *told == Told::Joined { uri: BOB.into() }).await;
    bob.asks(Some("Bobby")).await;
    ada.until(|told| matches!(told, Told::Renamed { .. })).await;
    bob.leaves().await;
    let left = Told::Left { uri: BOB.into(), nickname: called("Bobby") };
    ada.until(|told| *told == left).await;
    // Bob can come back.
    room.join("bob").await;
    ada.until(|told| *told == Told::Joined { uri: BOB.into() }).await;
}

// req: 7701-6.1-14
#[tokio::test]
async fn one_user_in_two_sessions() {
    let room = Running::start();
    let mut ada = room.join("ada").await;
    let (mut one, mut two) = (room.join("bob").await, room.join("bob").await);
    ada.sees(2).await;
    ada.says_to(BOB, "Psst!").await;
    for bob in [&mut one, &mut two] {
        assert_eq!(bob.hears().await.2, "Psst!");
    }
    one.says("Hello").await;
    assert_eq!(two.hears().await.2, "Hello");
    one.leaves().await;
    ada.says("Still there?").await;
    assert_eq!(two.hears().await.2, "Still there?");
    assert!(ada.does(|ada| ada.roster().contains_key(BOB)).await);
}

#[tokio::test]
async fn writing_is_announced() {
    let room = Running::start();
    let (mut ada, mut bob) = (room.join("ada").await, room.join("bob").await);
    ada.sees(2).await;
    for is_active in [true, false] {
        ada.speaker.typing(is_active).await.unwrap();
        let typing = Told::Typing { from: ADA.into(), is_active };
        bob.until(|told| *told == typing).await;
    }
}

#[tokio::test]
async fn rejected_messages_are_explained() {
    let room = Running::start();
    let mut ada = room.join("ada").await;
    let is_refused = |told: &Told| matches!(told, Told::Refused { .. });
    ada.says_to("sip:nobody@example.com", "Psst!").await;
    let Told::Refused { text, why } = ada.until(is_refused).await else { panic!() };
    assert_eq!((&text[..], &why[..]), ("Psst!", "the recipient is not in the room"));
    // A message larger than the room's max-size is not even sent.
    assert!(ada.speaker.say(&"x".repeat(70_000)).await.is_err());
    assert!(ada.speaker.say_to("nobody", "Psst!").await.is_err());
    // The session stays open.
    let mut bob = room.join("bob").await;
    ada.sees(2).await;
    ada.says("Hello").await;
    assert_eq!(bob.hears().await.2, "Hello");
}

async fn refused(room: &Running, uri: &str) -> String {
    match Client::join(room.addresses.rendezvous, uri).await {
        Err(ClientError::Call(error)) => {
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
            error.to_string()
        }
        other => panic!("{other:?}"),
    }
}

/// The room's response to a raw call.
async fn answer_to(room: &Running, call: &str) -> String {
    let mut stream = TcpStream::connect(room.addresses.rendezvous).await.unwrap();
    stream.write_all(call.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap();
    answer
}

// req: 7701-5.2-1, 7701-5.2-6, 7701-5.2-7
#[tokio::test]
async fn a_refused_caller_learns_why() {
    let mut options = Options::any_port();
    options.max_participants = 1;
    let room = Running::with(options);
    assert!(refused(&room, "ada").await.contains("URI"));
    assert!(refused(&room, "sip:room@chat.invalid").await.contains("URI"));
    let offer = |types: &str| {
        format!(
            "JOIN {ADA}\r\nm=message 9 TCP/MSRP *\r\na=accept-types:{types}\r\n\
             a=setup:active\r\na=path:msrp://client.invalid:9/x7;tcp\r\n\r\n"
        )
    };
    let answer = answer_to(&room, &offer("text/plain")).await;
    assert!(answer.starts_with("NO ") && answer.contains("media type"), "{answer}");
    assert!(answer_to(&room, &format!("JOIN {ADA}\r\nnonsense\r\n\r\n")).await.starts_with("NO "));
    assert_eq!(answer_to(&room, "HELLO\r\n").await, "");

    // A call that is accepted, up to its answer.
    let mut stream = TcpStream::connect(room.addresses.rendezvous).await.unwrap();
    stream.write_all(offer("message/cpim text/plain").as_bytes()).await.unwrap();
    let mut answer = String::new();
    while !answer.contains("+ sip:ada@example.com\t\r\n") {
        let mut octets = [0; 1024];
        let len = timeout(PATIENCE, stream.read(&mut octets)).await.unwrap().unwrap();
        assert_ne!(len, 0, "{answer}");
        answer += std::str::from_utf8(&octets[..len]).unwrap();
    }
    for line in [
        "ROOM sip:room@chat.invalid\r\n",
        "a=accept-types:message/cpim\r\n",
        "a=accept-wrapped-types:*\r\n",
        "a=setup:passive\r\n",
        "a=chatroom:nickname private-messages\r\n",
    ] {
        assert!(answer.contains(line), "{line} in {answer}");
    }
    assert!(refused(&room, BOB).await.contains("1 sessions"));
    // Hanging up frees a place.
    drop(stream);
    while let Err(error) = Client::join(room.addresses.rendezvous, BOB).await {
        assert!(error.to_string().contains("1 sessions"), "{error}");
    }
}

#[tokio::test]
async fn a_room_that_ends_closes_the_sessions() {
    let room = Running::start();
    let mut ada = room.join("ada").await;
    ada.sees(1).await;
    room.handle.stop();
    ada.ends().await;
}

/// Peers may compare the URI with where requests come from, or connect to whatever it says.
#[tokio::test]
async fn a_client_offers_the_address_that_it_connects_from() {
    let room = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let msrp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (called, port) = (room.local_addr().unwrap(), msrp.local_addr().unwrap().port());
    let joining = tokio::spawn(async move { Client::join(called, "sip:alice@example.com").await });
    let mut call = BufReader::new(room.accept().await.unwrap().0);
    let mut offer = String::new();
    while !offer.ends_with("\r\n\r\n") {
        assert!(call.read_line(&mut offer).await.unwrap() > 0, "{offer}");
    }
    let answer = format!(
        "ROOM sip:room@example.com\r\nm=message {port} TCP/MSRP *\r\nc=IN IP4 127.0.0.1\r\n\
         a=accept-types:message/cpim\r\na=accept-wrapped-types:text/plain\r\na=setup:passive\r\n\
         a=path:msrp://127.0.0.1:{port}/room;tcp\r\na=chatroom:nickname\r\n\r\n"
    );
    call.get_mut().write_all(answer.as_bytes()).await.unwrap();
    let from = msrp.accept().await.unwrap().1;
    assert!(offer.contains(&format!("a=path:msrp://{from}/")), "{from}\n{offer}");
    assert!(offer.contains("m=message 9 TCP/MSRP *\r\n"), "{offer}");
    // Nobody has accepted the session.
    assert!(matches!(joining.await.unwrap(), Err(ClientError::Session(_))));
}
