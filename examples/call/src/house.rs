//! What all calls of this side share: its MSRP endpoint, its folder, its voice to the user.

use std::net::IpAddr;
use std::path::PathBuf;

use msrp::{OsRandom, Random, RelayAccount};
use msrp_sdp::Origin;
use msrp_tls::{Identity, Roots, ServerCheck};
use msrp_tokio::Endpoint;
use tokio_util::sync::CancellationToken;

use crate::failure::Failure;
use crate::options::Common;
use crate::tell::Teller;

/// The most octets of a chunk: some relays hold each chunk in memory, and have little room.
const CHUNK_OCTETS: usize = 8 * 1024;

/// What all calls of this side share.
pub(crate) struct House {
    pub(crate) endpoint: Endpoint,
    pub(crate) teller: Teller,
    /// Where files that come in are stored.
    pub(crate) inbox: PathBuf,
    /// Cancelled when the program is to stop.
    pub(crate) stop: CancellationToken,
    /// Whether this side offers TLS.
    pub(crate) is_secure: bool,
    /// The relay of this side.
    pub(crate) relay: Option<RelayAccount>,
    address: IpAddr,
}

impl House {
    /// Binds the ports for MSRP before there is an offer: the URIs in it have the real
    /// ports. One is for TLS, with a certificate that only its fingerprint vouches for.
    pub(crate) async fn open(
        address: IpAddr,
        inbox: PathBuf,
        (teller, stop): (Teller, CancellationToken),
        options: &Common,
    ) -> Result<Self, Failure> {
        let builder = Endpoint::builder().identity(identity()?).plain_auth(options.plain_auth);
        let builder = builder.config(|config| config.chunk_octets = Some(CHUNK_OCTETS));
        let builder = match &options.ca {
            Some(path) => builder.server_check(ServerCheck::Named(Roots::from_file(path)?)),
            None => builder,
        };
        let builder = builder.listen((address, 0)).await?;
        let endpoint = builder.bind_tls((address, 0)).await?;
        let (is_secure, relay) = (options.tls, options.relay_account()?);
        Ok(Self { endpoint, teller, inbox, stop, is_secure, relay, address })
    }

    /// The origin of the descriptions of a call.
    pub(crate) fn origin(&self) -> Result<Origin, Failure> {
        let mut id = [0; 4];
        let random = OsRandom::new().and_then(|mut random| random.fill(&mut id));
        random.map_err(|error| Failure::Local(error.into()))?;
        Ok(Origin::new("-", u32::from_be_bytes(id).into(), &self.address.to_string()))
    }
}

/// A certificate for the lifetime of this program.
fn identity() -> Result<Identity, Failure> {
    let local = |error: rcgen::Error| Failure::Local(error.into());
    let made = rcgen::generate_simple_self_signed(["msrp.invalid".to_owned()]).map_err(local)?;
    let key = made.signing_key.serialize_der();
    let key = key.try_into().map_err(|error: &str| Failure::Local(error.into()))?;
    Ok(Identity::new(vec![made.cert.der().clone()], key))
}
