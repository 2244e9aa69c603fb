//! Whether both sides mean the same transport (RFC 3264 section 6, RFC 4975 section
//! 14.2).

use super::{Offer, Refusal};
use crate::local::Local;
use crate::media::MsrpMedia;
use crate::tolerance::{Reading, SdpTolerance};

/// Whether this side can answer with the transport of an offer.
pub(super) fn check_offer(offer: &MsrpMedia, local: &Local) -> Result<(), Refusal> {
    let path = local.path();
    let lacks_tls = offer.is_secure()
        && (!path.first().is_secure()
            || offer.path().last().is_secure() && !local.uri().is_secure());
    // A relay with TLS takes the connection of a plain offerer as well, and a gateway
    // that of a data channel.
    let demands_tls = local.uri().is_secure() && !local.is_relayed() && !local.is_data_channel();
    if !offer.is_consistent() {
        Err(Refusal::Contradiction)
    } else if lacks_tls {
        Err(Refusal::NotSecure)
    } else if demands_tls && !offer.is_secure() {
        Err(Refusal::OtherProtocol)
    } else {
        Ok(())
    }
}

/// Whether an answer has the transport of its offer.
pub(super) fn check_answer(
    offer: &Offer,
    answer: &MsrpMedia,
    reading: &mut Reading,
) -> Result<(), Refusal> {
    let Offer { local, media } = offer;
    let is_lost = media.is_secure()
        && (!answer.is_secure() || local.uri().is_secure() && !answer.path().last().is_secure());
    let is_added = !media.is_secure() && answer.is_secure() && !local.is_data_channel();
    if !answer.is_consistent() {
        Err(Refusal::Contradiction)
    } else if is_lost {
        Err(Refusal::NotSecure)
    } else if is_added && !(answer.is_relayed() && reading.tolerates(SdpTolerance::RelayedTls)) {
        Err(Refusal::OtherProtocol)
    } else {
        Ok(())
    }
}
