//! Files in session descriptions: one media section each.

use msrp::sdp::{
    self, Attribute, FileAttributes, FileTransferId, Local, MediaDescription, MsrpMedia, Offer,
    SessionDescription, SessionPlan,
};

use crate::Failure;
use crate::endpoint::Endpoint;

/// A media section that this side offers, with its file.
pub(crate) struct Offered {
    pub(crate) offer: Offer,
    pub(crate) file: FileAttributes,
}

/// A media section that the other side offers, with its file.
pub(crate) struct Asked {
    pub(crate) media: MsrpMedia,
    pub(crate) file: FileAttributes,
    pub(crate) id: FileTransferId,
}

impl Offered {
    /// A new transfer, with an id of its own (RFC 5547 section 8.1).
    pub(crate) fn new(
        endpoint: &mut Endpoint,
        local: Local,
        mut file: FileAttributes,
    ) -> Result<Self, Failure> {
        file.transfer_id = Some(FileTransferId::generate(&mut endpoint.random));
        Ok(Self { offer: Offer::new(local)?, file })
    }

    /// What the answer means: the session, and what it says of the file.
    pub(crate) fn complete(
        &self,
        answer: Option<&MediaDescription>,
    ) -> Result<(SessionPlan, FileAttributes), String> {
        let answer = answer.filter(|it| !it.is_closed()).ok_or("the other side has refused it")?;
        let Asked { media, file, id } = Asked::read(answer)?;
        if self.file.transfer_id.as_ref() != Some(&id) {
            return Err("the answer is about another transfer".into());
        }
        if !self.file.selector.can_be_same_file(&file.selector) {
            return Err("the answer is about another file".into());
        }
        if self.file.range.is_some() && file.range != self.file.range {
            return Err("the answer is about another range of the file".into());
        }
        let plan = sdp::complete(&self.offer, &media).map_err(|error| error.to_string())?;
        Ok((plan, file))
    }
}

impl Asked {
    pub(crate) fn read(section: &MediaDescription) -> Result<Self, String> {
        let media = MsrpMedia::read(section).map_err(|error| error.to_string())?;
        let pairs = section.attributes().iter().map(|it| (it.name(), it.value()));
        let file = FileAttributes::read(pairs).map_err(|error| error.to_string())?;
        let file = file.filter(|file| !file.selector.is_empty()).ok_or("it is about no file")?;
        let id = file.transfer_id.clone().ok_or("it has no file-transfer-id")?;
        Ok(Self { media, file, id })
    }
}

pub(crate) fn section(media: &MsrpMedia, file: &FileAttributes) -> MediaDescription {
    let attributes = file.attributes();
    let attributes = attributes.iter().map(|(name, value)| Attribute::new(name, value.as_deref()));
    media.description().with_attributes(attributes)
}

pub(crate) fn offer(endpoint: &mut Endpoint, offered: &[Offered]) -> SessionDescription {
    let sections = offered.iter().map(|it| section(it.offer.media(), &it.file));
    SessionDescription::new(endpoint.origin(), sections.collect())
}

/// Whether an offer wants TLS.
pub(crate) fn wants_tls(offer: &SessionDescription) -> bool {
    let media = offer.media().iter().filter_map(|section| MsrpMedia::read(section).ok());
    media.into_iter().any(|media| media.is_secure())
}
