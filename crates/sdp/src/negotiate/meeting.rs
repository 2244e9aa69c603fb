//! Which side connects, and where (RFC 4145, RFC 6135 section 4.2, RFC 6714).

use msrp::Role;

use super::{Offer, Refusal};
use crate::cema::{has_to_fall_back, is_direct};
use crate::local::Local;
use crate::media::MsrpMedia;
use crate::place::is_place_of;
use crate::plan::{Connect, Target};
use crate::setup::Setup;
use crate::tolerance::{Reading, SdpTolerance};

/// What the answerer does in the first exchange, with or without CEMA.
pub(super) fn meet_offerer(
    offer: &MsrpMedia,
    local: &Local,
    cema: bool,
) -> Result<(Role, Connect), Refusal> {
    let addresses = local.cema();
    if addresses.is_some_and(|addresses| !offer.has_cema() && !is_direct(offer, addresses)) {
        return Err(Refusal::Middlebox { offered: false });
    }
    let role = answerer_role(offer, local, cema)?;
    Ok((role, connect(local, offer, role, cema)?))
}

/// What the offerer does then.
pub(super) fn meet_answerer(
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
