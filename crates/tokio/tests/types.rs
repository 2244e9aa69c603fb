//! A chat in message/cpim with a peer that refuses one of the types in it.
#![allow(clippy::unwrap_used)]

mod common;

use msrp::uri::Scheme;
use msrp::{MediaTypes, MsrpUri, Outcome, OutgoingMessage, SessionConfig, StatusCode};
use msrp_tokio::{Endpoint, SendError, Session};

const LOCATION: &str = "application/vnd.gsma.rcspushlocation+xml";
const TEXT: &str = "text/plain;charset=utf-8";
const RECEIPT: &str = "message/imdn+xml";

/// The description of each side, with what Bob takes in a container.
fn sides(wrapped: &str, [near, far]: &[MsrpUri; 2]) -> (SessionConfig, SessionConfig) {
    let types = MediaTypes::new("message/cpim multipart/mixed").unwrap().wrapped(wrapped).unwrap();
    let alice = SessionConfig::new(near.clone(), far.clone().into());
    let bob = SessionConfig::expected(far.clone()).accept_types(types.clone());
    (alice.peer_accept_types(types), bob)
}

fn in_cpim(content_type: &str) -> OutgoingMessage {
    let body = format!("From: <im:ada@x>\r\n\r\nContent-Type: {content_type}\r\n\r\nHi");
    OutgoingMessage::new("Message/CPIM".parse().unwrap(), body)
}

fn in_parts(content_type: &str) -> OutgoingMessage {
    let part = format!("--b\r\nContent-Type: {content_type}\r\n\r\nHi\r\n--b--");
    let multipart = format!("multipart/mixed; boundary=b\r\n\r\n{part}");
    in_cpim(&multipart)
}

/// Sends a message that arrives.
async fn assert_sent(alice: &Session, bob: &mut Session, message: OutgoingMessage) {
    alice.send(message).await.unwrap().delivered().await.unwrap();
    assert!(bob.next().await.unwrap().text().await.unwrap().ends_with("Hi"));
}

/// Asserts that a message is refused before it is sent.
async fn assert_forbidden(alice: &Session, message: OutgoingMessage) {
    let error = alice.send(message).await.unwrap_err();
    assert!(matches!(error, SendError::Refused(msrp::SendError::TypeNotAccepted(_))), "{error}");
}

// wild: 68
#[tokio::test]
async fn a_chat_goes_on_after_one_refused_part_and_follows_the_next_description() {
    let alices = Endpoint::builder().bind("127.0.0.1:0").await.unwrap();
    let bobs = Endpoint::builder().bind("127.0.0.1:0").await.unwrap();
    let uris = [&alices, &bobs].map(|endpoint| endpoint.uri(Scheme::Msrp).unwrap());
    // Bob lists more than he takes.
    let listed = format!("text/* {RECEIPT} {LOCATION}");
    let (alice, _) = sides(&listed, &uris);
    let (_, bob) = sides(&format!("text/plain {RECEIPT}"), &uris);
    let (alice, bob) = tokio::join!(alices.connect(alice), bobs.expect(bob));
    let (alice, mut bob) = (alice.unwrap(), bob.unwrap());

    assert_sent(&alice, &mut bob, in_cpim(TEXT)).await;
    let refused = alice.send(in_cpim(LOCATION)).await.unwrap().delivered().await.unwrap_err();
    assert_eq!(refused.outcome(), Outcome::Rejected(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    for other in [TEXT, "TEXT/plain", RECEIPT] {
        assert_sent(&alice, &mut bob, in_cpim(other)).await;
    }
    for location in [LOCATION.to_owned(), LOCATION.to_uppercase(), format!("{LOCATION};v=1")] {
        assert_forbidden(&alice, in_cpim(&location)).await;
    }

    for (wrapped, takes_location) in [
        (&*format!("text/plain {RECEIPT}"), false),
        ("text/plain", false),
        (&*listed, true),
        (&*format!("text/plain {}", LOCATION.to_uppercase()), true),
        ("*", true),
        ("text/*", false),
    ] {
        let (alices_config, bobs_config) = sides(wrapped, &uris);
        alice.update(&alices_config).unwrap();
        bob.update(&bobs_config).unwrap();
        for message in [in_cpim(TEXT), in_parts(TEXT)] {
            assert_sent(&alice, &mut bob, message).await;
        }
        for message in [in_cpim(LOCATION), in_parts(LOCATION)] {
            if takes_location {
                assert_sent(&alice, &mut bob, message).await;
            } else {
                assert_forbidden(&alice, message).await;
            }
        }
    }
}
