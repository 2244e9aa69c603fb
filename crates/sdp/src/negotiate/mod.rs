//! Offer and answer (RFC 3264) of one media section for MSRP.

mod files;
mod middlebox;
mod protection;
mod refusal;

use msrp::{MediaTypes, Role};

pub use self::middlebox::{Joined, Middlebox};
pub use self::refusal::{Refusal, Remedy};
use crate::Error;
use crate::cema::{Addresses, answers_with, has_to_fall_back, is_direct};
use crate::description::{Attribute, MediaDescription};
use crate::local::Local;
use crate::media::{MsrpMedia, is_data_channel};
use crate::place::is_place_of;
use crate::plan::{Connect, SessionPlan, Target, meet};
use crate::protocol::Protocol;
use crate::setup::Setup;
use crate::tolerance::{Reading, SdpTolerance};

/// An offer of this side.
///
/// ```
/// use msrp_sdp::{Local, Offer};
///
/// let offer = Offer::new(Local::new("msrp://192.0.2.1:7654/jshA7weztas;tcp".parse()?))?;
/// let text = offer.description().to_string();
/// assert!(text.starts_with("m=message 7654 TCP/MSRP *\r\nc=IN IP4 192.0.2.1\r\n"));
/// assert!(text.contains("a=setup:actpass\r\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Offer {
    local: Local,
    media: MsrpMedia,
}

impl Offer {
    /// Offers a session. The same [`Local`] makes the same offer, for a later exchange
    /// that changes nothing (RFC 4975 section 8.4).
    ///
    /// # Errors
    ///
    /// [`Error`] if no description can say what `local` brings, such as a URI without
    /// a port, or a file without a file-transfer-id.
    pub fn new(local: Local) -> Result<Self, Error> {
        local.check()?;
        let file = files::offered(&local)?;
        let has_cema = local.cema().is_some();
        let protocol = local.offered_protocol(has_cema);
        let media = local.media(protocol, local.offered_setup(), has_cema, local.direction(), file);
        Ok(Self { local, media })
    }

    /// Takes up an offer that was sent, from its description. `local` is the side that
    /// has sent it; what the description says of types, sizes, TLS, `setup` and files
    /// counts. The path is that of `local`: a middlebox may have changed the other.
    ///
    /// # Errors
    ///
    /// [`Refusal::Contradiction`] if the `m=` line, the fingerprint and either path
    /// disagree about TLS; [`Refusal::Local`] as in [`new`](Self::new).
    pub fn sent(media: MsrpMedia, local: Local) -> Result<Self, Refusal> {
        let is_consistent = media.is_consistent();
        let media = MsrpMedia { path: local.path(), ..media };
        if !is_consistent || !media.is_consistent() {
            return Err(Refusal::Contradiction);
        }
        local.check()?;
        Ok(Self { local, media })
    }

    /// The same without CEMA, for a middlebox that does not support it (RFC 6714
    /// section 4.2).
    #[must_use]
    pub fn without_cema(self) -> Self {
        let local = self.local.without_cema();
        let (protocol, setup) = (local.offered_protocol(false), local.offered_setup());
        let media = local.media(protocol, setup, false, self.media.direction, None);
        Self { media: media.speaking_for(&self.media), local }
    }

    /// The same with other addresses for CEMA, before [`complete`]: those of the names
    /// in the answer ([`MsrpMedia::names`]). Has no effect if the offer is without
    /// CEMA.
    #[must_use]
    pub fn with_addresses(mut self, addresses: Addresses) -> Self {
        if self.local.cema().is_some() {
            self.local = self.local.with_cema(addresses);
        }
        self
    }

    /// What the offer says.
    #[must_use]
    pub const fn media(&self) -> &MsrpMedia {
        &self.media
    }

    /// What this side brings to the session.
    #[must_use = "this only returns a reference"]
    pub const fn local(&self) -> &Local {
        &self.local
    }

    /// The section to send.
    #[must_use]
    pub fn description(&self) -> MediaDescription {
        self.media.description()
    }
}

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

/// Which side connects where, in the first exchange.
fn meet_offerer(offer: &MsrpMedia, local: &Local, cema: bool) -> Result<(Role, Connect), Refusal> {
    let addresses = local.cema();
    if addresses.is_some_and(|addresses| !offer.has_cema() && !is_direct(offer, addresses)) {
        return Err(Refusal::Middlebox { offered: false });
    }
    let role = answerer_role(offer, local, cema)?;
    Ok((role, connect(local, offer, role, cema)?))
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

fn meet_answerer(
    offer: &Offer,
    answer: &MsrpMedia,
    reading: &mut Reading,
) -> Result<(Role, Connect), Refusal> {
    let local = &offer.local;
    let role = offerer_role(offer, answer, reading)?;
    let is_direct = local.cema().is_none_or(|addresses| is_direct(answer, addresses));
    if !is_direct && has_to_fall_back(answer, role, local.is_relayed()) {
        return Err(Refusal::Middlebox { offered: true });
    }
    // Without a middlebox, only the path leads to the peer's relay.
    let by_lines = local.cema().is_some() && (answer.has_cema() || !answer.is_relayed());
    Ok((role, connect(local, answer, role, by_lines)?))
}

/// The answer that refuses a section of any media: its port is 0 (RFC 3264 section
/// 6). It repeats which file the section was about (RFC 5547 section 8.3).
#[must_use]
pub fn refuse(section: &MediaDescription) -> MediaDescription {
    let refused = MediaDescription::new(section.media(), 0, section.protocol(), section.formats());
    let is_mirrored = |it: &&Attribute| matches!(it.name(), "file-selector" | "file-transfer-id");
    let mirrored = section.attributes().iter().filter(is_mirrored).cloned();
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

/// The answerer of `actpass` waits if it can be reached (RFC 6135 section 4.2.2). With
/// CEMA it connects if the offerer has a relay, which could not connect to a middlebox.
fn answerer_role(offer: &MsrpMedia, local: &Local, cema: bool) -> Result<Role, Refusal> {
    let has_to_wait = matches!(offer.setup(), None | Some(Setup::Active));
    let has_to_connect = offer.setup() == Some(Setup::Passive);
    let prefers_to_connect =
        !local.is_reachable() || cema && offer.is_relayed() && target(local, offer, cema).is_ok();
    if has_to_wait && !local.is_reachable() {
        Err(Refusal::Unreachable)
    } else if has_to_connect || !has_to_wait && prefers_to_connect {
        Ok(Role::Active)
    } else {
        Ok(Role::Passive)
    }
}

/// The offerer connects, unless the answer says that the answerer does. A passive one has
/// said that it does not, and an answer without `setup` is passive (RFC 4145 section 4.1).
fn offerer_role(offer: &Offer, answer: &MsrpMedia, reading: &mut Reading) -> Result<Role, Refusal> {
    let answerer_connects = answer.setup() == Some(Setup::Active);
    let has_to_connect = matches!(offer.media.setup(), None | Some(Setup::Active));
    let has_to_wait = offer.media.setup() == Some(Setup::Passive);
    if answerer_connects && !has_to_connect {
        Ok(Role::Passive)
    } else if has_to_wait {
        Err(Refusal::Unreachable)
    } else if !answerer_connects || reading.tolerates(SdpTolerance::BothActive) {
        Ok(Role::Active)
    } else {
        Err(Refusal::Unreachable)
    }
}

fn connect(
    local: &Local,
    peer: &MsrpMedia,
    role: Role,
    by_lines: bool,
) -> Result<Connect, Refusal> {
    match role {
        _ if local.is_data_channel() => Ok(Connect::DataChannel),
        Role::Passive if local.is_relayed() => Ok(Connect::Relay),
        Role::Passive => Ok(Connect::Await),
        // The relay connects to the path.
        Role::Active if local.is_relayed() && is_place_of(peer.path().first()) => {
            Ok(Connect::Relay)
        }
        Role::Active if local.is_relayed() => Err(Refusal::Unreachable),
        Role::Active => target(local, peer, by_lines).map(Connect::To),
    }
}

/// Where this side connects: to the lines under CEMA, to the path without. If one leads
/// nowhere, a side with CEMA takes the other.
fn target(local: &Local, peer: &MsrpMedia, by_lines: bool) -> Result<Target, Refusal> {
    let path = peer.path();
    let by_lines = by_lines || local.cema().is_some() && !is_place_of(path.first());
    let lines = if by_lines { Target::of_lines(peer) } else { None };
    let is_tcp = path.first().transport().eq_ignore_ascii_case("tcp");
    let nowhere = if is_tcp { Refusal::Unreachable } else { Refusal::Transport };
    lines.or_else(|| Target::of_path(path)).ok_or(nowhere)
}
