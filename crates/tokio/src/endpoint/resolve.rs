//! The addresses of a target.

use std::net::{IpAddr, SocketAddr};

use super::{Settings, Target};
use crate::error::Error;

/// The addresses of a target in the order in which they are tried.
pub(super) async fn resolve(
    settings: &Settings,
    target: &Target,
) -> Result<Vec<SocketAddr>, Error> {
    if let Ok(address) = target.host().parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, target.port())]);
    }
    #[cfg(feature = "srv")]
    if target.is_service()
        && let Some(found) = super::service::resolve(settings, target.host()).await?
    {
        return Ok(found);
    }
    let failed = |source| Error::Resolve { host: target.host().into(), source };
    settings.names.addresses(target.host(), target.port()).await.map_err(failed)
}
