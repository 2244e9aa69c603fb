//! An offer, from its making to the answer.

use super::{Refusal, files};
use crate::Error;
use crate::cema::Addresses;
use crate::description::MediaDescription;
use crate::local::Local;
use crate::media::MsrpMedia;

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
    pub(super) local: Local,
    pub(super) media: MsrpMedia,
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

    /// The same with other addresses for CEMA, before [`complete`](crate::complete): those
    /// of the names in the answer ([`MsrpMedia::names`]). Has no effect if the offer is
    /// without CEMA.
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
