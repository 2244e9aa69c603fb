//! What all calls of this side share: its MSRP endpoint, its folder, its voice to the user.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use msrp::uri::Scheme;
use msrp::{OsRandom, Random};
use msrp_sdp::file::FileAttributes;
use msrp_sdp::{Local, MsrpMedia, Origin};
use msrp_tls::Identity;
use msrp_tokio::Endpoint;
use tokio_util::sync::CancellationToken;

use crate::console::stop_signal;
use crate::failure::Failure;
use crate::options::Common;
use crate::talk;
use crate::tell::Teller;
use crate::terms::TermsError;

/// The most octets of a message of a chat.
const MAX_TEXT_OCTETS: u64 = 1024 * 1024;

/// What all calls of this side share.
pub(crate) struct House {
    pub(crate) endpoint: Endpoint,
    pub(crate) teller: Teller,
    /// Where files that come in are stored.
    pub(crate) inbox: PathBuf,
    /// Cancelled when the program is to stop.
    pub(crate) stop: CancellationToken,
    /// Whether this side offers TLS.
    is_secure: bool,
    address: IpAddr,
}

impl House {
    /// Binds the ports for MSRP before there is an offer: the URIs in it have the real
    /// ports. One is for TLS, with a certificate that only its fingerprint vouches for.
    pub(crate) async fn open(
        address: IpAddr,
        inbox: PathBuf,
        teller: Teller,
        options: &Common,
    ) -> Result<Self, Failure> {
        let builder = Endpoint::builder().identity(identity()?);
        let builder = builder.listen((address, 0)).await?;
        let endpoint = builder.bind_tls((address, 0)).await?;
        let (stop, is_secure) = (stop_signal(), options.tls);
        Ok(Self { endpoint, teller, inbox, stop, is_secure, address })
    }

    /// The origin of the descriptions of a call.
    pub(crate) fn origin(&self) -> Result<Origin, Failure> {
        let mut id = [0; 4];
        let random = OsRandom::new().and_then(|mut random| random.fill(&mut id));
        random.map_err(|error| Failure::Local(error.into()))?;
        Ok(Origin::new("-", u32::from_be_bytes(id).into(), &self.address.to_string()))
    }

    /// What this side brings to a chat that it offers.
    pub(crate) fn offers_chat(&self) -> Result<Local, TermsError> {
        chat(self.local(self.is_secure)?)
    }

    /// What this side brings to a file that it offers.
    pub(crate) fn offers_file(&self, file: FileAttributes) -> Result<Local, TermsError> {
        Ok(self.local(self.is_secure)?.send_file(file))
    }

    /// What this side brings to a chat or file that the other side offers.
    pub(crate) fn answers(&self, offer: &MsrpMedia) -> Result<Local, TermsError> {
        let local = self.local(offer.is_secure())?;
        if offer.file().is_some() { Ok(local.accept_file()) } else { chat(local) }
    }

    fn local(&self, is_secure: bool) -> Result<Local, TermsError> {
        if is_secure {
            self.endpoint.local().map_err(own)
        } else {
            Ok(Local::new(self.endpoint.uri(Scheme::Msrp).map_err(own)?))
        }
    }
}

fn chat(local: Local) -> Result<Local, TermsError> {
    Ok(local.with_types(talk::types().map_err(own)?).with_max_size(MAX_TEXT_OCTETS))
}

fn own(error: impl std::error::Error + Send + Sync + 'static) -> TermsError {
    TermsError::Own(Arc::new(error))
}

/// A certificate for the lifetime of this program.
fn identity() -> Result<Identity, Failure> {
    let local = |error: rcgen::Error| Failure::Local(error.into());
    let made = rcgen::generate_simple_self_signed(["msrp.invalid".to_owned()]).map_err(local)?;
    let key = made.signing_key.serialize_der();
    let key = key.try_into().map_err(|error: &str| Failure::Local(error.into()))?;
    Ok(Identity::new(vec![made.cert.der().clone()], key))
}
