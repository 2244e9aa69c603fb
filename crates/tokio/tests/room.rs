//! What a chat room needs: its own responses, and nicknames.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{BOB, alice_opens, uri};
use msrp::{
    MediaType, Nickname, Outcome, OutgoingMessage, ReportMode, ResponseMode, SessionConfig,
    StatusCode,
};
use msrp_tokio::{Endpoint, Session, Stream};

async fn participant_and_room() -> (Session, Session) {
    let (alices, rooms) = (Endpoint::builder().build(), Endpoint::builder().build());
    let (alices, rooms) = (alices.unwrap(), rooms.unwrap());
    let (near, far) = tokio::io::duplex(16 * 1024);
    let config = SessionConfig::expected(uri(BOB)).responses(ResponseMode::Application);
    let room = rooms.expect(config.reports(ReportMode::Manual).nicknames(true));
    rooms.serve(Stream::new(far)).unwrap();
    let alice = alices.connect_over(Stream::new(near), alice_opens());
    let (alice, room) = tokio::join!(alice, room);
    (alice.unwrap(), room.unwrap())
}

#[tokio::test(start_paused = true)]
async fn the_application_can_answer_each_message_itself() {
    let (alice, mut room) = participant_and_room().await;
    let sent = alice.send("Hello").await.unwrap();
    let mut message = room.next().await.unwrap();
    assert_eq!(message.text().await.unwrap(), "Hello");
    assert_eq!(sent.progress().borrow().outcome(), None);
    message.accept().unwrap();
    sent.delivered().await.unwrap();
    assert!(message.accept().is_err());

    let sent = alice.send("to somebody who is not here").await.unwrap();
    room.next().await.unwrap().reject(StatusCode::NOT_FOUND).unwrap();
    let refused = sent.delivered().await.unwrap_err();
    assert_eq!(refused.outcome(), Outcome::Rejected(StatusCode::NOT_FOUND));
}

#[tokio::test(start_paused = true)]
async fn the_application_can_report_with_a_body() {
    let (alice, mut room) = participant_and_room().await;
    let text = OutgoingMessage::text("Hello").success_report(true);
    let sent = alice.send(text).await.unwrap();
    let mut message = room.next().await.unwrap();
    message.bytes().await.unwrap();
    message.accept().unwrap();
    sent.accepted().await.unwrap();
    assert_eq!(sent.progress().borrow().outcome(), None, "nobody has reported");
    message.report(Some((&MediaType::text_plain(), b"for Alice"))).unwrap();
    sent.delivered().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_dropped_without_an_answer_is_refused() {
    let (alice, mut room) = participant_and_room().await;
    let sent = alice.send("Hello").await.unwrap();
    drop(room.next().await.unwrap());
    let refused = sent.delivered().await.unwrap_err();
    assert_eq!(refused.outcome(), Outcome::Rejected(StatusCode::STOP_SENDING));
}

#[tokio::test(start_paused = true)]
async fn a_room_gives_and_refuses_nicknames() {
    let (alice, room) = participant_and_room().await;
    let mut asked = room.nicknames();
    let sender = alice.sender();
    let nickname: Nickname = "Alice the Great".parse().unwrap();

    let giving = async {
        let request = asked.next().await.unwrap();
        assert_eq!(request.nickname(), Some(&nickname));
        request.respond(StatusCode::OK);
        asked.next().await.unwrap().respond(StatusCode::NICKNAME_IN_USE);
        // Without a response.
        drop(asked.next().await.unwrap());
    };
    let asking = async {
        let mut outcomes = Vec::new();
        for _ in 0..3 {
            outcomes.push(sender.ask_nickname(Some(&nickname)).await.unwrap());
        }
        outcomes
    };
    let (outcomes, ()) = tokio::join!(asking, giving);
    let refused = [StatusCode::NICKNAME_IN_USE, StatusCode::FORBIDDEN];
    let refused = refused.map(Outcome::Rejected);
    assert_eq!(outcomes, [Outcome::Accepted, refused[0], refused[1]]);
    drop((alice, sender));
    assert!(asked.next().await.is_none());
}
