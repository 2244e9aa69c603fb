//! Offer and answer (RFC 3264) of one media section for MSRP.

mod files;
mod meeting;
mod middlebox;
mod offer;
mod protection;
mod refusal;

use msrp::{MediaTypes, Role};

use self::meeting::{meet_answerer, meet_offerer};
pub use self::middlebox::{Joined, Middlebox};
pub use self::offer::Offer;
pub use self::refusal::{Refusal, Remedy};
use crate::cema::answers_with;
use crate::description::{Attribute, MediaDescription};
use crate::local::Local;
use crate::media::{MsrpMedia, is_data_channel};
use crate::plan::{SessionPlan, meet};
use crate::protocol::Protocol;
use crate::setup::Setup;
use crate::tolerance::{Reading, SdpTolerance};

/// Answers an offer: returns what to send back, and what to do now.
///
/// `local` is what this side brings, as in an offer of its own. A later offer in the
/// same session is answered with [`Local::continuing`].
///
/// # Errors
///
/// [`Refusal`]; its [`remedy`](Refusal::remedy) says what to answer.
pub fn answer(offer: &MsrpMedia, local: Local) -> Result<(MsrpMedia, SessionPlan), Refusal> {
    let mut reading = Reading::new(local.tolerances());
    check_offer(offer, &local)?;
    let file = files::answered(offer, &local, &mut reading)?;
    let direction = meet(local.direction(), offer.direction().reversed());
    agree(offer, &local, &mut reading, |protocol, setup, cema| {
        local.media(protocol, setup, cema, direction, file)
    })
}

/// Whether this side can answer an offer.
fn check_offer(offer: &MsrpMedia, local: &Local) -> Result<(), Refusal> {
    local.check()?;
    check_ends(local, offer)?;
    protection::check_offer(offer, local)?;
    check_types(offer.types(), local.types())
}

/// The answer that says this, with the plan that follows.
fn agree(
    offer: &MsrpMedia,
    local: &Local,
    reading: &mut Reading,
    says: impl FnOnce(Protocol, Setup, bool) -> MsrpMedia,
) -> Result<(MsrpMedia, SessionPlan), Refusal> {
    let cema = local.cema().is_some()
        && offer.has_cema()
        && answers_with(offer.setup(), offer.is_relayed(), local.is_relayed());
    let (role, connect) = match local.continued_with(offer) {
        Some(earlier) => (earlier.role(), earlier.connect().clone()),
        None => meet_offerer(offer, local, cema)?,
    };
    let answer = says(offer.protocol.clone(), answered_setup(offer, role), cema);
    let answer = answer.of_media(&offer.name, &offer.formats);
    let file = files::agreed(offer, &answer, local.earlier(), reading)?;
    let to_path = local.to_path(offer.path());
    let plan = SessionPlan::new((role, connect), to_path, answer.clone(), offer.clone(), file);
    Ok((answer, plan.tolerating(reading.take())))
}

/// The value that fits the offer (RFC 4145 section 4.1), even if the connection
/// exists already and neither side connects.
const fn answered_setup(offer: &MsrpMedia, role: Role) -> Setup {
    match offer.setup() {
        None | Some(Setup::Active) => Setup::Passive,
        Some(Setup::Passive) => Setup::Active,
        Some(Setup::Actpass) => Setup::of(role),
    }
}

/// Returns what to do now that this side's offer is answered.
///
/// An answer with port 0 does not get here: [`MsrpMedia::parse`] says that it is
/// [closed](crate::ErrorKind::Closed).
///
/// # Errors
///
/// [`Refusal`]; its [`remedy`](Refusal::remedy) says what to do.
pub fn complete(offer: &Offer, answer: &MsrpMedia) -> Result<SessionPlan, Refusal> {
    let Offer { local, media } = offer;
    check_ends(local, answer)?;
    let mut reading = Reading::new(local.tolerances());
    protection::check_answer(offer, answer, &mut reading)?;
    check_setup(answer, &mut reading)?;
    check_types(answer.types(), media.types())?;
    let (role, connect) = match local.continued_with(answer) {
        Some(earlier) => (earlier.role(), earlier.connect().clone()),
        None => meet_answerer(offer, answer, &mut reading)?,
    };
    let file = files::agreed(media, answer, local.earlier(), &mut reading)?;
    let to_path = local.to_path(answer.path());
    let plan = SessionPlan::new((role, connect), to_path, media.clone(), answer.clone(), file);
    Ok(plan.tolerating(reading.take()))
}

/// The answer that refuses a section of any media: its port is 0 (RFC 3264 section
/// 6). It repeats which file the section was about (RFC 5547 section 8.3).
#[must_use]
pub fn refuse(section: &MediaDescription) -> MediaDescription {
    let refused = MediaDescription::new(section.media(), 0, section.protocol(), section.formats());
    let mirrored = |it: &&Attribute| {
        ["file-selector", "file-transfer-id"]
            .iter()
            .any(|name| name.eq_ignore_ascii_case(it.name()))
    };
    let mirrored = section.attributes().iter().filter(mirrored).cloned();
    refused.with_attributes(mirrored)
}

/// Both ends are data channels, or neither is, or there is a gateway. It leaves the
/// path as it is, so that the lines must lead to it, by CEMA (RFC 8873 section 6).
fn check_ends(local: &Local, peer: &MsrpMedia) -> Result<(), Refusal> {
    let is_channel = local.is_data_channel();
    let is_alike = is_channel == is_data_channel(peer.path().last());
    let has_gateway = peer.has_cema() && (is_channel || local.cema().is_some());
    if is_alike || has_gateway { Ok(()) } else { Err(Refusal::DataChannel) }
}

/// An answer says which side connects (RFC 4145 section 4.1).
fn check_setup(answer: &MsrpMedia, reading: &mut Reading) -> Result<(), Refusal> {
    let is_open = answer.setup() == Some(Setup::Actpass);
    if is_open && !reading.tolerates(SdpTolerance::AnsweredActpass) {
        return Err(Refusal::NoRole);
    }
    Ok(())
}

/// One side accepts a type that the other understands. A type that a peer does not
/// list is not sent to it, mandatory or not.
fn check_types(peer: &MediaTypes, own: &MediaTypes) -> Result<(), Refusal> {
    let listed = peer.clone().listed_only();
    let is_common = peer.types().any(|entry| entry == "*" || own.accepts(entry))
        || own.types().any(|entry| entry == "*" || listed.accepts(entry));
    if is_common { Ok(()) } else { Err(Refusal::NoCommonType) }
}
