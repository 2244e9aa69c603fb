//! What a call has agreed on: its session descriptions, line by line.
//!
//! Each media line is one MSRP session: the chat, or a file (RFC 5547 section 5). A
//! later offer of either side repeats all lines, and adds, changes or ends some
//! (RFC 3264 section 8).

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use msrp_sdp::file::{AnsweredTransfers, FileAttributes, FileRange, TransferOffer};
use msrp_sdp::{
    ErrorKind, Local, MediaDescription, MsrpMedia, Offer, Origin, Refusal, SessionDescription,
    SessionPlan, Update, refuse,
};
use thiserror::Error;

/// The most lines of a call. With all of them a description has less than the 8 KiB that
/// fit into a datagram of the SIP stack.
const MAX_LINES: usize = 8;

/// The most files that the other side may offer in a call.
const MAX_TRANSFERS: usize = 1000;

/// What a call has agreed on.
pub(crate) struct Terms {
    /// The last description of this side.
    own: SessionDescription,
    /// The sessions of its lines; `None` where one is refused or over.
    lines: Vec<Option<Line>>,
    transfers: AnsweredTransfers,
}

/// The session of a line.
#[derive(Clone)]
struct Line {
    local: Local,
    plan: SessionPlan,
}

/// An offer of this side that waits for its answer.
pub(crate) struct Offering {
    description: SessionDescription,
    /// One a line; `None` where this side closes it.
    offers: Vec<Option<Offer>>,
    /// The line of the new session.
    at: usize,
}

/// What the answer to an offer means.
#[derive(Debug)]
pub(crate) struct Completed {
    /// The line of the session that was offered.
    pub(crate) at: usize,
    /// What it has become.
    pub(crate) new: Result<SessionPlan, TermsError>,
    /// What became of the others.
    pub(crate) others: Vec<Change>,
}

/// What an exchange of descriptions means for the session of a line.
#[derive(Debug)]
pub(crate) enum Change {
    /// It begins. It takes the place of the one that the line had, if any.
    New(usize, SessionPlan),
    /// It continues with other parameters.
    Update(usize, SessionPlan),
    /// It is over.
    Closed(usize),
}

/// Why descriptions do not make a session.
#[derive(Clone, Debug, Error)]
pub(crate) enum TermsError {
    /// The other side's description, or a section of it, cannot be read.
    #[error("the other side's session description: {0}")]
    Unreadable(#[from] msrp_sdp::Error),
    /// There is no session in the offer.
    #[error("the offer has no media line")]
    Empty,
    /// The answer has other lines than the offer (RFC 3264 section 6).
    #[error("the answer has {answered} media lines, the offer {offered}")]
    Lines {
        /// Lines of the offer.
        offered: usize,
        /// Lines of the answer.
        answered: usize,
    },
    /// The other side has refused the line.
    #[error("the other side refuses the session")]
    Unwanted,
    /// What the two sides say does not fit together.
    #[error(transparent)]
    Unfit(#[from] Refusal),
    /// The file has been transferred, or was refused.
    #[error("the transfer of the file is over")]
    Over,
    /// This side has nothing to bring.
    #[error("{0}")]
    Own(Arc<dyn std::error::Error + Send + Sync>),
    /// The call has no room for another line.
    #[error("a call has at most {MAX_LINES} media lines")]
    Full,
}

impl TermsError {
    /// A stable name for programs.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Unreadable(error) if matches!(error.kind(), ErrorKind::NotMsrp) => "not-msrp",
            Self::Unreadable(_) | Self::Empty | Self::Lines { .. } => "description",
            Self::Unwanted => "unwanted",
            Self::Unfit(refusal) => refusal.kind(),
            Self::Over => "over",
            Self::Own(_) => "local",
            Self::Full => "full",
        }
    }
}

impl Terms {
    /// No lines yet. `origin` stands in every description of this side.
    pub(crate) fn new(origin: Origin) -> Self {
        Self {
            own: SessionDescription::new(origin, Vec::new()),
            lines: Vec::new(),
            transfers: AnsweredTransfers::new(MAX_TRANSFERS),
        }
    }

    /// Whether TLS protects every session.
    pub(crate) fn is_secure(&self) -> bool {
        self.lines.iter().flatten().all(|line| line.plan.local().is_secure())
    }

    /// Offers another session beside those that there are. Nothing changes until
    /// [`complete`](Self::complete).
    pub(crate) fn offer(&self, new: Local) -> Result<Offering, TermsError> {
        let mut offers = Vec::new();
        for line in &self.lines {
            offers.push(line.as_ref().map(Line::offer).transpose()?);
        }
        // A line that is over may serve another session (RFC 3264 section 8.1).
        let at = offers.iter().position(Option::is_none).unwrap_or(offers.len());
        if at >= MAX_LINES {
            return Err(TermsError::Full);
        }
        match offers.get_mut(at) {
            Some(place) => *place = Some(Offer::new(new)?),
            None => offers.push(Some(Offer::new(new)?)),
        }
        let sections = offers.iter().enumerate().filter_map(|(at, offer)| match offer {
            Some(offer) => Some(offer.description()),
            None => self.own.media().get(at).cloned().map(MediaDescription::closed),
        });
        let description = self.own.revised(sections.collect());
        Ok(Offering { description, offers, at })
    }

    /// Takes the answer to an offer.
    pub(crate) fn complete(
        &mut self,
        offering: Offering,
        answer: &str,
    ) -> Result<Completed, TermsError> {
        let Offering { description, offers, at } = offering;
        let answer: SessionDescription = answer.parse()?;
        let (offered, answered) = (offers.len(), answer.media().len());
        if offered != answered {
            return Err(TermsError::Lines { offered, answered });
        }
        self.own = description;
        let (mut new, mut others) = (Err(TermsError::Unwanted), Vec::new());
        for (line, (offer, section)) in offers.into_iter().zip(answer.media()).enumerate() {
            let agreed = completed(offer, section);
            if line == at {
                new = agreed.as_ref().map(|line| line.plan.clone()).map_err(TermsError::clone);
                self.note_transfer(line, new.as_ref().ok());
            }
            let change = self.settle(line, agreed.ok());
            others.extend(change.filter(|_| line != at));
        }
        Ok(Completed { at, new, others })
    }

    /// Answers an offer. `local` says what this side brings to a new session of the other
    /// side.
    ///
    /// # Errors
    ///
    /// No line makes a session. Nothing has changed; the response is 488.
    pub(crate) async fn answer(
        &mut self,
        offer: &str,
        mut local: impl AsyncFnMut(&MsrpMedia) -> Result<Local, TermsError>,
    ) -> Result<(String, Vec<Change>), TermsError> {
        let offer: SessionDescription = offer.parse()?;
        let mut answers = Vec::new();
        for (at, section) in offer.media().iter().enumerate() {
            answers.push(self.answered(at, section, &mut local).await);
        }
        if !answers.iter().any(Result::is_ok) {
            return Err(answers.into_iter().find_map(Result::err).unwrap_or(TermsError::Empty));
        }
        let (mut sections, mut changes) = (Vec::new(), Vec::new());
        for (at, (answer, offered)) in answers.into_iter().zip(offer.media()).enumerate() {
            let answer = answer.ok();
            let section = answer.as_ref().map(|line| line.plan.local().description());
            sections.push(section.unwrap_or_else(|| refuse(offered)));
            changes.extend(self.settle(at, answer));
        }
        self.own = self.own.revised(sections);
        Ok((self.own.to_string(), changes))
    }

    async fn answered(
        &mut self,
        at: usize,
        section: &MediaDescription,
        local: &mut impl AsyncFnMut(&MsrpMedia) -> Result<Local, TermsError>,
    ) -> Result<Line, TermsError> {
        if at >= MAX_LINES {
            return Err(TermsError::Full);
        }
        let media = MsrpMedia::parse(section)?;
        let local = match self.continued(at, &media) {
            Some(local) => local,
            None => {
                self.check_file(at, &media)?;
                local(&media).await?
            }
        };
        let (_, plan) = msrp_sdp::answer(&media, local.clone())?;
        Ok(Line { local, plan })
    }

    /// What this side brings if a section is about the session that its line has.
    fn continued(&self, at: usize, media: &MsrpMedia) -> Option<Local> {
        let line = self.lines.get(at)?.as_ref().filter(|line| line.is_about(media))?;
        Some(line.local.clone().continuing(&line.plan))
    }

    /// A file has to be whole, and its transfer a new one.
    fn check_file(&mut self, at: usize, media: &MsrpMedia) -> Result<(), TermsError> {
        let Some(file) = media.file() else { return Ok(()) };
        if file.range.is_some_and(|range| range != FileRange::WHOLE) {
            // This side has no other part of it.
            return Err(Refusal::OtherRange.into());
        }
        let Some(id) = &file.transfer_id else { return Ok(()) };
        match self.transfers.offered(at, media.port(), id, &file.selector) {
            TransferOffer::New | TransferOffer::Running | TransferOffer::Restart { .. } => Ok(()),
            _ => Err(TermsError::Over),
        }
    }

    /// Later offers of the other side may be about a file that this side has offered.
    fn note_transfer(&mut self, at: usize, plan: Option<&SessionPlan>) {
        if let Some(file) = plan.and_then(SessionPlan::file)
            && let Some(id) = &file.transfer_id
        {
            self.transfers.began(at, id, &file.selector);
        }
    }

    /// The session of a line is over, and its line free for another.
    pub(crate) fn close(&mut self, at: usize) {
        if let Some(line) = self.lines.get_mut(at).and_then(Option::take)
            && let Some(id) = line.plan.file().and_then(|file| file.transfer_id.as_ref())
        {
            self.transfers.finished(id);
        }
    }

    /// Puts a session into its line.
    fn settle(&mut self, at: usize, line: Option<Line>) -> Option<Change> {
        if self.lines.len() <= at {
            self.lines.resize(at + 1, None);
        }
        let place = self.lines.get_mut(at)?;
        let change = match (&line, &*place) {
            (None, None) => None,
            (None, Some(_)) => Some(Change::Closed(at)),
            (Some(Line { plan, .. }), None) => Some(Change::New(at, plan.clone())),
            (Some(Line { plan, .. }), Some(earlier)) => match plan.update_of(&earlier.plan) {
                Update::Unchanged => None,
                Update::Parameters => Some(Change::Update(at, plan.clone())),
                Update::NewSession => Some(Change::New(at, plan.clone())),
            },
        };
        *place = line;
        change
    }
}

impl Line {
    /// Its offer in a later exchange.
    fn offer(&self) -> Result<Offer, msrp_sdp::Error> {
        Offer::new(self.local.clone().continuing(&self.plan))
    }

    /// Whether a later section is about the same session: its peer has not moved, and it
    /// is the same chat, or the same transfer of a file.
    fn is_about(&self, media: &MsrpMedia) -> bool {
        let transfer = |file: &FileAttributes| file.transfer_id.clone();
        media.path() == self.plan.peer().path()
            && media.file().map(transfer) == self.plan.file().map(transfer)
    }
}

impl fmt::Display for Offering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.description.fmt(f)
    }
}

fn completed(offer: Option<Offer>, answer: &MediaDescription) -> Result<Line, TermsError> {
    let offer = offer.ok_or(TermsError::Over)?;
    if answer.is_closed() {
        return Err(TermsError::Unwanted);
    }
    let plan = msrp_sdp::complete(&offer, &MsrpMedia::parse(answer)?)?;
    Ok(Line { local: offer.local().clone(), plan })
}
