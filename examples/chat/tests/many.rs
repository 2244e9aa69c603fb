//! Fifty clients in one room: each hears every message of the others once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::{PATIENCE, Running};
use msrp_chat::{Client, Told};
use tokio::sync::Barrier;
use tokio::time::timeout;

const CLIENTS: usize = 50;
const MESSAGES: usize = 4;

fn uri(number: usize) -> String {
    format!("sip:user{number}@example.com")
}

/// What a client has heard: from whom, whether privately, the text, and how often.
type Heard = BTreeMap<(String, bool, String), usize>;

/// The next event for which `is_it` holds. Skips those before it.
async fn until(client: &mut Client, is_it: impl Fn(&Told) -> bool) -> Told {
    let told = async {
        loop {
            let told = client.next().await.expect("the session is open");
            if is_it(&told) {
                return told;
            }
        }
    };
    timeout(PATIENCE, told).await.expect("the event happens in time")
}

async fn collect(client: &mut Client, heard_so_far: &mut Heard, count: usize) {
    while heard_so_far.values().sum::<usize>() < count {
        let told = until(client, |told| matches!(told, Told::Heard { .. })).await;
        let Told::Heard { from, is_private, text } = told else { unreachable!() };
        *heard_so_far.entry((from, is_private, text)).or_default() += 1;
    }
}

/// Runs one client. Returns what it has heard, and whether it got the nickname that
/// another client wants too.
async fn take_part(mut client: Client, number: usize, barrier: Arc<Barrier>) -> (Heard, bool) {
    while client.roster().len() < CLIENTS {
        until(&mut client, |_| true).await;
    }
    // Two clients want each nickname, in different spellings.
    let wanted = format!("Pair {}", number / 2);
    let wanted = if number.is_multiple_of(2) { wanted } else { wanted.to_uppercase() };
    client.speaker().ask_nickname(Some(&wanted)).unwrap();
    let answer =
        until(&mut client, |told| matches!(told, Told::Named(_) | Told::NotNamed { .. })).await;
    let has_it = match answer {
        Told::Named(Some(nickname)) => nickname.as_str() == wanted,
        Told::NotNamed { why, .. } => {
            assert!(why.contains("somebody else's"), "{why}");
            false
        }
        other => panic!("{other:?}"),
    };
    barrier.wait().await;
    for n in 0..MESSAGES {
        client.speaker().say(&format!("{n} of {number}")).await.unwrap();
    }
    let next = (number + 1) % CLIENTS;
    client.speaker().say_to(&uri(next), &format!("between {number} and {next}")).await.unwrap();
    let mut heard_so_far = Heard::new();
    collect(&mut client, &mut heard_so_far, (CLIENTS - 1) * MESSAGES + 1).await;
    barrier.wait().await;
    // A duplicate or a misdirected message arrives before this.
    client.speaker().say("bye").await.unwrap();
    let all = (CLIENTS - 1) * (MESSAGES + 1) + 1;
    collect(&mut client, &mut heard_so_far, all).await;
    barrier.wait().await;
    client.leave();
    timeout(PATIENCE, async { while client.next().await.is_some() {} }).await.unwrap();
    (heard_so_far, has_it)
}

// req: 7701-6.2-7, 7701-6.2-8, 7701-7-1
#[tokio::test]
async fn each_client_hears_every_message_of_the_others_once() {
    let room = Running::start();
    let barrier = Arc::new(Barrier::new(CLIENTS));
    let mut tasks = Vec::new();
    for number in 0..CLIENTS {
        let client = room.client(&format!("user{number}")).await;
        tasks.push(tokio::spawn(take_part(client, number, Arc::clone(&barrier))));
    }
    let mut named = Vec::new();
    for (number, task) in tasks.into_iter().enumerate() {
        let (heard, has_it) = timeout(PATIENCE * 2, task).await.unwrap().unwrap();
        let mut expected = Heard::new();
        for other in (0..CLIENTS).filter(|other| *other != number) {
            let texts = (0..MESSAGES).map(|n| format!("{n} of {other}")).chain(["bye".into()]);
            expected.extend(texts.map(|text| ((uri(other), false, text), 1)));
        }
        let before = (number + CLIENTS - 1) % CLIENTS;
        expected.insert((uri(before), true, format!("between {before} and {number}")), 1);
        assert_eq!(heard, expected, "of {number}");
        named.push(has_it);
    }
    for pair in named.chunks(2) {
        assert_ne!(pair[0], pair[1], "a nickname is one participant's");
    }
}
