//! Offer and answer.

use msrp::{Direction, MediaTypes, MsrpUri, Path, Role};
use msrp_sdp::{
    Addresses, Connect, Local, MsrpMedia, Offer, Origin, Refusal, SdpTolerances,
    SessionDescription, SessionPlan, answer, complete, refuse,
};
use serde_json::{Value, json};

use super::peer::{Peer, Unread};
use super::values;
use crate::Ending;
use crate::inspect::{Input, report};
use crate::output::set;
use crate::receive::media_types;

/// Prints the answer of a side to an offer, and its plan for the session.
///
/// The first section that MSRP can use is answered, and every other one refused. A file
/// that is offered is accepted, and one that is asked for is sent.
#[derive(clap::Args)]
pub(in crate::inspect) struct Answer {
    /// The offer; - for standard input.
    offer: Input,
    /// The URI of the side that answers.
    #[arg(long, value_name = "URI")]
    local: MsrpUri,
    /// The side accepts no connections; it connects itself.
    #[arg(long)]
    active: bool,
    /// The side accepts connections (the default). It connects only where the offer is
    /// passive.
    #[arg(long, conflicts_with = "active")]
    passive: bool,
    /// The side supports CEMA (RFC 6714). Host names equal themselves alone.
    #[arg(long)]
    cema: bool,
    /// Media types that the side accepts, such as "text/plain,image/*".
    #[arg(long, value_name = "LIST", default_value = "*", value_parser = media_types)]
    accept_types: MediaTypes,
    /// The side expects no file.
    #[arg(long)]
    no_file: bool,
}

impl Answer {
    pub(in crate::inspect) fn run(&self) -> anyhow::Result<Ending> {
        let offer = match Peer::read(&self.offer.read()?) {
            Ok(offer) => offer,
            Err(unread) => return Ok(report_unread(unread)),
        };
        let agreed = answer(&offer.media, self.side(&offer.media));
        let text = agreed.as_ref().ok().map(|(answer, _)| text(&offer, answer));
        let object = json!({ "answer": text });
        Ok(report_outcome(object, offer.tolerated(), agreed.map(|(_, plan)| plan)))
    }

    fn side(&self, offer: &MsrpMedia) -> Local {
        let uri = self.local.clone();
        let local = if self.active { Local::unreachable(uri) } else { Local::new(uri) };
        let local = local.with_types(self.accept_types.clone());
        let local = if self.cema { local.with_cema(Addresses::new()) } else { local };
        match offer.file() {
            Some(file) if !self.no_file && offer.direction() == Direction::ReceiveOnly => {
                local.send_file(file.clone())
            }
            Some(_) if !self.no_file => local.accept_file(),
            _ => local,
        }
    }
}

/// The answer as a whole: a section for each of the offer (RFC 3264 section 6).
fn text(offer: &Peer, answer: &MsrpMedia) -> String {
    let answered = |(index, section)| {
        if index == offer.index { answer.description() } else { refuse(section) }
    };
    let sections = offer.description.media().iter().enumerate().map(answered).collect();
    let origin = Origin::new("-", 1, answer.address().unwrap_or("localhost"));
    SessionDescription::new(origin, sections).to_string()
}

/// Prints the plan of the side that has offered, now that it has an answer.
#[derive(clap::Args)]
pub(in crate::inspect) struct Complete {
    /// The offer that the side has sent; - for standard input.
    offer: Input,
    /// The answer; - for standard input.
    answer: Input,
    /// The URI of the side that has offered.
    #[arg(long, value_name = "URI")]
    local: MsrpUri,
}

impl Complete {
    pub(in crate::inspect) fn run(&self) -> anyhow::Result<Ending> {
        let (offer, answer) = (self.offer.read()?, self.answer.read()?);
        let (offer, answer) = match (Peer::read(&offer), Peer::read(&answer)) {
            (Ok(offer), Ok(answer)) => (offer, answer),
            (Err(unread), _) | (_, Err(unread)) => return Ok(report_unread(unread)),
        };
        let side = self.side(&offer.media);
        let plan = Offer::sent(offer.media.clone(), side);
        let plan = plan.and_then(|offer| complete(&offer, &answer.media));
        let object =
            json!({ "answer": plan.as_ref().ok().map(|_| answer.description.to_string()) });
        Ok(report_outcome(object, [offer.tolerated(), answer.tolerated()].concat(), plan))
    }

    /// The side that has made this offer.
    fn side(&self, offer: &MsrpMedia) -> Local {
        let uri = self.local.clone();
        let local = match relays(offer.path()) {
            Some(relays) => Local::through(uri, relays),
            None => Local::new(uri),
        };
        if offer.has_cema() { local.with_cema(Addresses::new()) } else { local }
    }
}

/// The Use-Path of the relays of a path, the nearest to the endpoint first.
fn relays(path: &Path) -> Option<Path> {
    let uris = path.iter().map(MsrpUri::from).collect::<Vec<_>>();
    let (_, relays) = uris.split_last()?;
    Path::new(relays.iter().rev().cloned()).ok()
}

fn report_unread(unread: Unread) -> Ending {
    let object = json!({ "answer": null, "plan": null, "refusal": null });
    report(object, values::names([unread.tolerated]), Some(&unread.fault));
    Ending::Failed
}

fn report_outcome(
    mut object: Value,
    tolerated: impl IntoIterator<Item = SdpTolerances>,
    outcome: Result<SessionPlan, Refusal>,
) -> Ending {
    let used = outcome.as_ref().map_or_else(|_| SdpTolerances::none(), SessionPlan::tolerated);
    set(&mut object, "plan", outcome.as_ref().ok().map(plan));
    set(&mut object, "refusal", outcome.as_ref().err().map(refusal));
    report(object, values::names(tolerated.into_iter().chain([used])), None);
    outcome.is_ok().into()
}

fn plan(plan: &SessionPlan) -> Value {
    let connect = match plan.connect() {
        Connect::To(target) => json!({
            "host": target.host(), "port": target.port(), "tls": target.is_secure(),
        }),
        // There is a connection to the relay, or the peer opens one.
        Connect::Await | Connect::Relay | Connect::DataChannel | _ => Value::Null,
    };
    json!({
        "role": if plan.role() == Role::Active { "active" } else { "passive" },
        "connect": connect,
        "local": plan.uri().to_string(),
        "remote": plan.to_path().as_str(),
        "maxSize": plan.peer().max_size(),
    })
}

fn refusal(refusal: &Refusal) -> Value {
    json!({ "kind": refusal.kind(), "message": refusal.to_string() })
}
