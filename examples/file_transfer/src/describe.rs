//! Files in session descriptions: one media section each.

use msrp::RandomError;
use msrp_sdp::file::{AnsweredTransfers, FileAttributes, FileTransferId, TransferOffer};
use msrp_sdp::{MediaDescription, MsrpMedia, Offer, SessionDescription, SessionPlan};

use crate::endpoint::Endpoint;
use crate::tell::text;

/// The most files in one exchange.
pub(crate) const MAX_FILES: usize = 64;

/// A new transfer of a file, with its own id (RFC 5547 section 8.1).
pub(crate) fn new_transfer(
    mut file: FileAttributes,
    endpoint: &mut Endpoint,
) -> Result<FileAttributes, RandomError> {
    file.transfer_id = Some(FileTransferId::generate(&mut endpoint.random)?);
    Ok(file)
}

pub(crate) fn offer(
    endpoint: &mut Endpoint,
    offers: &[Offer],
) -> Result<SessionDescription, RandomError> {
    let sections = offers.iter().map(Offer::description);
    Ok(SessionDescription::new(endpoint.origin()?, sections.collect()))
}

/// The session that an offer and its answer agree on.
pub(crate) fn complete(
    offer: &Offer,
    answer: Option<&MediaDescription>,
) -> Result<SessionPlan, String> {
    let answer = answer.filter(|it| !it.is_closed()).ok_or("the other side has refused it")?;
    let answer = MsrpMedia::parse(answer).map_err(text)?;
    msrp_sdp::complete(offer, &answer).map_err(text)
}

/// Reads a media section of an offer and its file, which must be a new transfer.
pub(crate) fn read(
    section: &MediaDescription,
    line: usize,
    transfers: &mut AnsweredTransfers,
) -> Result<(MsrpMedia, FileAttributes), String> {
    let media = MsrpMedia::parse(section).map_err(text)?;
    let file = media.file().filter(|file| !file.selector.is_empty()).cloned();
    let file = file.ok_or("it does not describe a file")?;
    // Without an id, each offer is about a new transfer.
    let Some(id) = &file.transfer_id else { return Ok((media, file)) };
    // This is the first offer, so no transfer can be running.
    match transfers.offered(line, section.port(), id, &file.selector) {
        TransferOffer::New => Ok((media, file)),
        TransferOffer::TooMany { .. } => Err("too many files".into()),
        _ => Err("its file-transfer-id is that of another file".into()),
    }
}

/// Whether an offer wants TLS.
pub(crate) fn wants_tls(offer: &SessionDescription) -> bool {
    let mut media = offer.media().iter().filter_map(|section| MsrpMedia::parse(section).ok());
    media.any(|media| media.is_secure())
}
