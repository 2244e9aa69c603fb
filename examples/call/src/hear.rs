//! What the other side sends: texts, notices of typing, files.

use std::future::Future;
use std::time::Duration;

use msrp::SessionConfig;
use msrp_sdp::file::FileSelector;
use msrp_tokio::{Message, Session};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::failure::Failure;
use crate::file::Incoming;
use crate::house::House;
use crate::talk::{self, Said};
use crate::tell::Told;

/// How long the last messages of a call that is over may take to be read. They have
/// arrived: whoever wants to be sure waits for the response before hanging up.
const LAST_MESSAGES: Duration = Duration::from_millis(200);

/// The same for the octets of a file.
const LAST_FILE: Duration = Duration::from_secs(5);

/// Listens to a chat until it ends, which is a failure, or `over`.
pub(crate) async fn chat(
    house: &House,
    mut session: Session,
    mut updates: mpsc::Receiver<SessionConfig>,
    over: CancellationToken,
) -> Result<(), Failure> {
    loop {
        tokio::select! {
            message = session.next() => match message {
                Some(message) => heard(house, message).await,
                None => break,
            },
            // The session stays as it is if the update is for another.
            Some(config) = updates.recv() => drop(session.update(&config)),
            () = over.cancelled() => break,
        }
    }
    while let Ok(Some(message)) = timeout(LAST_MESSAGES, session.next()).await {
        heard(house, message).await;
    }
    match session.ended() {
        Some(ended) if !over.is_cancelled() => Err(Failure::Ended(Box::new(ended))),
        _ => Ok(()),
    }
}

async fn heard(house: &House, message: Message) {
    match read(message).await {
        Ok(Said::Text(text)) => house.teller.tell(&Told::Message(&text)),
        Ok(Said::Typing(is_active)) => house.teller.tell(&Told::Typing(is_active)),
        Err(failure) => house.teller.tell(&Told::Failed(&failure)),
    }
}

async fn read(mut message: Message) -> Result<Said, Failure> {
    let octets = message.bytes().await?;
    talk::read(message.content_type().as_str(), &octets).ok_or(Failure::NotUnderstood)
}

/// Receives the file of a session.
pub(crate) async fn file(
    house: &House,
    session: impl Future<Output = Result<Session, Failure>>,
    offered: FileSelector,
    over: CancellationToken,
) -> Result<(), Failure> {
    let receiving = async {
        let mut session = session.await?;
        let mut message = session.next().await.ok_or(Failure::NoFile)?;
        let file = message.save_unverified(&house.inbox).await?;
        Incoming::check(file, offered).await
    };
    let hung_up = async {
        over.cancelled().await;
        sleep(LAST_FILE).await;
    };
    let Incoming { path, sha256 } = tokio::select! {
        received = receiving => received?,
        () = hung_up => return Err(Failure::HungUp),
    };
    house.teller.tell(&Told::File { path: &path, sha256: &sha256 });
    Ok(())
}
