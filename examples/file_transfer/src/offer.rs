//! The side that has the files: it offers them, or gives what is asked for.

use std::time::Duration;

use msrp::Direction;
use msrp::sdp::{
    self, AnsweredTransfers, FileAttributes, FileRange, FileSelector, SessionDescription,
    TransferOffer,
};

use crate::Failure;
use crate::describe::{self, Asked, Offered};
use crate::desk::Job;
use crate::endpoint::{Endpoint, Work};
use crate::exchange;
use crate::options;
use crate::send::Outgoing;
use crate::source::{Source, choose};
use crate::tell::{Done, Teller};

/// The most files of one exchange.
pub(crate) const MAX_FILES: usize = 64;

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
        return Err("--range: of one file only".into());
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
    let mut offered = Vec::new();
    for source in &sources {
        let mut file = source.describe()?;
        file.range = options.range;
        if options.range.unwrap_or_default().within(source.size).is_none() {
            return Err("--range: the file has not all of it".into());
        }
        let local = endpoint.local()?.direction(Direction::SendOnly);
        offered.push(Offered::new(&mut endpoint, local, file)?);
    }
    exchange::write(&session.sdp_out, &describe::offer(&mut endpoint, &offered))?;
    let answer = exchange::read(&session.sdp_in, Duration::from_secs(session.timeout))?;

    let (mut work, mut refused) = (Vec::<Work>::new(), 0);
    for (line, (offered, source)) in offered.into_iter().zip(sources).enumerate() {
        let range = offered.file.range.unwrap_or_default();
        match offered.complete(answer.media().get(line)) {
            Ok((plan, _)) => {
                let bar = teller.bar(&source.name, Some(source.size));
                let Offered { file, .. } = offered;
                work.push((
                    plan,
                    Job::Send(Outgoing { line, path: source.path, file, range, bar }),
                ));
            }
            Err(error) => {
                refused += 1;
                teller.done(&refusal(line, &source.name, range, error));
            }
        }
    }
    Ok(endpoint.run(work, teller, Duration::from_secs(session.timeout))? && refused == 0)
}

/// Gives the files that are asked for (RFC 5547 section 8.3.2).
fn serve(options: &options::Offer, teller: &Teller) -> Result<bool, Failure> {
    let session = &options.session;
    let mut sources = Source::all(&options.serve)?;
    let offer = exchange::read(&session.sdp_in, Duration::from_secs(session.timeout))?;
    let is_secure = session.tls || describe::wants_tls(&offer);
    let mut endpoint = Endpoint::bind(session.listen, is_secure)?;
    let mut transfers = AnsweredTransfers::new(MAX_FILES);
    let (mut work, mut refused, mut sections) = (Vec::<Work>::new(), 0, Vec::new());
    for (line, section) in offer.media().iter().enumerate() {
        let asked = Asked::read(section);
        let given = asked.and_then(|asked| {
            check_id(&mut transfers, line, section.port(), &asked)?;
            let source = choose(&mut sources, &asked.file.selector, teller)?;
            give(&mut endpoint, line, &asked, source, teller)
        });
        match given {
            Ok((answer, plan, outgoing)) => {
                sections.push(answer);
                work.push((plan, Job::Send(outgoing)));
            }
            Err(error) => {
                refused += 1;
                sections.push(sdp::refuse(section));
                teller.done(&refusal(line, "", FileRange::WHOLE, error));
            }
        }
    }
    let answer = SessionDescription::new(endpoint.origin(), sections);
    exchange::write(&session.sdp_out, &answer)?;
    Ok(endpoint.run(work, teller, Duration::from_secs(session.timeout))? && refused == 0)
}

type Given = (sdp::MediaDescription, sdp::SessionPlan, Outgoing);

fn give(
    endpoint: &mut Endpoint,
    line: usize,
    asked: &Asked,
    source: &Source,
    teller: &Teller,
) -> Result<Given, String> {
    let range = asked.file.range.unwrap_or_default();
    range.within(source.size).ok_or("the file has not all of that range")?;
    let file = source.describe().map_err(|error| error.to_string())?;
    let local = endpoint.local().map_err(|error| error.to_string())?;
    let local = local.direction(Direction::SendOnly);
    let (media, plan) = sdp::answer(&asked.media, local).map_err(|error| error.to_string())?;
    if !plan.direction().may_send() {
        return Err("it wants to send a file instead of asking for one".into());
    }
    let answer = describe::section(&media, &answered(&file, asked)?);
    let bar = teller.bar(&source.name, Some(source.size));
    Ok((answer, plan, Outgoing { line, path: source.path.clone(), file, range, bar }))
}

/// What the answer says of the file: its type and its hashes. Name and size come
/// with the message, in its Content-Disposition.
fn answered(file: &FileAttributes, asked: &Asked) -> Result<FileAttributes, String> {
    let builder = FileSelector::builder().hashes(file.selector.hashes().iter().cloned());
    let builder = match file.selector.media_type() {
        Some(media_type) => builder.media_type(media_type.clone()),
        None => builder,
    };
    let mut answer = FileAttributes::new(builder.build().map_err(|error| error.to_string())?);
    answer.transfer_id = Some(asked.id.clone());
    answer.range = asked.file.range;
    Ok(answer)
}

/// In a first offer every transfer is a new one.
pub(crate) fn check_id(
    transfers: &mut AnsweredTransfers,
    line: usize,
    port: u16,
    asked: &Asked,
) -> Result<(), String> {
    match transfers.offered(line, port, &asked.id, &asked.file.selector) {
        TransferOffer::New => Ok(()),
        TransferOffer::TooMany { .. } => Err("too many files".into()),
        _ => Err("its file-transfer-id is that of another file".into()),
    }
}

pub(crate) fn refusal(line: usize, name: &str, range: FileRange, error: String) -> Done {
    Done { line, name: name.into(), range, bytes: 0, path: None, error: Some(error) }
}
