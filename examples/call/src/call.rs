//! A call: a SIP dialog, what it has agreed on, and the MSRP sessions that follow.

use std::future::{Future, pending};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use msrp_sdp::{Local, SessionPlan};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use crate::failure::Failure;
use crate::file::Outgoing;
use crate::house::House;
use crate::means::Means;
use crate::sessions::{Done, Opening, Sessions, What};
use crate::sip::{Answered, Dialog, Phone, Reoffer, Ring, SipError, StatusCode, Uri};
use crate::tell::Told;
use crate::terms::{Completed, Offering, Terms};

/// How long a call goes on without its chat: the other side may hang up right after.
const GRACE: Duration = Duration::from_secs(2);

/// How often a file is offered while the other side makes offers too.
const ATTEMPTS: usize = 4;

/// A call.
pub(crate) struct Call {
    house: Arc<House>,
    dialog: Dialog,
    /// Offers of the other side in this dialog.
    offers: mpsc::Receiver<Reoffer>,
    terms: Terms,
    means: Means,
    sessions: Sessions,
    /// Why the call has no chat any more, and when that ends it.
    lost: Option<(Instant, Failure)>,
    has_failed: bool,
}

/// What comes next in a call.
enum Next {
    /// The other side offers again.
    Offer(Reoffer),
    Done(Done),
    /// The chat is gone, and nobody has hung up.
    Lost,
    HungUp,
}

/// The chat that this side offers at the start of a call.
struct Proposal {
    terms: Terms,
    means: Means,
    offering: Offering,
}

impl Proposal {
    async fn new(house: &Arc<House>) -> Result<Self, Failure> {
        let (terms, mut means) = (Terms::new(house.origin()?), Means::new(house.clone()));
        let offering = terms.offer(means.offer_chat().await?)?;
        Ok(Self { terms, means, offering })
    }
}

impl Call {
    /// Calls somebody: the offer in the INVITE, the answer in the 200, then the session.
    pub(crate) async fn dial(
        house: Arc<House>,
        phone: &Phone,
        to: &Uri,
        give_up: impl Future<Output = ()>,
    ) -> Result<Self, Failure> {
        let proposal = Proposal::new(&house).await?;
        let answered = phone.dial(to, proposal.offering.to_string(), give_up).await?;
        let sessions = Sessions::new(house.clone(), phone.uri().to_string(), to.to_string());
        Self::agreed(house, sessions, proposal, answered, &to.to_string()).await
    }

    /// Answers a call: the offer of the INVITE, the answer in the 200, then the sessions.
    pub(crate) async fn take(
        house: Arc<House>,
        phone: &Phone,
        ring: Ring,
    ) -> Result<Self, Failure> {
        let (mut terms, mut means) = (Terms::new(house.origin()?), Means::new(house.clone()));
        let peer = ring.caller().to_owned();
        let mut sessions = Sessions::new(house.clone(), phone.uri().to_string(), peer.clone());
        let Some(offer) = ring.offer() else {
            return Self::take_and_offer(house, sessions, ring).await;
        };
        let answered = terms.answer(offer, async |offer| means.answer(offer).await).await;
        let (answer, changes) = match answered {
            Ok(answered) => answered,
            Err(error) => {
                ring.refuse(StatusCode::NotAcceptableHere);
                return Err(error.into());
            }
        };
        // The other side may connect as soon as it has the answer.
        let openings = sessions.follow(changes);
        let (dialog, offers) = ring.accept(answer).await?;
        let call = Self::new(house, dialog, offers, terms, means, sessions);
        call.begin(openings, &peer).await
    }

    /// Answers a call that came without an offer: this side's is in the 200, and the answer in
    /// the ACK.
    async fn take_and_offer(
        house: Arc<House>,
        sessions: Sessions,
        ring: Ring,
    ) -> Result<Self, Failure> {
        let peer = ring.caller().to_owned();
        let proposal = match Proposal::new(&house).await {
            Ok(proposal) => proposal,
            Err(failure) => {
                ring.refuse(StatusCode::NotAcceptableHere);
                return Err(failure);
            }
        };
        let answered = ring.accept_with_offer(proposal.offering.to_string()).await?;
        Self::agreed(house, sessions, proposal, answered, &peer).await
    }

    /// Begins what the answer to this side's offer makes.
    async fn agreed(
        house: Arc<House>,
        sessions: Sessions,
        proposal: Proposal,
        answered: Answered,
        peer: &str,
    ) -> Result<Self, Failure> {
        let Proposal { mut terms, means, offering } = proposal;
        let Answered { dialog, offers, answer } = answered;
        let agreed = terms.complete(offering, &answer);
        let begun = agreed.and_then(|Completed { at, new, .. }| Ok(sessions.prepare(at, new?)));
        let call = Self::new(house, dialog, offers, terms, means, sessions);
        match begun {
            Ok(opening) => call.begin(vec![opening], peer).await,
            Err(error) => Err(call.fail(error.into()).await),
        }
    }

    fn new(
        house: Arc<House>,
        dialog: Dialog,
        offers: mpsc::Receiver<Reoffer>,
        terms: Terms,
        means: Means,
        sessions: Sessions,
    ) -> Self {
        Self { house, dialog, offers, terms, means, sessions, lost: None, has_failed: false }
    }

    /// Opens the first sessions. Without them there is no call.
    async fn begin(mut self, openings: Vec<Opening>, peer: &str) -> Result<Self, Failure> {
        if let Err(failure) = self.open(openings).await {
            return Err(self.fail(failure).await);
        }
        let is_secure = self.terms.is_secure();
        self.house.teller.tell(&Told::Connected { peer, is_secure });
        Ok(self)
    }

    /// Opens sessions, unless the call ends before.
    async fn open(&mut self, openings: Vec<Opening>) -> Result<(), Failure> {
        tokio::select! {
            opened = self.sessions.open_all(openings) => opened,
            () = self.dialog.ended() => Err(SipError::HungUp.into()),
            () = self.house.stop.cancelled() => Err(Failure::Stopped),
        }
    }

    /// Says something to the other side.
    pub(crate) async fn say(&mut self, text: String) -> Result<(), Failure> {
        self.sessions.say(text).await
    }

    /// Tells the other side that the user writes.
    pub(crate) async fn write(&mut self) -> Result<(), Failure> {
        self.sessions.write().await
    }

    /// Offers a file by a re-INVITE, and sends it (RFC 5547 section 8.2.1). Returns once
    /// the other side wants it. `None` if that one has hung up.
    pub(crate) async fn send(&mut self, path: PathBuf) -> Result<Option<()>, Failure> {
        let Some(file) = self.meanwhile(Outgoing::open(path)).await? else { return Ok(None) };
        let file = file?;
        let local = self.means.offer_file(file.attributes.clone()).await?;
        let Some((at, plan)) = self.offer(local).await? else { return Ok(None) };
        let opening = self.sessions.prepare(at, plan);
        self.sessions.send(opening, file);
        Ok(Some(()))
    }

    /// Offers another session beside those that there are.
    async fn offer(&mut self, local: Local) -> Result<Option<(usize, SessionPlan)>, Failure> {
        for _ in 0..ATTEMPTS {
            let offering = self.terms.offer(local.clone())?;
            match self.dialog.offer(offering.to_string()).await {
                Ok(answer) => {
                    let Completed { at, new, others } = self.terms.complete(offering, &answer)?;
                    let openings = self.sessions.follow(others);
                    self.open(openings).await?;
                    return Ok(Some((at, new?)));
                }
                // The other side's offer comes first. It changes the terms.
                Err(SipError::Glare) => {
                    let pause = sleep(self.dialog.pause());
                    if self.meanwhile(pause).await?.is_none() {
                        return Ok(None);
                    }
                }
                Err(SipError::HungUp) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
        Err(SipError::Glare.into())
    }

    /// Does what else there is to do in the call until `what` is done. `None` if the other
    /// side hangs up before.
    pub(crate) async fn meanwhile<T>(
        &mut self,
        what: impl Future<Output = T>,
    ) -> Result<Option<T>, Failure> {
        let mut what = pin!(what);
        loop {
            let next = tokio::select! {
                done = &mut what => return Ok(Some(done)),
                next = self.next() => next,
            };
            if !self.handle(next).await? {
                return Ok(None);
            }
        }
    }

    /// Waits until everything that this side has sent is delivered. `None` if the other
    /// side hangs up before.
    pub(crate) async fn settle(&mut self) -> Result<Option<()>, Failure> {
        while !self.sessions.is_settled() {
            let next = self.next().await;
            if !self.handle(next).await? {
                return Ok(None);
            }
        }
        Ok(Some(()))
    }

    /// Cancel safe.
    async fn next(&mut self) -> Next {
        let lost = async {
            match &self.lost {
                Some((end, _)) => sleep_until(*end).await,
                None => pending().await,
            }
        };
        tokio::select! {
            offer = self.offers.recv() => offer.map_or(Next::HungUp, Next::Offer),
            done = self.sessions.next() => Next::Done(done),
            () = lost => Next::Lost,
        }
    }

    /// Returns whether the call goes on.
    async fn handle(&mut self, next: Next) -> Result<bool, Failure> {
        match next {
            Next::Offer(offer) => self.answer(offer).await?,
            Next::Done(done) => self.done(done),
            Next::Lost => return self.lost.take().map_or(Ok(true), |(_, why)| Err(why)),
            Next::HungUp => return Ok(false),
        }
        Ok(true)
    }

    async fn answer(&mut self, reoffer: Reoffer) -> Result<(), Failure> {
        let Self { terms, means, .. } = self;
        let answered = terms.answer(reoffer.offer(), async |offer| means.answer(offer).await);
        match answered.await {
            Ok((answer, changes)) => {
                let openings = self.sessions.follow(changes);
                reoffer.accept(answer).await;
                self.open(openings).await
            }
            // The call goes on as it was (RFC 3261 section 14.2).
            Err(error) => {
                reoffer.refuse(StatusCode::NotAcceptableHere).await;
                self.house.teller.tell(&Told::Failed(&error.into()));
                Ok(())
            }
        }
    }

    /// Tells the user of a failure that does not end the call.
    pub(crate) fn tell_failed(&mut self, failure: &Failure) {
        self.has_failed = true;
        self.house.teller.tell(&Told::Failed(failure));
    }

    fn done(&mut self, done: Done) {
        if let Some(at) = done.freed {
            self.terms.close(at);
        }
        let teller = &self.house.teller;
        match (done.what, done.result) {
            (What::Listened, Err(why)) => self.lost = Some((Instant::now() + GRACE, why)),
            (What::Said(what) | What::Sent(what), Ok(())) => teller.tell(&Told::Delivered(&what)),
            (What::Listened | What::Received, Ok(())) => {}
            (What::Said(_) | What::Sent(_) | What::Received, Err(why)) => self.tell_failed(&why),
        }
    }

    /// Hangs up. Returns whether everything was delivered and received.
    pub(crate) async fn hang_up(self) -> bool {
        self.dialog.hang_up().await;
        self.finish().await
    }

    /// Ends a call that the other side has ended. Returns whether everything was delivered
    /// and received.
    pub(crate) async fn finish(mut self) -> bool {
        for done in self.sessions.close().await {
            self.done(done);
        }
        self.house.teller.tell(&Told::Ended);
        !self.has_failed
    }

    /// Ends a call that cannot go on.
    pub(crate) async fn fail(mut self, failure: Failure) -> Failure {
        self.dialog.hang_up().await;
        self.sessions.close().await;
        failure
    }
}
