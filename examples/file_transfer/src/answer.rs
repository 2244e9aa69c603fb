//! The answerer: one media section of the offer after the other.

use std::time::Duration;

use msrp_sdp::file::{AnsweredTransfers, FileAttributes, FileRange};
use msrp_sdp::{MediaDescription, MsrpMedia, SessionDescription, SessionPlan};

use crate::describe::{self, MAX_FILES};
use crate::desk::Job;
use crate::endpoint::{Endpoint, Work};
use crate::exchange;
use crate::options;
use crate::tell::{Done, Teller};
use crate::{Failure, TransferFailure};

/// The section of the answer, and the session and job that follow from it.
pub(crate) type Answer = (MediaDescription, SessionPlan, Job);

/// Answers each file of an offer with `one`, refuses those for which it fails, and
/// runs the transfers. An offer without files is an error. `shown` gives the name and range to print for a refused
/// file. Returns whether all files were transferred.
pub(crate) fn each(
    session: &options::Session,
    teller: &Teller,
    shown: impl Fn(&FileAttributes) -> (String, FileRange),
    mut one: impl FnMut(&mut Endpoint, usize, &MsrpMedia, &FileAttributes) -> Result<Answer, String>,
) -> Result<bool, Failure> {
    let timeout = Duration::from_secs(session.timeout);
    let offer = exchange::read(&session.sdp_in, timeout)?;
    if offer.media().is_empty() {
        let path = session.sdp_in.display();
        return Err(TransferFailure(format!("--sdp-in {path}: the offer has no files")).into());
    }
    let is_secure = session.tls || describe::wants_tls(&offer);
    let mut endpoint = Endpoint::bind(session.listen, is_secure)?;
    let mut transfers = AnsweredTransfers::new(MAX_FILES);
    let (mut work, mut refused, mut sections) = (Vec::<Work>::new(), 0, Vec::new());
    for (line, section) in offer.media().iter().enumerate() {
        let asked = describe::read(section, line, &mut transfers);
        let (name, range) = asked.as_ref().map(|(_, file)| shown(file)).unwrap_or_default();
        match asked.and_then(|(media, file)| one(&mut endpoint, line, &media, &file)) {
            Ok((answer, plan, job)) => {
                sections.push(answer);
                work.push((plan, job));
            }
            Err(error) => {
                refused += 1;
                sections.push(msrp_sdp::refuse(section));
                teller.done(&refusal(line, &name, range, error));
            }
        }
    }
    let answer = SessionDescription::new(endpoint.origin()?, sections);
    exchange::write(&session.sdp_out, &answer)?;
    Ok(endpoint.run(work, teller, timeout)? && refused == 0)
}

/// The result for a file that is not transferred.
pub(crate) fn refusal(line: usize, name: &str, range: FileRange, error: String) -> Done {
    Done { line, name: name.into(), range, bytes: 0, path: None, error: Some(error) }
}
