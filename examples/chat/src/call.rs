//! One participant at the room's side: the call, and the session that it sets up.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use msrp::uri::Scheme;
use msrp::{MediaType, MediaTypes, OutgoingMessage, ReportMode, ResponseMode};
use msrp_chatroom::{Participant, Seat, report_body};
use msrp_cpim::{CPIM_TYPE, CpimRef};
use msrp_sdp::{Chatroom, Connect, Local, MediaDescription, MsrpMedia, SessionPlan};
use msrp_tokio::{Endpoint, Message, NicknameAsked, Sender, Session};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::hall::{Hall, Joined};
use crate::rendezvous::Invite;

/// The most octets of a message.
const MAX_SIZE: u64 = 64 * 1024;

/// How long a participant may take to call, and then to open the session.
const PATIENCE: Duration = Duration::from_secs(30);

/// What all calls share.
pub(crate) struct Shared {
    pub(crate) hall: Hall,
    pub(crate) endpoint: Endpoint,
}

/// A call, from JOIN to its end.
pub(crate) async fn call(shared: Arc<Shared>, stream: TcpStream) {
    let Ok(Ok(invite)) = timeout(PATIENCE, Invite::receive(stream)).await else { return };
    let Shared { hall, endpoint } = &*shared;
    let joined = invited(endpoint, &invite).and_then(|(participant, answer, plan)| {
        let joined = hall.join(participant).map_err(|error| error.to_string())?;
        Ok((joined, answer, plan))
    });
    let (joined, answer, plan) = match joined {
        Ok(joined) => joined,
        Err(why) => return drop(invite.refuse(&why).await),
    };
    let Joined { seat, messages, gone } = joined;
    // From here on the session can be opened.
    let session = endpoint.session_with(plan, |config| {
        config
            .responses(ResponseMode::Application)
            .reports(ReportMode::Manual)
            .nicknames(true)
            .max_size(MAX_SIZE)
    });
    if let Ok(call) = invite.accept(&hall.room_uri(), &answer).await {
        let taking_part = async {
            if let Ok(Ok(session)) = timeout(PATIENCE, session).await {
                take_part(hall, seat, session, messages).await;
            }
        };
        tokio::select! {
            () = call.run(hall.roster(), gone) => {}
            () = taking_part => {}
        }
    }
    hall.leave(seat);
}

/// Reads an offer: the participant, the answer, and what is to be done for the session.
fn invited(
    endpoint: &Endpoint,
    invite: &Invite,
) -> Result<(Participant, String, SessionPlan), String> {
    let section: MediaDescription = invite.offer.parse().map_err(text)?;
    let offer = MsrpMedia::parse(&section).map_err(text)?;
    let local = Local::new(endpoint.uri(Scheme::Msrp).map_err(text)?);
    let (answer, plan) = msrp_sdp::answer(&offer, described(local)).map_err(text)?;
    if *plan.connect() != Connect::Await {
        return Err("the client must open the connection (a=setup:active)".into());
    }
    let takes_private = offer.chatroom().is_some_and(Chatroom::has_private_messages);
    let participant = Participant::new(&invite.uri).map_err(text)?;
    let participant =
        participant.with_private_messages(takes_private).with_accept_types(offer.types().clone());
    Ok((participant, answer.description().to_string(), plan))
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn text(error: impl ToString) -> String {
    error.to_string()
}

/// What the room accepts (RFC 7701 sections 5.2 and 8).
fn described(local: Local) -> Local {
    let types = MediaTypes::new(CPIM_TYPE).and_then(|types| types.wrapped("*"));
    let local = local.with_max_size(MAX_SIZE);
    let local = local.with_chatroom(Chatroom::new().with_nicknames().with_private_messages());
    match types {
        Ok(types) => local.with_types(types),
        Err(_) => local,
    }
}

/// The session of a participant, to its end. What they hear never waits for what they say.
async fn take_part(hall: &Hall, seat: Seat, session: Session, messages: mpsc::Receiver<Bytes>) {
    let hearing = hear(session.sender(), messages);
    tokio::select! {
        () = hearing => {}
        () = say(hall, seat, session) => {}
    }
}

/// Sends a participant the messages of the others.
async fn hear(sender: Sender, mut messages: mpsc::Receiver<Bytes>) {
    let Ok(cpim) = MediaType::new(CPIM_TYPE) else { return };
    while let Some(body) = messages.recv().await {
        // Waits while too many messages have no response.
        if sender.send(OutgoingMessage::new(cpim.clone(), body)).await.is_err() {
            return;
        }
    }
}

/// Takes what a participant sends.
async fn say(hall: &Hall, seat: Seat, mut session: Session) {
    let mut nicknames = session.nicknames();
    loop {
        tokio::select! {
            message = session.next() => match message {
                Some(message) => pass_on(hall, seat, message).await,
                None => return,
            },
            Some(asked) = nicknames.next() => name(hall, seat, asked),
        }
    }
}

fn name(hall: &Hall, seat: Seat, asked: NicknameAsked) {
    let status = hall.use_nickname(seat, asked.nickname());
    asked.respond(status);
}

/// Responds to a message by the rules of the room (RFC 7701 section 6.3). Its sender waits as
/// long as the room.
async fn pass_on(hall: &Hall, seat: Seat, mut message: Message) {
    let Ok(body) = message.bytes().await else { return };
    let content_type = message.content_type().as_str().to_owned();
    let is_private = match hall.pass_on(seat, &content_type, &body).await {
        Ok(recipients) => recipients.is_private(),
        Err(status) => {
            // It may have failed in the meantime.
            let _ = message.reject(status);
            return;
        }
    };
    let _ = message.accept();
    // No REPORT leaves that was not asked for.
    let wrapped = (CpimRef::parse(&body).ok())
        .filter(|_| is_private)
        .and_then(|cpim| report_body(&cpim).ok().flatten());
    let _ = message.report(wrapped.as_ref().map(|wrapped| (message.content_type(), &wrapped[..])));
}
