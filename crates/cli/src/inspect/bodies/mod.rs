//! The bodies of messages.

mod boundary;
mod composing;
mod cpim;
mod imdn;
mod mime;
mod multipart;

use msrp_cpim::{CpimTolerances, ParseError};
use serde_json::Value;

pub(super) use self::composing::Composing;
pub(super) use self::cpim::Cpim;
pub(super) use self::imdn::Imdn;
pub(super) use self::multipart::Multipart;
use super::{Fault, report, report_unread};
use crate::Ending;

/// Prints a document and the deviations that were read over.
fn report_document(document: Result<(Value, CpimTolerances), ParseError>) -> Ending {
    match document {
        Ok((object, tolerated)) => {
            report(object, names(tolerated), None);
            Ending::Success
        }
        Err(error) => report_unread(Vec::new(), &fault(&error, 0)),
    }
}

fn names(tolerated: CpimTolerances) -> Vec<&'static str> {
    tolerated.iter().map(|tolerance| tolerance.as_str()).collect()
}

/// An error in octets that start at this place of the input.
fn fault(error: &ParseError, start: usize) -> Fault {
    let place = error.place();
    Fault::at(&error.kind(), error, start + place.start..start + place.end)
}
