//! The receiver: accepts files that are offered, or asks for some.

use msrp_sdp::file::{FileAttributes, FileSelector};
use msrp_sdp::{MsrpMedia, Offer, SessionPlan};

use crate::answer::{self, Answer};
use crate::describe::{self, MAX_FILES};
use crate::exchange;
use crate::failure::Failure;
use crate::kept::Kept;
use crate::options;
use crate::place::Place;
use crate::policy::Policy;
use crate::question::Question;
use crate::receive::Incoming;
use crate::room::Room;
use crate::tell::{Done, Teller};
use crate::transfers::{Job, Transfers};

pub(crate) fn run(options: &options::Fetch, teller: &Teller) -> Result<bool, Failure> {
    let unusable = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("--out {}: {error}", options.out.display()))
    };
    if !options.out.is_dir() {
        return Err(unusable(&"not a folder"));
    }
    // Nothing is accepted that could not be stored.
    tempfile::tempfile_in(&options.out).map_err(|error| unusable(&error))?;
    let place = Place { folder: options.out.clone(), keeps_folders: options.folders };
    let receiver = Receiver { options, place, policy: Policy::new(options)?, teller };
    let is_all_right = receiver.run()?;
    if !is_all_right && Kept::all(&options.out).is_ok_and(|kept| !kept.is_empty()) {
        teller.hint("what has arrived is kept; fetch --resume asks for the rest");
    }
    Ok(is_all_right)
}

struct Receiver<'a> {
    options: &'a options::Fetch,
    place: Place,
    policy: Policy,
    teller: &'a Teller,
}

impl Receiver<'_> {
    fn run(&self) -> Result<bool, Failure> {
        let options = self.options;
        if options.resume {
            self.resume()
        } else if options.selector.is_empty() {
            self.take()
        } else {
            let wanted = options.selector.iter().map(|selector| {
                // A part is used only if the range begins at its end.
                (FileAttributes::new(selector.clone()), Kept::of(&options.out, selector))
            });
            self.pull(wanted.collect())
        }
    }

    /// Accepts files that are offered (RFC 5547 section 8.3.1).
    fn take(&self) -> Result<bool, Failure> {
        let shown = |file: &FileAttributes| {
            let name = file.selector.name().unwrap_or_default().to_owned();
            (name, file.range.unwrap_or_default())
        };
        let mut question = Question::new(self.options.yes);
        let mut room = Room::of(&self.place.folder);
        answer::each(&self.options.session, self.teller, shown, |transfers, line, media, file| {
            let answer = self.accept(transfers, line, media, file)?;
            let left = room.with(file)?;
            if !question.wants(&file.selector) {
                return Err(Failure::Unwanted("the user does not want it".into()));
            }
            room = left;
            Ok(answer)
        })
    }

    fn accept(
        &self,
        transfers: &Transfers,
        line: usize,
        media: &MsrpMedia,
        file: &FileAttributes,
    ) -> Result<Answer, Failure> {
        let selector = &file.selector;
        self.policy.check(selector)?;
        let range = file.range.unwrap_or_default();
        if range.stop().is_some() && range.stop() != selector.size() {
            return Err(Failure::Range("the range does not extend to the end of the file"));
        }
        let kept = Kept::of(&self.place.folder, selector);
        if !kept.has_before(range.offset()) {
            return Err(Failure::Range("the octets before the range are missing"));
        }
        let local = self.policy.say(transfers.local()?.accept_file(), selector);
        let (answer, plan) = msrp_sdp::answer(media, local)?;
        let incoming = self.incoming(line, file, selector.clone(), kept);
        Ok((answer.description(), plan, Job::Receive(incoming)))
    }

    fn incoming(
        &self,
        line: usize,
        file: &FileAttributes,
        expected: FileSelector,
        kept: Kept,
    ) -> Incoming {
        let range = file.range.unwrap_or_default();
        Incoming {
            line,
            place: self.place.clone(),
            policy: self.policy.clone(),
            range,
            bar: self.teller.bar(expected.name().unwrap_or_default(), expected.size()),
            expected,
            kept,
            patience: self.options.session.timeout,
        }
    }

    /// Asks for the missing octets of interrupted files.
    fn resume(&self) -> Result<bool, Failure> {
        let folder = &self.place.folder;
        let unread = |error| Failure::file(folder, error);
        let mut wanted = Vec::new();
        for kept in Kept::all(folder).map_err(unread)? {
            let Some(selector) = kept.selector() else { continue };
            let mut file = FileAttributes::new(by_hash(selector));
            file.range = Some(kept.missing());
            wanted.push((file, kept));
        }
        if wanted.is_empty() {
            let folder = folder.display();
            return Err(Failure::usage(format!("--resume: nothing to resume in {folder}")));
        }
        self.pull(wanted)
    }

    /// Asks for files (RFC 5547 section 8.2.2).
    fn pull(&self, wanted: Vec<(FileAttributes, Kept)>) -> Result<bool, Failure> {
        if wanted.len() > MAX_FILES || wanted.iter().any(|(file, _)| file.selector.is_empty()) {
            let message = format!("--selector: 1 to {MAX_FILES} files, each with a property");
            return Err(Failure::usage(message));
        }
        let session = &self.options.session;
        exchange::expect_answer(&session.sdp_in)?;
        let mut transfers = Transfers::bind(session, session.tls)?;
        let (mut files, mut offers) = (Vec::new(), Vec::new());
        for (file, kept) in wanted {
            let file = describe::new_transfer(file)?;
            let local = self.policy.say(transfers.local()?, &file.selector);
            offers.push(Offer::new(local.ask_for_file(file.clone())).map_err(Failure::local)?);
            files.push((file, kept));
        }
        let plans = describe::exchanged(&transfers, session, &offers)?;
        for (line, (plan, (file, kept))) in plans.into_iter().zip(files).enumerate() {
            // What was known of an interrupted file holds for its rest.
            let known = kept.selector().unwrap_or(&file.selector).clone();
            match plan.and_then(|plan| self.expected(plan, &known)) {
                Ok((plan, expected)) => {
                    let incoming = self.incoming(line, &file, expected, kept);
                    transfers.agree(plan, Job::Receive(incoming));
                }
                Err(failure) => {
                    let (name, range) = (known.name().unwrap_or_default(), file.range);
                    let range = range.unwrap_or_default();
                    transfers.refuse(Done::refused(line, name, range, failure));
                }
            }
        }
        transfers.begin();
        Ok(transfers.run(self.teller))
    }

    /// What both sides have said of a file, if the user accepts that.
    fn expected(
        &self,
        plan: SessionPlan,
        known: &FileSelector,
    ) -> Result<(SessionPlan, FileSelector), Failure> {
        let agreed = plan.file().map(|file| known.joined(&file.selector));
        let expected = agreed.unwrap_or_else(|| known.clone());
        self.policy.check(&expected)?;
        Ok((plan, expected))
    }
}

/// Selects by hash alone: the sender may have another name for the file.
fn by_hash(selector: &FileSelector) -> FileSelector {
    let hashes = selector.hashes().iter().cloned();
    FileSelector::builder().hashes(hashes).build().unwrap_or_else(|_| selector.clone())
}
