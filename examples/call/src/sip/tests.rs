//! Two phones on loopback, without a server between them.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::future::{pending, ready};
use std::net::{Ipv4Addr, SocketAddr};

use tokio::sync::mpsc;

use super::*;

const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";

async fn phone() -> Phone {
    Phone::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), None).await.unwrap()
}

/// A call that stands: the side that called, and the one that was called.
async fn call() -> (Phone, Phone, Answered, (Dialog, mpsc::Receiver<Reoffer>)) {
    let (alice, mut bob) = (phone().await, phone().await);
    let bobs_uri = bob.uri();
    let (answered, accepted) =
        tokio::join!(alice.dial(&bobs_uri, OFFER.into(), pending()), async {
            bob.ring().await.unwrap().accept("the answer".into()).await
        },);
    (alice, bob, answered.unwrap(), accepted.unwrap())
}

#[tokio::test]
async fn descriptions_pass_through_untouched() {
    let (alice, mut bob) = (phone().await, phone().await);
    let bobs_uri = bob.uri();
    let ringing = async {
        let ring = bob.ring().await.unwrap();
        assert_eq!(ring.caller(), alice.uri().to_string());
        assert_eq!(ring.offer(), Some(OFFER));
        ring.accept("an answer\r\n".into()).await.unwrap()
    };
    let (answered, _) = tokio::join!(alice.dial(&bobs_uri, OFFER.into(), pending()), ringing);
    assert_eq!(answered.unwrap().answer, "an answer\r\n");
}

#[tokio::test]
async fn a_refusal_reaches_the_caller_with_its_status() {
    let (alice, mut bob) = (phone().await, phone().await);
    let bobs_uri = bob.uri();
    let (answered, ()) = tokio::join!(alice.dial(&bobs_uri, OFFER.into(), pending()), async {
        bob.ring().await.unwrap().refuse(StatusCode::Decline)
    },);
    assert!(matches!(answered, Err(SipError::Refused(StatusCode::Decline))));
}

#[tokio::test]
async fn a_caller_that_gives_up_cancels_the_call() {
    let (alice, mut bob) = (phone().await, phone().await);
    let bobs_uri = bob.uri();
    let (rang, has_rung) = tokio::sync::oneshot::channel();
    let give_up = async { has_rung.await.unwrap() };
    let ringing = async {
        let mut ring = bob.ring().await.unwrap();
        rang.send(()).unwrap();
        ring.cancelled().await;
        ring.accept("too late".into()).await
    };
    let (answered, accepted) = tokio::join!(alice.dial(&bobs_uri, OFFER.into(), give_up), ringing);
    assert!(matches!(answered, Err(SipError::NoAnswer)));
    assert!(matches!(accepted, Err(SipError::HungUp)));
}

#[tokio::test]
async fn either_side_offers_again() {
    let (_alice, _bob, mut alices, (bobs, mut bobs_offers)) = call().await;
    let (answer, ()) = tokio::join!(alices.dialog.offer("more".into()), async {
        let reoffer = bobs_offers.recv().await.unwrap();
        assert_eq!(reoffer.offer(), "more");
        reoffer.accept("agreed".into()).await;
    });
    assert_eq!(answer.unwrap(), "agreed");
    let (answer, ()) = tokio::join!(bobs.offer("less".into()), async {
        alices.offers.recv().await.unwrap().refuse(StatusCode::NotAcceptableHere).await;
    });
    assert!(matches!(answer, Err(SipError::Refused(StatusCode::NotAcceptableHere))));
}

/// Offers until the other side does not offer at the same time.
async fn insist(dialog: &Dialog, offer: &str) -> Result<String, SipError> {
    loop {
        match dialog.offer(offer.into()).await {
            Err(SipError::Glare) => tokio::time::sleep(dialog.pause()).await,
            answer => return answer,
        }
    }
}

#[tokio::test]
async fn offers_that_collide_are_both_answered() {
    let (_alice, _bob, mut alices, (bobs, mut bobs_offers)) = call().await;
    let alices_desk = async { alices.offers.recv().await.unwrap().accept("one".into()).await };
    let bobs_desk = async { bobs_offers.recv().await.unwrap().accept("two".into()).await };
    let (ones, twos, (), ()) =
        tokio::join!(insist(&bobs, "1"), insist(&alices.dialog, "2"), alices_desk, bobs_desk);
    assert_eq!((ones.unwrap(), twos.unwrap()), ("one".into(), "two".into()));
}

#[tokio::test]
async fn a_call_ends_for_both_sides_whoever_hangs_up() {
    for caller_hangs_up in [true, false] {
        let (_alice, _bob, mut alices, (bobs, mut bobs_offers)) = call().await;
        let who = if caller_hangs_up { &alices.dialog } else { &bobs };
        who.hang_up().await;
        assert!(alices.offers.recv().await.is_none());
        assert!(bobs_offers.recv().await.is_none());
        assert!(matches!(bobs.offer("more".into()).await, Err(SipError::HungUp)));
    }
}

#[tokio::test]
async fn nobody_answers_at_an_address_without_a_phone() {
    let alice = phone().await;
    let nobody = phone().await.uri();
    let answered = alice.dial(&nobody, OFFER.into(), ready(())).await;
    assert!(matches!(answered, Err(SipError::NoAnswer | SipError::Stack(_))));
}

#[tokio::test]
async fn a_ninth_call_finds_the_phone_busy() {
    let (alice, bob) = (phone().await, phone().await);
    let bobs_uri = bob.uri();
    let calls = (0..9).map(|_| {
        let alice = &alice;
        let bobs_uri = &bobs_uri;
        Box::pin(alice.dial(bobs_uri, OFFER.into(), pending()))
    });
    let mut calls: Vec<_> = calls.collect();
    let first = std::future::poll_fn(|context| {
        for call in &mut calls {
            if let std::task::Poll::Ready(answered) = call.as_mut().poll(context) {
                return std::task::Poll::Ready(answered);
            }
        }
        std::task::Poll::Pending
    });
    assert!(matches!(first.await, Err(SipError::Refused(StatusCode::BusyHere))));
}

#[tokio::test]
async fn a_refused_offer_leaves_the_call_as_it_was() {
    let (_alice, _bob, mut alices, (bobs, mut bobs_offers)) = call().await;
    let (answer, ()) = tokio::join!(bobs.offer("less".into()), async {
        alices.offers.recv().await.unwrap().refuse(StatusCode::NotAcceptableHere).await;
    });
    assert!(matches!(answer, Err(SipError::Refused(StatusCode::NotAcceptableHere))));
    let (answer, ()) = tokio::join!(alices.dialog.offer("more".into()), async {
        bobs_offers.recv().await.unwrap().accept("agreed".into()).await;
    });
    assert_eq!(answer.unwrap(), "agreed");
}
