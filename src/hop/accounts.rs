//! What each source has on a connection: octets that wait to leave, and octets that have
//! left and may not have arrived.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::time::Instant;

/// How long what was handed over counts as outstanding if no response tells that it has
/// arrived.
pub(crate) const OUTSTANDING: Duration = Duration::from_secs(2);

/// The octets of a connection by their source. An endpoint knows only their sum: it has
/// no use for the rest.
#[derive(Debug)]
pub(super) struct Accounts<S> {
    /// The octets that wait, of all sources.
    waiting: usize,
    by_source: Option<BTreeMap<S, Account>>,
    /// The octets that wait of those sources that a sender has beside itself.
    by_sender: BTreeMap<S, usize>,
    /// A source at whose octets so many or fewer wait has room again.
    low: usize,
    /// The sources that have got room again.
    relieved: Vec<S>,
    /// The number of accounts above which those are forgotten that hold nothing.
    crowd: usize,
}

/// Accounts that hold nothing are kept up to this number.
const FEW: usize = 64;

#[derive(Debug, Default)]
struct Account {
    waiting: usize,
    /// Octets that were handed over in requests that need a response.
    unanswered: usize,
    /// Octets that were handed over since `since`, and in the [`OUTSTANDING`] before it.
    recent: usize,
    earlier: usize,
    since: Option<Instant>,
    /// When octets were last handed over, and when without the need of a response.
    last: Option<Instant>,
    last_silent: Option<Instant>,
}

impl<S: Copy + Ord> Accounts<S> {
    /// Accounts of an endpoint.
    pub(super) const fn sum() -> Self {
        Self {
            waiting: 0,
            by_source: None,
            by_sender: BTreeMap::new(),
            low: 0,
            relieved: Vec::new(),
            crowd: FEW,
        }
    }

    /// Accounts that are kept for each source, which has room again at `low` octets.
    pub(super) fn by_source(low: usize) -> Self {
        Self { by_source: Some(BTreeMap::new()), low, ..Self::sum() }
    }

    /// The octets that wait.
    pub(super) const fn waiting(&self) -> usize {
        self.waiting
    }

    pub(super) fn queue(&mut self, source: S, sender: S, octets: usize) {
        self.waiting += octets;
        let Some(by_source) = &mut self.by_source else { return };
        by_source.entry(source).or_default().waiting += octets;
        if sender != source {
            *self.by_sender.entry(sender).or_default() += octets;
        }
    }

    pub(super) fn unqueue(&mut self, source: S, sender: S, octets: usize) {
        self.waiting = self.waiting.saturating_sub(octets);
        if let Some(waiting) = self.by_sender.get_mut(&sender).filter(|_| sender != source) {
            *waiting = waiting.saturating_sub(octets);
            if *waiting == 0 {
                self.by_sender.remove(&sender);
            }
        }
        let low = self.low;
        let Some(account) = self.account(source) else { return };
        let was_high = account.waiting > low;
        account.waiting = account.waiting.saturating_sub(octets);
        if was_high && account.waiting <= low {
            self.relieved.push(source);
        }
    }

    /// Octets of a source were handed over to the transport.
    pub(super) fn hand_over(
        &mut self,
        source: S,
        octets: usize,
        needs_response: bool,
        now: Instant,
    ) {
        let Some(by_source) = &mut self.by_source else { return };
        let account = by_source.entry(source).or_default();
        account.age(now);
        account.recent = account.recent.saturating_add(octets);
        account.last = Some(now);
        if needs_response {
            account.unanswered = account.unanswered.saturating_add(octets);
        } else {
            account.last_silent = Some(now);
        }
        if by_source.len() > self.crowd {
            by_source.retain(|_, it| it.waiting + it.unanswered > 0 || !is_old(it.last, now));
            self.crowd = by_source.len().saturating_mul(2).max(FEW);
        }
    }

    /// So many octets need no response any more; `is_last` if none does.
    pub(super) fn answered(&mut self, source: S, octets: usize, is_last: bool) {
        if let Some(account) = self.account(source) {
            // A response may come before the end of its chunk.
            account.unanswered =
                if is_last { 0 } else { account.unanswered.saturating_sub(octets) };
        }
    }

    pub(super) fn clear(&mut self) {
        self.waiting = 0;
        if let Some(by_source) = &mut self.by_source {
            by_source.clear();
        }
        self.by_sender.clear();
    }

    fn account(&mut self, source: S) -> Option<&mut Account> {
        self.by_source.as_mut()?.get_mut(&source)
    }
}

#[cfg(feature = "auth")]
impl<S: Copy + Ord> Accounts<S> {
    fn get(&self, source: S) -> Option<&Account> {
        self.by_source.as_ref()?.get(&source)
    }

    /// The octets of a source that wait.
    pub(super) fn waiting_of(&self, source: S) -> usize {
        self.get(source).map_or(0, |account| account.waiting)
    }

    /// The octets of all sources of a sender that wait.
    pub(super) fn waiting_of_sender(&self, sender: S) -> usize {
        self.waiting_of(sender) + self.by_sender.get(&sender).copied().unwrap_or_default()
    }

    /// The octets of a source that wait, that need a response, or that were handed over
    /// a short time ago.
    pub(super) fn outstanding(&mut self, source: S, now: Instant) -> usize {
        let Some(account) = self.account(source) else { return 0 };
        account.age(now);
        let recent = account.recent.saturating_add(account.earlier);
        account.waiting.saturating_add(account.unanswered.max(recent))
    }

    /// Whether everything of a source was handed over so long ago that it has arrived, or
    /// only in requests whose responses tell it.
    pub(super) fn is_old(&self, source: S, has_responses: bool, now: Instant) -> bool {
        self.get(source).is_none_or(|account| {
            let last = if has_responses { account.last_silent } else { account.last };
            account.waiting == 0 && is_old(last, now)
        })
    }

    /// Whether responses alone tell what of a source has arrived, and everything has left.
    pub(super) fn is_told(&self, source: S) -> bool {
        let is_told = |it: &Account| it.waiting == 0 && it.last_silent.is_none();
        self.get(source).is_none_or(is_told)
    }

    /// The sources that have got room since the last call.
    pub(super) fn relieved(&mut self) -> Vec<S> {
        std::mem::take(&mut self.relieved)
    }
}

impl Account {
    /// Forgets what was handed over long ago.
    fn age(&mut self, now: Instant) {
        let since = *self.since.get_or_insert(now);
        let age = now.saturating_duration_since(since);
        if age >= OUTSTANDING {
            let is_long_ago = age >= 2 * OUTSTANDING;
            self.earlier = if is_long_ago { 0 } else { self.recent };
            self.recent = 0;
            self.since = Some(now);
        }
    }
}

fn is_old(last: Option<Instant>, now: Instant) -> bool {
    last.is_none_or(|last| now.saturating_duration_since(last) >= OUTSTANDING)
}
