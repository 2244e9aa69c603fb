//! The receiver: accepts files that are offered, or asks for some.

use std::time::Duration;

use msrp_sdp::file::{FileAttributes, FileSelector};
use msrp_sdp::{MsrpMedia, Offer};

use crate::Failure;
use crate::answer::{self, Answer, refusal};
use crate::describe::{self, MAX_FILES};
use crate::desk::Job;
use crate::endpoint::{Endpoint, Work};
use crate::exchange;
use crate::kept::Kept;
use crate::options;
use crate::policy::Policy;
use crate::receive::Incoming;
use crate::tell::{Teller, text};

pub(crate) fn run(options: &options::Fetch) -> Result<bool, Failure> {
    if !options.out.is_dir() {
        return Err(format!("--out {}: not a folder", options.out.display()).into());
    }
    // Nothing is accepted that could not be stored.
    tempfile::tempfile_in(&options.out)
        .map_err(|error| format!("--out {}: {error}", options.out.display()))?;
    let teller = Teller::new(&options.session.sdp_out);
    if options.resume {
        resume(options, &teller)
    } else if options.selector.is_empty() {
        take(options, &teller)
    } else {
        let wanted = options.selector.iter().map(|selector| {
            // A part is used only if the range begins at its end.
            (FileAttributes::new(selector.clone()), Kept::of(&options.out, selector))
        });
        pull(options, &teller, wanted.collect())
    }
}

/// Accepts files that are offered (RFC 5547 section 8.3.1).
fn take(options: &options::Fetch, teller: &Teller) -> Result<bool, Failure> {
    let policy = Policy::new(options)?;
    let shown = |file: &FileAttributes| {
        let name = file.selector.name().unwrap_or_default().to_owned();
        (name, file.range.unwrap_or_default())
    };
    answer::each(&options.session, teller, shown, |endpoint, line, media, file| {
        accept((options, &policy), endpoint, line, media, file, teller)
    })
}

fn accept(
    (options, policy): (&options::Fetch, &Policy),
    endpoint: &mut Endpoint,
    line: usize,
    media: &MsrpMedia,
    file: &FileAttributes,
    teller: &Teller,
) -> Result<Answer, String> {
    let selector = &file.selector;
    policy.check(selector)?;
    let range = file.range.unwrap_or_default();
    if range.stop().is_some() && range.stop() != selector.size() {
        return Err("the range does not extend to the end of the file".into());
    }
    let kept = Kept::of(&options.out, selector);
    if !kept.has_before(range.offset()) {
        return Err("the octets before the range are missing".into());
    }
    let local = endpoint.local().map_err(text)?.accept_file();
    let (answer, plan) = msrp_sdp::answer(media, policy.say(local, selector)).map_err(text)?;
    let bar = teller.bar(selector.name().unwrap_or_default(), selector.size());
    let (folder, policy, expected) = (options.out.clone(), policy.clone(), selector.clone());
    let incoming = Incoming { line, folder, policy, expected, range, kept, bar };
    Ok((answer.description(), plan, Job::Receive(incoming)))
}

/// Asks for the missing octets of interrupted files.
fn resume(options: &options::Fetch, teller: &Teller) -> Result<bool, Failure> {
    let mut wanted = Vec::new();
    for kept in Kept::all(&options.out)? {
        let Some(selector) = kept.selector() else { continue };
        let mut file = FileAttributes::new(by_hash(selector));
        file.range = Some(kept.missing());
        wanted.push((file, kept));
    }
    if wanted.is_empty() {
        return Err(format!("--resume: nothing to resume in {}", options.out.display()).into());
    }
    pull(options, teller, wanted)
}

/// Selects by hash alone: the sender may have another name for the file.
fn by_hash(selector: &FileSelector) -> FileSelector {
    let hashes = selector.hashes().iter().cloned();
    FileSelector::builder().hashes(hashes).build().unwrap_or_else(|_| selector.clone())
}

/// Asks for files (RFC 5547 section 8.2.2).
fn pull(
    options: &options::Fetch,
    teller: &Teller,
    wanted: Vec<(FileAttributes, Kept)>,
) -> Result<bool, Failure> {
    if wanted.len() > MAX_FILES || wanted.iter().any(|(file, _)| file.selector.is_empty()) {
        return Err(format!("--selector: 1 to {MAX_FILES} files, each with a property").into());
    }
    let session = &options.session;
    let timeout = Duration::from_secs(session.timeout);
    let policy = Policy::new(options)?;
    exchange::expect_answer(&session.sdp_in)?;
    let mut endpoint = Endpoint::bind(session.listen, session.tls)?;
    let (mut offers, mut known) = (Vec::new(), Vec::new());
    for (file, kept) in wanted {
        let file = describe::new_transfer(file, &mut endpoint)?;
        let selector = file.selector.clone();
        let local = endpoint.local()?.ask_for_file(file);
        offers.push(Offer::new(policy.say(local, &selector))?);
        known.push(kept);
    }
    exchange::write(&session.sdp_out, &describe::offer(&mut endpoint, &offers)?)?;
    let answer = exchange::read(&session.sdp_in, timeout)?;

    let (mut work, mut refused) = (Vec::<Work>::new(), 0);
    for (line, (offer, kept)) in offers.into_iter().zip(known).enumerate() {
        let file = offer.media().file().ok_or("every offer has a file")?;
        let range = file.range.unwrap_or_default();
        // What was known of an interrupted file holds for its rest.
        let known = kept.selector().unwrap_or(&file.selector);
        let name = known.name().unwrap_or_default().to_owned();
        let completed = describe::complete(&offer, answer.media().get(line)).and_then(|plan| {
            let agreed = plan.file().map(|file| &file.selector);
            let expected = agreed.map_or_else(|| known.clone(), |agreed| known.joined(agreed));
            policy.check(&expected).map(|()| (plan, expected))
        });
        match completed {
            Ok((plan, expected)) => {
                let bar = teller.bar(&name, expected.size());
                let (folder, policy) = (options.out.clone(), policy.clone());
                let incoming = Incoming { line, folder, policy, expected, range, kept, bar };
                work.push((plan, Job::Receive(incoming)));
            }
            Err(error) => {
                refused += 1;
                teller.done(&refusal(line, &name, range, error));
            }
        }
    }
    Ok(endpoint.run(work, teller, timeout)? && refused == 0)
}
