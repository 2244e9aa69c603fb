//! The sender: offers files, or serves those that a receiver asks for.

use std::time::Duration;

use msrp::MediaType;
use msrp_sdp::file::{FileAttributes, FileRange, FileSelector};
use msrp_sdp::{MsrpMedia, Offer, SessionPlan};

use crate::Failure;
use crate::answer::{self, Answer, refusal};
use crate::describe::{self, MAX_FILES};
use crate::desk::Job;
use crate::endpoint::{Endpoint, Work};
use crate::exchange;
use crate::options;
use crate::send::Outgoing;
use crate::source::{Source, choose};
use crate::tell::{Teller, text};

pub(crate) fn run(options: &options::Offer) -> Result<bool, Failure> {
    let teller = Teller::new(&options.session.sdp_out);
    if options.serve.is_empty() { push(options, &teller) } else { serve(options, &teller) }
}

/// Offers files (RFC 5547 section 8.2.1).
fn push(options: &options::Offer, teller: &Teller) -> Result<bool, Failure> {
    if options.files.len() > MAX_FILES {
        return Err(format!("at most {MAX_FILES} files at once").into());
    }
    if options.range.is_some() && options.files.len() > 1 {
        return Err("--range: needs exactly one file".into());
    }
    let session = &options.session;
    exchange::expect_answer(&session.sdp_in)?;
    let mut sources = Vec::new();
    for path in &options.files {
        let named = |error: std::io::Error| format!("{}: {error}", path.display());
        let mut source = Source::new(path).map_err(named)?;
        source.hash(teller).map_err(named)?;
        sources.push(source);
    }
    let mut endpoint = Endpoint::bind(session.listen, session.tls)?;
    let range = options.range.unwrap_or_default();
    let (mut files, mut offers) = (Vec::new(), Vec::new());
    for source in &sources {
        let mut file = source.describe()?;
        file.range = options.range;
        range.within(source.size).ok_or("--range: it extends beyond the file")?;
        let file = describe::new_transfer(file, &mut endpoint)?;
        offers.push(Offer::new(endpoint.local()?.send_file(file.clone()))?);
        files.push(file);
    }
    exchange::write(&session.sdp_out, &describe::offer(&mut endpoint, &offers)?)?;
    let answer = exchange::read(&session.sdp_in, Duration::from_secs(session.timeout))?;

    let (mut work, mut refused) = (Vec::<Work>::new(), 0);
    for (line, (source, file)) in sources.into_iter().zip(files).enumerate() {
        let offer = offers.get(line).ok_or("every file is offered")?;
        match describe::complete(offer, answer.media().get(line)) {
            Ok(plan) => {
                let bar = teller.bar(&source.name, Some(source.size));
                let (path, wraps) = (source.path, wraps(options, &plan, &source.media_type));
                let outgoing = Outgoing { line, path, file, range, wraps, bar };
                work.push((plan, Job::Send(outgoing)));
            }
            Err(error) => {
                refused += 1;
                teller.done(&refusal(line, &source.name, range, error));
            }
        }
    }
    Ok(endpoint.run(work, teller, Duration::from_secs(session.timeout))? && refused == 0)
}

/// Serves the files that a receiver asks for (RFC 5547 section 8.3.2).
fn serve(options: &options::Offer, teller: &Teller) -> Result<bool, Failure> {
    let mut sources = Source::all(&options.serve)?;
    // It is unknown which file the selector meant.
    let shown = |_: &FileAttributes| (String::new(), FileRange::WHOLE);
    answer::each(&options.session, teller, shown, |endpoint, line, media, asked| {
        let source = choose(&mut sources, &asked.selector, teller)?;
        give(options, endpoint, line, (media, asked), source, teller)
    })
}

fn give(
    options: &options::Offer,
    endpoint: &mut Endpoint,
    line: usize,
    (media, asked): (&MsrpMedia, &FileAttributes),
    source: &Source,
    teller: &Teller,
) -> Result<Answer, String> {
    let range = asked.range.unwrap_or_default();
    range.within(source.size).ok_or("the range extends beyond the file")?;
    let file = source.describe().map_err(text)?;
    let local = endpoint.local().map_err(text)?;
    let local = local.send_file(answered(&file).map_err(text)?);
    let (answer, plan) = msrp_sdp::answer(media, local).map_err(text)?;
    let bar = teller.bar(&source.name, Some(source.size));
    let (path, wraps) = (source.path.clone(), wraps(options, &plan, &source.media_type));
    let outgoing = Outgoing { line, path, file, range, wraps, bar };
    Ok((answer.description(), plan, Job::Send(outgoing)))
}

/// Whether to wrap the file in message/cpim: the receiver prefers that (RFC 4975
/// section 13), or accepts the type in no other way.
fn wraps(options: &options::Offer, plan: &SessionPlan, media_type: &MediaType) -> bool {
    let types = plan.peer().types().clone().listed_only();
    options.cpim || plan.peer().prefers_cpim() || !types.accepts(media_type.essence())
}

/// The type and hashes of the file, for the answer. Name and size follow in the
/// Content-Disposition of the message (RFC 5547 section 8.3.2).
fn answered(file: &FileAttributes) -> Result<FileAttributes, msrp_sdp::Error> {
    let builder = FileSelector::builder().hashes(file.selector.hashes().iter().cloned());
    let builder = match file.selector.media_type() {
        Some(media_type) => builder.media_type(media_type.clone()),
        None => builder,
    };
    Ok(FileAttributes::new(builder.build()?))
}
