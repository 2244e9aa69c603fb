//! Offer and answer (RFC 3264) of one media section for MSRP.

mod files;

use thiserror::Error;

use crate::cema::{Addresses, answers_with, has_to_fall_back, is_direct};
use crate::local::{Local, LocalError, is_data_channel, setup_of};
use crate::media::MsrpMedia;
use crate::plan::{Connect, SessionPlan, Target, meet};
use crate::setup::Setup;
use crate::text::{Attribute, MediaDescription};
use msrp::MediaTypes;
use msrp::Role;
use msrp::uri::UriRef;

/// Why there is no session, and by which rule.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The two sides take no type in common (RFC 4975 section 8.6).
    #[error("the two sides take no media type in common")]
    NoCommonType,
    /// Neither side can be connected to (RFC 6135 sections 4.2.2 and 5).
    #[error("neither side can be connected to: get a relay or another address")]
    Unreachable,
    /// The peer's first hop takes no TCP connections, such as a browser's URI
    /// without its relay (RFC 7977 section 5.1).
    #[error("the first URI of the peer's path is not one to connect to over TCP")]
    Transport,
    /// One side has a data channel and the other one has not, and there is no gateway
    /// between them that speaks CEMA (RFC 8873 section 6).
    #[error("a data channel has two ends: a gateway joins it to others, by CEMA")]
    DataChannel,
    /// One side wants TLS and the other has none (RFC 4975 section 14.2).
    #[error("the other side wants msrps: bring a URI of that scheme")]
    NotSecure,
    /// A middlebox that knows nothing of CEMA is in the way (RFC 6714 sections 4.2
    /// and 4.3).
    #[error("a middlebox is in the way which the path goes past")]
    Middlebox {
        /// Whether this side has offered: it offers again, without CEMA.
        offered: bool,
    },
    /// The offer is of a file, or asks for one, and this side has said nothing of
    /// files (RFC 5547): [`Local::accept_file`], [`Local::send_file`].
    #[error("the offer is about a file: accept it, or send it")]
    File,
    /// One side speaks of a file and the other one does not.
    #[error("the other side says nothing of a file")]
    NoFile,
    /// Both sides want to send the file, or neither (RFC 5547 section 8).
    #[error("one side sends a file and the other one takes it")]
    FileDirection,
    /// The two sides mean different files, or different transfers.
    #[error("the two sides mean different files or transfers")]
    OtherFile,
    /// The file has no such range, or the other side takes another one (RFC 5547
    /// section 8.3).
    #[error("the range of the file is not to be had")]
    OtherRange,
    /// A file without an id of its transfer (RFC 5547 section 8.1).
    #[error("the file has no file-transfer-id")]
    NoTransferId,
    /// The file is larger than its receiver takes (RFC 5547 section 8.7).
    #[error("the receiver takes at most {max} octets")]
    FileTooLarge {
        /// The most octets.
        max: u64,
    },
    /// This side's own part cannot be described.
    #[error(transparent)]
    Local(#[from] LocalError),
}

/// What to do about a [`Refusal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Remedy {
    /// Answer the section with [`refuse`]; where it is the only one, with 488 (Not
    /// Acceptable Here) instead. After an answer: offer the section again with
    /// port 0, or end the call.
    Refuse,
    /// Send [`Offer::without_cema`] (RFC 6714 section 4.2), or end the call.
    OfferWithoutCema,
    /// Mend what this side brings.
    Mend,
}

impl Refusal {
    /// What to do about it.
    #[must_use]
    pub const fn remedy(&self) -> Remedy {
        match self {
            Self::Middlebox { offered: true } => Remedy::OfferWithoutCema,
            Self::Local(_) => Remedy::Mend,
            _ => Remedy::Refuse,
        }
    }
}

/// An offer that this side makes.
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
    /// Offers a session. The same [`Local`] makes the same offer: in a later
    /// exchange that is to change nothing (RFC 4975 section 8.4).
    ///
    /// # Errors
    ///
    /// [`LocalError`] where it cannot be described.
    pub fn new(local: Local) -> Result<Self, LocalError> {
        local.check()?;
        let file = files::offered(&local)?;
        let direction = local.wanted_direction();
        let mut media = local.media(local.offered_setup(), local.cema.is_some(), direction);
        media.file = file;
        Ok(Self { local, media })
    }

    /// The same without CEMA, for a middlebox that does not know it (RFC 6714
    /// section 4.2).
    #[must_use]
    pub fn without_cema(self) -> Self {
        let Self { mut local, media } = self;
        local.cema = None;
        let plain = local.media(local.offered_setup(), false, media.direction);
        Self { local, media: MsrpMedia { file: media.file, ..plain } }
    }

    /// The same with other addresses for CEMA: those of the names that an answer has
    /// brought ([`MsrpMedia::names`]), before it is taken. Without CEMA in the offer
    /// they mean nothing.
    #[must_use]
    pub fn with_addresses(mut self, addresses: Addresses) -> Self {
        self.local.cema = self.local.cema.map(|_| addresses);
        self
    }

    /// What it says.
    #[must_use]
    pub const fn media(&self) -> &MsrpMedia {
        &self.media
    }

    /// What it was made of.
    #[must_use = "the parts of an offer do nothing"]
    pub const fn local(&self) -> &Local {
        &self.local
    }

    /// The section to send.
    #[must_use]
    pub fn description(&self) -> MediaDescription {
        self.media.description()
    }
}

/// Answers an offer: the section to send back, and what to do now.
///
/// `local` is this side's part, as for an offer of its own. A later offer in the
/// same session is answered with [`Local::continuing`].
///
/// # Errors
///
/// [`Refusal`]; its [`remedy`](Refusal::remedy) says what to answer.
pub fn answer(offer: &MsrpMedia, local: Local) -> Result<(MsrpMedia, SessionPlan), Refusal> {
    local.check()?;
    check_ends(&local, offer)?;
    check_protection(offer.path().last(), local.uri.view())?;
    check_types(offer.types(), &local.types)?;
    let file = files::answered(offer, &local)?;
    let cema = local.cema.is_some()
        && offer.has_cema()
        && answers_with(offer.setup(), offer.is_relayed(), local.is_relayed());
    let (role, connect) = match local.goes_on_with(offer) {
        Some(earlier) => (earlier.role(), earlier.connect().clone()),
        None => meet_offerer(offer, &local, cema)?,
    };
    let direction = meet(local.wanted_direction(), offer.direction().reversed());
    let mut answer = local.media(answered_setup(offer, role), cema, direction);
    answer.file = file;
    let file = files::agreed(offer, &answer, local.earlier.as_deref())?;
    let plan = SessionPlan::new(role, connect, &local, answer.clone(), offer.clone(), file);
    Ok((answer, plan))
}

/// Who of the two connects where, in the first exchange.
fn meet_offerer(offer: &MsrpMedia, local: &Local, cema: bool) -> Result<(Role, Connect), Refusal> {
    let addresses = local.cema.as_ref();
    if addresses.is_some_and(|addresses| !offer.has_cema() && !is_direct(offer, addresses)) {
        return Err(Refusal::Middlebox { offered: false });
    }
    let role = answerer_role(offer, local, cema)?;
    Ok((role, connect(local, offer, role, cema)?))
}

/// An answer fits its offer (RFC 4145 section 4.1), also where the connection is
/// there already and nobody connects.
const fn answered_setup(offer: &MsrpMedia, role: Role) -> Setup {
    match offer.setup() {
        None | Some(Setup::Active) => Setup::Passive,
        Some(Setup::Passive) => Setup::Active,
        Some(Setup::Actpass) => setup_of(role),
    }
}

/// What the answer to an offer of this side means.
///
/// An answer of port 0 does not come here: reading it is
/// [`MediaError::Closed`](super::MediaError::Closed).
///
/// # Errors
///
/// [`Refusal`]; its [`remedy`](Refusal::remedy) says what to do.
pub fn complete(offer: &Offer, answer: &MsrpMedia) -> Result<SessionPlan, Refusal> {
    let Offer { local, media } = offer;
    check_ends(local, answer)?;
    check_protection(local.uri.view(), answer.path().last())?;
    check_types(answer.types(), &local.types)?;
    let (role, connect) = match local.goes_on_with(answer) {
        Some(earlier) => (earlier.role(), earlier.connect().clone()),
        None => meet_answerer(offer, answer)?,
    };
    let file = files::agreed(media, answer, local.earlier.as_deref())?;
    Ok(SessionPlan::new(role, connect, local, media.clone(), answer.clone(), file))
}

fn meet_answerer(offer: &Offer, answer: &MsrpMedia) -> Result<(Role, Connect), Refusal> {
    let local = &offer.local;
    let role = offerer_role(offer, answer)?;
    let is_direct = local.cema.as_ref().is_none_or(|addresses| is_direct(answer, addresses));
    if !is_direct && has_to_fall_back(answer, role, local.is_relayed()) {
        return Err(Refusal::Middlebox { offered: true });
    }
    // Without a middlebox the way to the peer's relay is in the path alone.
    let by_lines = local.cema.is_some() && (answer.has_cema() || !answer.is_relayed());
    Ok((role, connect(local, answer, role, by_lines)?))
}

/// The answer that refuses a section, of whatever media: its port is 0 (RFC 3264
/// section 6). What says which file it was about is repeated (RFC 5547 section
/// 8.3).
#[must_use]
pub fn refuse(section: &MediaDescription) -> MediaDescription {
    let refused = MediaDescription::new(section.media(), 0, section.protocol(), section.formats());
    let is_mirrored = |it: &&Attribute| matches!(it.name(), "file-selector" | "file-transfer-id");
    let mirrored = section.attributes().iter().filter(is_mirrored).cloned();
    refused.with_attributes(mirrored)
}

/// A data channel ends in data channels, or in a gateway: that changes no path, and
/// is found by the lines of its descriptions (RFC 8873 section 6).
fn check_ends(local: &Local, peer: &MsrpMedia) -> Result<(), Refusal> {
    let is_channel = local.is_data_channel();
    let is_alike = is_channel == is_data_channel(peer.path().last());
    let has_gateway = peer.has_cema() && (is_channel || local.cema.is_some());
    if is_alike || has_gateway { Ok(()) } else { Err(Refusal::DataChannel) }
}

/// What was offered under TLS is not answered without.
fn check_protection(offered: UriRef<'_>, answered: UriRef<'_>) -> Result<(), Refusal> {
    let is_lost = offered.is_secure() && !answered.is_secure();
    if is_lost { Err(Refusal::NotSecure) } else { Ok(()) }
}

/// Whether there is a type that one side takes and the other understands. What a
/// peer has not listed is not sent to it, mandatory or not.
fn check_types(peer: &MediaTypes, own: &MediaTypes) -> Result<(), Refusal> {
    let listed = peer.clone().listed_only();
    let is_common = peer.types().any(|entry| entry == "*" || own.accepts(entry))
        || own.types().any(|entry| entry == "*" || listed.accepts(entry));
    if is_common { Ok(()) } else { Err(Refusal::NoCommonType) }
}

/// Who answers an offer of `actpass` waits, where it can be connected to (RFC 6135
/// section 4.2.2). With CEMA it connects to an offerer that has a relay, which
/// could not connect to a middlebox.
fn answerer_role(offer: &MsrpMedia, local: &Local, cema: bool) -> Result<Role, Refusal> {
    let has_to_wait = matches!(offer.setup(), None | Some(Setup::Active));
    let has_to_connect = offer.setup() == Some(Setup::Passive);
    let prefers_to_connect = !local.is_reachable() || cema && offer.is_relayed();
    if has_to_wait && !local.is_reachable() {
        Err(Refusal::Unreachable)
    } else if has_to_connect || !has_to_wait && prefers_to_connect {
        Ok(Role::Active)
    } else {
        Ok(Role::Passive)
    }
}

/// Who has offered connects, unless the answer says that its side does.
fn offerer_role(offer: &Offer, answer: &MsrpMedia) -> Result<Role, Refusal> {
    match (offer.media.setup(), answer.setup()) {
        (Some(Setup::Active), Some(Setup::Active)) => Err(Refusal::Unreachable),
        (_, Some(Setup::Active)) => Ok(Role::Passive),
        _ => Ok(Role::Active),
    }
}

fn connect(
    local: &Local,
    peer: &MsrpMedia,
    role: Role,
    by_lines: bool,
) -> Result<Connect, Refusal> {
    if local.is_data_channel() {
        return Ok(Connect::DataChannel);
    } else if local.is_relayed() {
        return Ok(Connect::Relay);
    } else if role == Role::Passive {
        return Ok(Connect::Await);
    }
    let target = if by_lines { Target::of_lines(peer) } else { Target::of_path(peer.path()) };
    target.map(Connect::To).ok_or(Refusal::Transport)
}
