//! What this side brings to the sessions of a call: URIs of its own, or routes through its
//! relay.

use std::sync::Arc;

use msrp::uri::Scheme;
use msrp_sdp::file::FileAttributes;
use msrp_sdp::{Local, MsrpMedia};
use msrp_tokio::Route;

use crate::house::House;
use crate::talk;
use crate::terms::TermsError;

/// The most octets of a message of a chat.
const MAX_TEXT_OCTETS: u64 = 1024 * 1024;

/// What this side brings to the sessions of a call.
pub(crate) struct Means {
    house: Arc<House>,
    /// A route for each session, as long as the call.
    routes: Vec<Route>,
}

impl Means {
    pub(crate) const fn new(house: Arc<House>) -> Self {
        Self { house, routes: Vec::new() }
    }

    /// For a chat that this side offers.
    pub(crate) async fn offer_chat(&mut self) -> Result<Local, TermsError> {
        let local = self.local(self.house.is_secure).await?;
        chat(local)
    }

    /// For a file that this side offers.
    pub(crate) async fn offer_file(&mut self, file: FileAttributes) -> Result<Local, TermsError> {
        Ok(self.local(self.house.is_secure).await?.send_file(file))
    }

    /// For a chat or file that the other side offers. An answer has the protocol of its
    /// offer (RFC 3264 section 6).
    pub(crate) async fn answer(&mut self, offer: &MsrpMedia) -> Result<Local, TermsError> {
        let local = self.local(offer.is_secure()).await?;
        if offer.file().is_some() { Ok(local.accept_file()) } else { chat(local) }
    }

    async fn local(&mut self, is_secure: bool) -> Result<Local, TermsError> {
        let endpoint = &self.house.endpoint;
        if let Some(account) = &self.house.relay {
            let route = endpoint.relay(account.clone()).await.map_err(own)?;
            let local = route.local().map_err(|error| TermsError::Own(error))?;
            self.routes.push(route);
            Ok(local)
        } else if is_secure {
            endpoint.local().map_err(own)
        } else {
            Ok(Local::new(endpoint.uri(Scheme::Msrp).map_err(own)?))
        }
    }
}

fn chat(local: Local) -> Result<Local, TermsError> {
    let types = talk::types().map_err(own)?;
    Ok(local.with_types(types).with_max_size(MAX_TEXT_OCTETS))
}

fn own(error: impl std::error::Error + Send + Sync + 'static) -> TermsError {
    TermsError::Own(Arc::new(error))
}
