//! A middlebox between two endpoints (RFC 6714 section 6).

use super::{Offer, Refusal, agree, check_offer, complete};
use crate::local::{Local, unbracketed};
use crate::media::MsrpMedia;
use crate::plan::SessionPlan;
use crate::tolerance::Reading;

/// A middlebox that is an endpoint to either side, as an SBC or a B2BUA is, and passes on
/// the messages between its two sessions (RFC 6714 section 6.2).
///
/// Path, `c=` and `m=` line, `setup` and fingerprint of its descriptions are its own. What
/// the endpoints say of types, sizes, directions, chat rooms and files passes as it is. So
/// two endpoints that nobody can connect to meet at the middlebox.
///
/// Where the offer has CEMA, none of this is needed: [`MsrpMedia::anchored`].
///
/// ```
/// use msrp_sdp::{Connect, Local, Middlebox, MsrpMedia, Offer};
///
/// // Both sides are behind a NAT.
/// let alice = Offer::new(Local::unreachable("msrp://192.0.2.1:9/jshA7weztas;tcp".parse()?))?;
/// let bob = Local::unreachable("msrp://192.0.2.7:9/kjhd37s2s20w2a;tcp".parse()?);
///
/// let inner = Local::new("msrp://203.0.113.5:30100/d1sf9nx2pq7;tcp".parse()?);
/// let outer = Local::new("msrp://198.51.100.5:30102/x8v3kq0zl5m;tcp".parse()?);
/// let middlebox = Middlebox::new(alice.media(), outer)?;
/// let (answer, bobs) = msrp_sdp::answer(middlebox.offer(), bob)?;
/// let joined = middlebox.join(&answer, inner)?;
/// let alices = msrp_sdp::complete(&alice, &joined.answer)?;
///
/// assert!(matches!((alices.connect(), bobs.connect()), (Connect::To(_), Connect::To(_))));
/// assert_eq!(joined.offerers.connect(), &Connect::Await);
/// assert_eq!(joined.answerers.connect(), &Connect::Await);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Middlebox {
    offer: MsrpMedia,
    onward: Offer,
}

/// The two sessions of a [`Middlebox`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Joined {
    /// What to answer the offerer.
    pub answer: MsrpMedia,
    /// What to do about the session with the offerer.
    pub offerers: SessionPlan,
    /// What to do about the session with the answerer.
    pub answerers: SessionPlan,
}

impl Middlebox {
    /// Takes the offer of an endpoint. `onward` is the middlebox towards the answerer: its
    /// URI, lines, relays, certificates and tolerances; whatever else it brings counts for
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`Refusal`] of the offer. One with TLS is not passed on without.
    pub fn new(offer: &MsrpMedia, onward: Local) -> Result<Self, Refusal> {
        let onward = onward.with_types(offer.types.clone());
        onward.check()?;
        if !offer.is_consistent() {
            return Err(Refusal::Contradiction);
        } else if offer.is_secure() && !onward.path().first().is_secure() {
            return Err(Refusal::NotSecure);
        }
        let cema = onward.cema().is_some();
        let (protocol, setup) = (onward.offered_protocol(cema), onward.offered_setup());
        let own = onward.media(protocol, setup, cema, offer.direction(), None);
        let onward = Offer { media: own.speaking_for(offer), local: onward };
        Ok(Self { offer: offer.clone(), onward })
    }

    /// What to offer the answerer.
    #[must_use]
    pub const fn offer(&self) -> &MsrpMedia {
        &self.onward.media
    }

    /// Takes the answer. `back` is the middlebox towards the offerer, as `onward` in
    /// [`new`](Self::new).
    ///
    /// # Errors
    ///
    /// [`Refusal`]; its [`remedy`](Refusal::remedy) says what to answer the offerer.
    pub fn join(&self, answer: &MsrpMedia, back: Local) -> Result<Joined, Refusal> {
        let answerers = complete(&self.onward, answer)?;
        let back = back.with_types(answer.types.clone());
        let mut reading = Reading::new(back.tolerances());
        check_offer(&self.offer, &back)?;
        let (answer, offerers) =
            agree(&self.offer, &back, &mut reading, |protocol, setup, cema| {
                let own = back.media(protocol, setup, cema, answer.direction(), None);
                own.speaking_for(answer)
            })?;
        Ok(Joined { answer, offerers, answerers })
    }
}

impl MsrpMedia {
    /// The same with other lines: what a middlebox makes of a section with CEMA, whose
    /// connection it carries without reading it (RFC 6714 section 6.2). It awaits the
    /// active side at this address and port, and connects to the lines of the passive one.
    #[must_use]
    pub fn anchored(self, address: &str, port: u16) -> Self {
        Self { address: Some(unbracketed(address).into()), port, ..self }
    }

    /// The same path and lines with what an endpoint says of its messages.
    pub(super) fn speaking_for(self, endpoint: &Self) -> Self {
        Self {
            types: endpoint.types.clone(),
            max_size: endpoint.max_size,
            direction: endpoint.direction,
            chatroom: endpoint.chatroom.clone(),
            file: endpoint.file.clone(),
            ..self
        }
    }
}
