//! Files in session descriptions: one media section each.

use msrp::OsRandom;
use msrp_sdp::file::{AnsweredTransfers, FileAttributes, FileTransferId, TransferOffer};
use msrp_sdp::{MediaDescription, MsrpMedia, Offer, SessionDescription, SessionPlan};

use crate::failure::Failure;
use crate::transfers::Transfers;

/// The most files in one exchange.
pub(crate) const MAX_FILES: usize = 64;

/// A new transfer of a file, with its own id (RFC 5547 section 8.1).
pub(crate) fn new_transfer(mut file: FileAttributes) -> Result<FileAttributes, Failure> {
    let id = OsRandom::new().and_then(|mut random| FileTransferId::generate(&mut random));
    file.transfer_id = Some(id.map_err(Failure::local)?);
    Ok(file)
}

pub(crate) fn offer(
    transfers: &Transfers,
    offers: &[Offer],
) -> Result<SessionDescription, Failure> {
    let sections = offers.iter().map(Offer::description);
    Ok(SessionDescription::new(transfers.origin()?, sections.collect()))
}

/// Checks that an answer has the lines of its offer (RFC 3264 section 6).
pub(crate) fn check_lines(offers: &[Offer], answer: &SessionDescription) -> Result<(), Failure> {
    let (offered, answered) = (offers.len(), answer.media().len());
    if offered == answered {
        return Ok(());
    }
    let lines = format!("it has {answered} media lines, and the offer has {offered}");
    Err(Failure::Description(lines))
}

/// The session that an offer and its answer agree on.
pub(crate) fn complete(
    offer: &Offer,
    answer: Option<&MediaDescription>,
) -> Result<SessionPlan, Failure> {
    let answer = answer.filter(|it| !it.is_closed()).ok_or(Failure::Refused)?;
    Ok(msrp_sdp::complete(offer, &media(answer)?)?)
}

/// Reads a media section of an offer and its file, which must be a new transfer.
pub(crate) fn read(
    section: &MediaDescription,
    line: usize,
    transfers: &mut AnsweredTransfers,
) -> Result<(MsrpMedia, FileAttributes), Failure> {
    let media = media(section)?;
    let file = media.file().filter(|file| !file.selector.is_empty()).cloned();
    let file = file.ok_or(msrp_sdp::Refusal::NoFile)?;
    // Without an id, each offer is about a new transfer.
    let Some(id) = &file.transfer_id else { return Ok((media, file)) };
    // This is the first offer, so no transfer can be running.
    match transfers.offered(line, section.port(), id, &file.selector) {
        TransferOffer::New => Ok((media, file)),
        TransferOffer::TooMany { .. } => Err(Failure::Description("it has too many files".into())),
        _ => Err(Failure::Description("two files have one file-transfer-id".into())),
    }
}

fn media(section: &MediaDescription) -> Result<MsrpMedia, Failure> {
    MsrpMedia::parse(section).map_err(|error| Failure::Description(error.to_string()))
}

/// Whether an offer wants TLS.
pub(crate) fn wants_tls(offer: &SessionDescription) -> bool {
    let mut media = offer.media().iter().filter_map(|section| MsrpMedia::parse(section).ok());
    media.any(|media| media.is_secure())
}
