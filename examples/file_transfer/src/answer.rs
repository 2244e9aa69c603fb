//! The answerer: one media section of the offer after the other.

use msrp_sdp::file::{AnsweredTransfers, FileAttributes, FileRange};
use msrp_sdp::{MediaDescription, MsrpMedia, SessionDescription, SessionPlan};

use crate::describe::{self, MAX_FILES};
use crate::exchange;
use crate::failure::Failure;
use crate::options;
use crate::tell::{Done, Teller};
use crate::transfers::{Job, Transfers};

/// The section of the answer, and the session and job that follow from it.
pub(crate) type Answer = (MediaDescription, SessionPlan, Job);

/// Answers each file of an offer with `one`, refuses those for which it fails, and
/// runs the transfers. An offer without files is an error. `shown` gives the name and range
/// to print for a refused file. Returns whether all files were transferred.
pub(crate) fn each(
    session: &options::Session,
    teller: &Teller,
    shown: impl Fn(&FileAttributes) -> (String, FileRange),
    mut one: impl FnMut(&Transfers, usize, &MsrpMedia, &FileAttributes) -> Result<Answer, Failure>,
) -> Result<bool, Failure> {
    let offer = exchange::read(&session.sdp_in, session.timeout)?;
    if offer.media().is_empty() {
        return Err(Failure::Description("the offer has no files".into()));
    }
    let is_secure = session.tls || describe::wants_tls(&offer);
    let mut transfers = Transfers::bind(session, is_secure)?;
    let mut known = AnsweredTransfers::new(MAX_FILES);
    let mut sections = Vec::new();
    for (line, section) in offer.media().iter().enumerate() {
        let asked = describe::read(section, line, &mut known);
        let (name, range) = asked.as_ref().map(|(_, file)| shown(file)).unwrap_or_default();
        let answered = asked.and_then(|(media, file)| one(&transfers, line, &media, &file));
        match answered.and_then(checked) {
            Ok((answer, plan, job)) => {
                sections.push(answer);
                transfers.agree(plan, job);
            }
            Err(failure) => {
                sections.push(msrp_sdp::refuse(section));
                transfers.refuse(Done::refused(line, &name, range, failure));
            }
        }
    }
    let answer = SessionDescription::new(transfers.origin()?, sections);
    // Everything is checked, and the other side can open the sessions before it has the
    // answer.
    transfers.begin();
    exchange::write(&session.sdp_out, &answer)?;
    Ok(transfers.run(teller))
}

fn checked(answer: Answer) -> Result<Answer, Failure> {
    let (_, plan, _) = &answer;
    describe::check_pinned(plan)?;
    Ok(answer)
}
