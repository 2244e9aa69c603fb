//! Files in offer and answer (RFC 5547 sections 8.2 and 8.3).

use msrp::Direction;

use super::Refusal;
use crate::file::{FileAttributes, FileRange};
use crate::local::{FilePart, Local};
use crate::media::MsrpMedia;
use crate::plan::SessionPlan;
use crate::tolerance::{Reading, SdpTolerance};
use crate::{Error, ErrorKind};

/// What an offer says of its file. A sender describes it; a receiver selects it and
/// leaves the rest to the answer (section 8.2.2). A later offer is about the same
/// transfer (section 8.1).
pub(super) fn offered(local: &Local) -> Result<Option<FileAttributes>, Error> {
    let missing = |attribute| Error::of(attribute, ErrorKind::Missing);
    let earlier = local.earlier().and_then(SessionPlan::file);
    let mut file = match (local.file(), earlier) {
        (None, _) => return Ok(None),
        (Some(FilePart::Accept), None) => return Err(missing("file-selector")),
        (Some(FilePart::Accept), Some(known)) => selected(known),
        (Some(FilePart::Send(file)), _) if file.selector.suits_push() => file.clone(),
        (Some(FilePart::Send(_)), _) => {
            return Err(missing("file-selector").with_part("type, size or hash"));
        }
        (Some(FilePart::Ask(file)), _) if !file.selector.is_empty() => selected(file),
        (Some(FilePart::Ask(_)), _) => {
            return Err(missing("file-selector").with_part("name, type, size or hash"));
        }
    };
    if let Some(known) = earlier {
        file.transfer_id.clone_from(&known.transfer_id);
        file.range = known.range;
    }
    // A peer that gave its transfer no id knows it by its media line alone.
    let lacks_id = file.transfer_id.is_none() && earlier.is_none();
    if lacks_id { Err(missing("file-transfer-id")) } else { Ok(Some(file)) }
}

/// Which file and which part of it, without what only informs the user.
fn selected(file: &FileAttributes) -> FileAttributes {
    let mut selected = FileAttributes::new(file.selector.clone());
    selected.transfer_id.clone_from(&file.transfer_id);
    selected.range = file.range;
    selected
}

/// What an answer says of the file of an offer.
pub(super) fn answered(
    offer: &MsrpMedia,
    local: &Local,
    reading: &mut Reading,
) -> Result<Option<FileAttributes>, Refusal> {
    let (file, part) = match (described(offer), local.file()) {
        (None, None) => return Ok(None),
        (None, Some(_)) => return Err(Refusal::NoFile),
        (Some(_), None) => return Err(Refusal::File),
        (Some(file), Some(part)) => (file, part),
    };
    let suited = match part {
        FilePart::Send(_) => Direction::ReceiveOnly,
        FilePart::Ask(_) | FilePart::Accept => Direction::SendOnly,
    };
    let direction = file_direction(offer, suited, reading);
    let is_known = is_known(file, local.earlier());
    // The id and the range are those of the offer, and only the sender describes the
    // file to the user (section 8.3.1).
    let (answer, asked, limit) = match (part, direction) {
        (FilePart::Send(own), Direction::ReceiveOnly) => (own.clone(), own, offer.max_size()),
        (FilePart::Send(own), Direction::Inactive) if is_known => (own.clone(), own, None),
        (FilePart::Accept, Direction::SendOnly) => (selected(file), file, local.max_size()),
        (FilePart::Ask(own), Direction::SendOnly) => (selected(file), own, local.max_size()),
        (FilePart::Accept | FilePart::Ask(_), Direction::Inactive) if is_known => {
            (selected(file), file, None)
        }
        (FilePart::Send(_) | FilePart::Ask(_) | FilePart::Accept, _) => {
            return Err(Refusal::FileDirection);
        }
    };
    if !file.selector.can_be_same_file(&asked.selector) {
        return Err(Refusal::OtherFile);
    }
    let (transfer_id, range) = (file.transfer_id.clone(), file.range);
    let answer = FileAttributes { transfer_id, range, ..answer };
    check_size(&answer, limit)?;
    Ok(Some(answer))
}

/// Whether this is the transfer that the session is for.
fn is_known(file: &FileAttributes, earlier: Option<&SessionPlan>) -> bool {
    let known = earlier.and_then(SessionPlan::file);
    known.is_some_and(|known| known.transfer_id == file.transfer_id)
}

/// The direction of a section for a file; without one, the one that suits the other side.
fn file_direction(media: &MsrpMedia, suited: Direction, reading: &mut Reading) -> Direction {
    let direction = media.direction();
    let is_missing = direction == Direction::SendReceive
        && reading.tolerates(SdpTolerance::MissingFileDirection);
    if is_missing { suited } else { direction }
}

/// The same of an offer and its answer. Whoever describes a file in an offer sends it.
fn file_directions(
    offer: &MsrpMedia,
    answer: &MsrpMedia,
    reading: &mut Reading,
) -> (Direction, Direction) {
    let taken = answer.direction();
    let suited =
        if taken == Direction::SendReceive { Direction::SendOnly } else { taken.reversed() };
    let offered = file_direction(offer, suited, reading);
    (offered, file_direction(answer, offered.reversed(), reading))
}

/// What an offer and its answer together say of their file.
pub(super) fn agreed(
    offer: &MsrpMedia,
    answer: &MsrpMedia,
    earlier: Option<&SessionPlan>,
    reading: &mut Reading,
) -> Result<Option<FileAttributes>, Refusal> {
    let Some(file) = described(offer) else { return Ok(None) };
    if file.transfer_id.is_none() && !reading.tolerates(SdpTolerance::MissingTransferId) {
        return Err(Refusal::NoTransferId);
    }
    let Some(answered) = described(answer) else {
        return unconfirmed(offer, answer, file, reading);
    };
    let (offered, taken) = file_directions(offer, answer, reading);
    let is_sent = offered == Direction::SendOnly;
    let is_taken = taken == offered.reversed() && taken != Direction::SendReceive;
    if !is_same_transfer(file, answered, reading)
        || !file.selector.can_be_same_file(&answered.selector)
    {
        return Err(Refusal::OtherFile);
    }
    let size = file.selector.size().or(answered.selector.size());
    if range_of(answered, size) != range_of(file, size) {
        return Err(Refusal::OtherRange);
    }
    let is_on_hold = [offer, answer].iter().any(|it| it.direction() == Direction::Inactive);
    if is_on_hold && is_known(file, earlier) {
        return Ok(earlier.and_then(SessionPlan::file).cloned());
    } else if !is_taken {
        return Err(Refusal::FileDirection);
    }
    let sender = if is_sent { file } else { answered };
    let transfer_id = file.transfer_id.clone().or_else(|| answered.transfer_id.clone());
    let mut both = FileAttributes { transfer_id, ..sender.clone() };
    let other = if is_sent { answered } else { file };
    both.selector = both.selector.joined(&other.selector);
    check_size(&both, if is_sent { answer.max_size() } else { offer.max_size() })?;
    Ok(Some(both))
}

/// The file that this side sends to an endpoint that knows nothing of files, and so of
/// their ranges.
fn unconfirmed(
    offer: &MsrpMedia,
    answer: &MsrpMedia,
    file: &FileAttributes,
    reading: &mut Reading,
) -> Result<Option<FileAttributes>, Refusal> {
    let is_sent = offer.direction() == Direction::SendOnly && answer.direction().may_receive();
    if !is_sent || !reading.tolerates(SdpTolerance::UnconfirmedFile) {
        return Err(Refusal::NoFile);
    } else if range_of(file, file.selector.size()) != FileRange::WHOLE {
        return Err(Refusal::OtherRange);
    }
    check_size(file, answer.max_size())?;
    Ok(Some(file.clone()))
}

/// Whether an answer is about the transfer of its offer. One that has no id there may be
/// given one.
fn is_same_transfer(
    file: &FileAttributes,
    answered: &FileAttributes,
    reading: &mut Reading,
) -> bool {
    let lacks_id = answered.transfer_id.is_none();
    answered.transfer_id == file.transfer_id
        || file.transfer_id.is_none()
        || lacks_id && reading.tolerates(SdpTolerance::MissingTransferId)
}

/// The file of a section, unless its selector alone queries a capability.
fn described(media: &MsrpMedia) -> Option<&FileAttributes> {
    media.file().filter(|file| file.selector.is_about_file() || file.transfer_id.is_some())
}

/// The range in its shortest form, if the size of the file is known: `1-17` of 17 octets
/// is all of them.
fn range_of(file: &FileAttributes, size: Option<u64>) -> FileRange {
    let range = file.range.unwrap_or_default();
    let reaches_end = size.is_some() && range.stop() == size;
    if reaches_end { FileRange::from_offset(range.offset()) } else { range }
}

/// The file has the requested range, and is not larger than its receiver accepts
/// (section 8.7), as far as the descriptions say.
fn check_size(file: &FileAttributes, max_size: Option<u64>) -> Result<(), Refusal> {
    let range = file.range.unwrap_or_default();
    let size = match file.selector.size() {
        Some(size) => {
            let octets = range.within(size).ok_or(Refusal::OtherRange)?;
            Some(octets.end - octets.start)
        }
        None => range.len(),
    };
    match (size, max_size) {
        (Some(size), Some(max)) if size > max => Err(Refusal::FileTooLarge { max }),
        _ => Ok(()),
    }
}
