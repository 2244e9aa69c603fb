//! The sender: offers files, or serves those that a receiver asks for.

use msrp::MediaType;
use msrp_sdp::file::{FileAttributes, FileRange, FileSelector};
use msrp_sdp::{MsrpMedia, Offer, SessionPlan};

use crate::answer::{self, Answer};
use crate::describe::{self, MAX_FILES};
use crate::exchange;
use crate::failure::Failure;
use crate::options;
use crate::send::Outgoing;
use crate::source::{Source, choose};
use crate::tell::{Done, Teller};
use crate::transfers::{Job, Transfers};

pub(crate) fn run(options: &options::Offer, teller: &Teller) -> Result<bool, Failure> {
    let sender = Sender { options, teller };
    if options.serve.is_empty() { sender.push() } else { sender.serve() }
}

struct Sender<'a> {
    options: &'a options::Offer,
    teller: &'a Teller,
}

impl Sender<'_> {
    /// Offers files (RFC 5547 section 8.2.1).
    fn push(&self) -> Result<bool, Failure> {
        let session = &self.options.session;
        let sources = self.sources()?;
        exchange::expect_answer(&session.sdp_in)?;
        let mut transfers = Transfers::bind(session, session.tls)?;
        let (mut files, mut offers) = (Vec::new(), Vec::new());
        for source in &sources {
            let mut file = source.describe()?;
            file.range = self.options.range;
            let file = describe::new_transfer(file)?;
            let local = transfers.local()?.send_file(file.clone());
            offers.push(Offer::new(local).map_err(Failure::local)?);
            files.push(file);
        }
        let plans = describe::exchanged(&transfers, session, &offers)?;
        for (line, ((plan, file), source)) in plans.into_iter().zip(files).zip(&sources).enumerate()
        {
            let range = file.range.unwrap_or_default();
            match plan {
                Ok(plan) => {
                    let outgoing = self.outgoing(line, source, file, &plan);
                    transfers.agree(plan, Job::Send(outgoing));
                }
                Err(failure) => {
                    transfers.refuse(Done::refused(line, &source.name, range, failure));
                }
            }
        }
        transfers.begin();
        Ok(transfers.run(self.teller))
    }

    /// The files to offer, with their hashes.
    fn sources(&self) -> Result<Vec<Source>, Failure> {
        let mut sources = Source::all(&self.options.files)?;
        if sources.is_empty() || sources.len() > MAX_FILES {
            let message =
                format!("there are {} files to offer, not 1 to {MAX_FILES}", sources.len());
            return Err(Failure::Usage(message));
        }
        if let Some(range) = self.options.range {
            let size = sources.first().filter(|_| sources.len() == 1).map(|source| source.size);
            let size = size.ok_or_else(|| Failure::usage("--range: needs exactly one file"))?;
            range
                .within(size)
                .ok_or_else(|| Failure::usage("--range: it extends beyond the file"))?;
        }
        for source in &mut sources {
            source.hash(self.teller)?;
        }
        Ok(sources)
    }

    /// Serves the files that a receiver asks for (RFC 5547 section 8.3.2).
    fn serve(&self) -> Result<bool, Failure> {
        let mut sources = Source::all(&self.options.serve)?;
        // It is unknown which file the selector meant.
        let shown = |_: &FileAttributes| (String::new(), FileRange::WHOLE);
        answer::each(&self.options.session, self.teller, shown, |transfers, line, media, asked| {
            let source = choose(&mut sources, &asked.selector, self.teller)?;
            self.give(transfers, line, media, asked, source)
        })
    }

    fn give(
        &self,
        transfers: &Transfers,
        line: usize,
        media: &MsrpMedia,
        asked: &FileAttributes,
        source: &Source,
    ) -> Result<Answer, Failure> {
        let range = asked.range.unwrap_or_default();
        let beyond = Failure::Range("the range extends beyond the file");
        range.within(source.size).ok_or(beyond)?;
        let mut file = source.describe()?;
        let local = transfers.local()?.send_file(answered(&file)?);
        let (answer, plan) = msrp_sdp::answer(media, local)?;
        file.range = asked.range;
        let outgoing = self.outgoing(line, source, file, &plan);
        Ok((answer.description(), plan, Job::Send(outgoing)))
    }

    fn outgoing(
        &self,
        line: usize,
        source: &Source,
        file: FileAttributes,
        plan: &SessionPlan,
    ) -> Outgoing {
        Outgoing {
            line,
            path: source.path.clone(),
            range: file.range.unwrap_or_default(),
            file,
            wraps: self.options.cpim || needs_wrapper(plan, &source.media_type),
            rate: self.options.rate,
            patience: self.options.session.timeout,
            bar: self.teller.bar(&source.name, Some(source.size)),
        }
    }
}

/// Whether the receiver prefers a file in message/cpim (RFC 4975 section 13), or accepts
/// its type in no other way.
fn needs_wrapper(plan: &SessionPlan, media_type: &MediaType) -> bool {
    let types = plan.peer().types().clone().listed_only();
    plan.peer().prefers_cpim() || !types.accepts(media_type.essence())
}

/// The type and hashes of the file, for the answer. Name and size follow in the
/// Content-Disposition of the message (RFC 5547 section 8.3.2).
fn answered(file: &FileAttributes) -> Result<FileAttributes, Failure> {
    let builder = FileSelector::builder().hashes(file.selector.hashes().iter().cloned());
    let builder = match file.selector.media_type() {
        Some(media_type) => builder.media_type(media_type.clone()),
        None => builder,
    };
    Ok(FileAttributes::new(builder.build().map_err(Failure::local)?))
}
