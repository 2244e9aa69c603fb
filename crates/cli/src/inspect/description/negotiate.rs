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
/// The first section that this side can accept is answered, and every other one refused. If
/// it can accept none, the refusal is that of the first for MSRP. A file that is offered is
/// accepted, and one that is asked for is sent.
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
        let answers = offer.sections().map(|(index, it)| (index, self.answered(it)));
        let Some((index, agreed)) = first_agreed(answers) else {
            return Ok(report_unread(offer.unread()));
        };
        let text = agreed.as_ref().ok().map(|(answer, _)| text(&offer, index, answer));
        let object = json!({ "answer": text });
        Ok(report_outcome(object, offer.tolerated(index), agreed.map(|(_, plan)| plan)))
    }

    fn answered(&self, offer: &MsrpMedia) -> Result<(MsrpMedia, SessionPlan), Refusal> {
        match (answer(offer, self.side(offer)), offer.file()) {
            // A selector may say nothing of a file, but that files can be transferred.
            (Err(Refusal::NoFile), Some(_)) => answer(offer, self.side_without_file()),
            (answered, _) => answered,
        }
    }

    fn side_without_file(&self) -> Local {
        let uri = self.local.clone();
        let local = if self.active { Local::unreachable(uri) } else { Local::new(uri) };
        let local = local.with_types(self.accept_types.clone());
        if self.cema { local.with_cema(Addresses::new()) } else { local }
    }

    fn side(&self, offer: &MsrpMedia) -> Local {
        let local = self.side_without_file();
        match offer.file() {
            Some(file) if !self.no_file && offer.direction() == Direction::ReceiveOnly => {
                local.send_file(file.clone())
            }
            Some(_) if !self.no_file => local.accept_file(),
            _ => local,
        }
    }
}

/// The first section that both sides agree on, or else the first one that is refused.
fn first_agreed<T>(
    sections: impl Iterator<Item = (usize, Result<T, Refusal>)>,
) -> Option<(usize, Result<T, Refusal>)> {
    sections.reduce(|first, next| if first.1.is_err() && next.1.is_ok() { next } else { first })
}

/// The answer as a whole: a section for each of the offer (RFC 3264 section 6).
fn text(offer: &Peer, answered: usize, answer: &MsrpMedia) -> String {
    let answered = |(index, section)| {
        if index == answered { answer.description() } else { refuse(section) }
    };
    let sections = offer.description.media().iter().enumerate().map(answered).collect();
    let origin = Origin::new("-", 1, answer.address().unwrap_or("localhost"));
    SessionDescription::new(origin, sections).to_string()
}

/// Prints the plan of the side that has offered, now that it has an answer.
///
/// Each section of the answer belongs to the one of the offer in the same place. The plan is
/// that of the section with the URI of this side, or else of the first that is agreed on.
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
        let (offer, answer) = self.offer.read_both(&self.answer)?;
        let (offer, answer) = match (Peer::read(&offer), Peer::read(&answer)) {
            (Ok(offer), Ok(answer)) => (offer, answer),
            (Err(unread), _) | (_, Err(unread)) => return Ok(report_unread(unread)),
        };
        let pairs = self.offered(&offer).filter_map(|(index, offered)| {
            Some((index, self.plan(offered, answer.section(index)?)))
        });
        let Some((index, plan)) = first_agreed(pairs) else {
            let has_offered = offer.sections().next().is_some();
            let unread = if has_offered { answer } else { offer };
            return Ok(report_unread(unread.unread()));
        };
        let object =
            json!({ "answer": plan.as_ref().ok().map(|_| answer.description.to_string()) });
        let tolerated = [offer.tolerated(index), answer.tolerated(index)].concat();
        Ok(report_outcome(object, tolerated, plan))
    }

    /// The sections of the offer that have the URI of this side. A middlebox may have changed
    /// it: if none has, all count.
    fn offered<'a>(&self, offer: &'a Peer) -> impl Iterator<Item = (usize, &'a MsrpMedia)> {
        let is_own = |media: &MsrpMedia| media.path().last() == self.local;
        let has_own = offer.sections().any(|(_, media)| is_own(media));
        offer.sections().filter(move |(_, media)| !has_own || is_own(media))
    }

    fn plan(&self, offered: &MsrpMedia, answered: &MsrpMedia) -> Result<SessionPlan, Refusal> {
        complete(&Offer::sent(offered.clone(), self.side(offered))?, answered)
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
