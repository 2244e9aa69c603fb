//! Files in session descriptions: one media section each.

use msrp::OsRandom;
use msrp_sdp::file::{AnsweredTransfers, FileAttributes, FileTransferId, TransferOffer};
use msrp_sdp::{MediaDescription, MsrpMedia, Offer, SessionDescription, SessionPlan};
use msrp_tls::Fingerprint;

use crate::exchange;
use crate::failure::Failure;
use crate::options;
use crate::transfers::Transfers;

/// The most files in one exchange.
pub(crate) const MAX_FILES: usize = 64;

/// A new transfer of a file, with its own id (RFC 5547 section 8.1).
pub(crate) fn new_transfer(mut file: FileAttributes) -> Result<FileAttributes, Failure> {
    let id = OsRandom::new().and_then(|mut random| FileTransferId::generate(&mut random));
    file.transfer_id = Some(id.map_err(Failure::local)?);
    Ok(file)
}

/// Writes an offer, reads its answer, and returns what the two sides agree on for each file.
pub(crate) fn exchanged(
    transfers: &Transfers,
    session: &options::Session,
    offers: &[Offer],
) -> Result<Vec<Result<SessionPlan, Failure>>, Failure> {
    let sections = offers.iter().map(Offer::description).collect();
    let offer = SessionDescription::new(transfers.origin()?, sections);
    exchange::write(&session.sdp_out, &offer)?;
    let answer = exchange::read(&session.sdp_in, session.timeout)?;
    let (offered, answered) = (offers.len(), answer.media().len());
    // RFC 3264 section 6.
    if offered != answered {
        let lines = format!("it has {answered} media lines, and the offer has {offered}");
        return Err(Failure::Description(lines));
    }
    Ok(offers.iter().zip(answer.media()).map(|(offer, answer)| complete(offer, answer)).collect())
}

fn complete(offer: &Offer, answer: &MediaDescription) -> Result<SessionPlan, Failure> {
    if answer.is_closed() {
        return Err(Failure::Refused);
    }
    let plan = msrp_sdp::complete(offer, &media(answer)?)?;
    check_pinned(&plan)?;
    Ok(plan)
}

/// Checks that under TLS the other side says which certificate it has. Nobody else vouches
/// for that, unless it is that of a relay, which has a name.
pub(crate) fn check_pinned(plan: &SessionPlan) -> Result<(), Failure> {
    // Both crates write a fingerprint as RFC 8122 does.
    let mut known = plan.fingerprints().map(|it| it.to_string().parse::<Fingerprint>());
    let is_pinned = match known.next() {
        Some(first) => first.is_ok() && known.all(|it| it.is_ok()),
        None => !plan.peer().is_secure() || plan.peer().is_relayed(),
    };
    if is_pinned { Ok(()) } else { Err(Failure::NotPinned) }
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
