//! Looking up the user of an AUTH: it waits for its turn after failed ones, and for the
//! application.

use super::denied::Denied;
use super::guesses::Pair;
use super::pending::PendingAuth;
use crate::auth::Authorization;
use crate::relay::Relay;
use crate::relay::accounts::principal::Principal;
use crate::relay::event::{AuthRequest, ConnectionId, RelayEvent};
use crate::relay::flows::FlowId;
use crate::relay::watch::Timer;
use crate::time::Instant;
use crate::wire::{Head, StatusCode};

impl Relay {
    /// Asks the application for the user of an AUTH, once it is the turn of this one.
    pub(super) fn ask(
        &mut self,
        now: Instant,
        source: ConnectionId,
        head: &Head,
        authorization: Authorization,
    ) -> Result<(), Denied> {
        let from = head.view().from_path();
        let Some((sender, account)) = self.sender(source, from, None) else { return Ok(()) };
        let pair = self.pair(source, sender, authorization.username());
        // The head, and what the credentials in it say.
        let octets = 2 * head.octets().len();
        if !self.find_memory(now, &account, octets) {
            return Err(Denied::Status(StatusCode::TIMEOUT));
        }
        // The client does not wait for longer.
        let longest = self.config.transaction_timeout / 2;
        let Some(due) = self.guesses.turn(now, &pair, longest) else {
            return Err(Denied::Status(StatusCode::TIMEOUT));
        };
        let Some(link) = self.links.get(source) else { return Ok(()) };
        let holder = link.principal.clone();
        if !self.make_auth_room(now, &holder, sender, due > now) {
            return Err(Denied::Status(StatusCode::FORBIDDEN));
        }
        self.guesses.take_turn(now, &pair, due);
        let Some(link) = self.links.get_mut(source) else { return Ok(()) };
        let head = head.detached();
        let pending = PendingAuth {
            source,
            holder,
            sender,
            head,
            authorization,
            pair,
            charge: account.charge(octets),
            due,
            is_asked: false,
        };
        let request = self.pending_auths.insert(pending);
        link.auths.insert(request);
        if due > now {
            self.timers.insert((due, Timer::Auth(request)));
        } else {
            self.look_up(now, request);
        }
        Ok(())
    }

    /// The turn of an AUTH has come, or the application has not decided in time.
    pub(in crate::relay) fn auth_due(&mut self, now: Instant, request: AuthRequest) {
        if self.pending_auths.get(request).is_some_and(|pending| !pending.is_asked) {
            return self.look_up(now, request);
        }
        self.give_up_auth(now, request);
    }

    /// Takes an AUTH on which the application decides.
    pub(super) fn asked(&mut self, request: AuthRequest) -> Option<PendingAuth> {
        self.pending_auths.get(request).filter(|pending| pending.is_asked)?;
        self.take_auth(request)
    }

    /// Takes an AUTH that waits no longer, and is not checked.
    pub(in crate::relay) fn drop_auth(&mut self, request: AuthRequest) -> Option<PendingAuth> {
        let pending = self.take_auth(request)?;
        self.guesses.gave_up(&pending.pair);
        Some(pending)
    }

    fn take_auth(&mut self, request: AuthRequest) -> Option<PendingAuth> {
        let pending = self.pending_auths.remove(request)?;
        self.timers.remove(&(pending.due, Timer::Auth(request)));
        if let Some(link) = self.links.get_mut(pending.source) {
            link.auths.remove(&request);
        }
        Some(pending)
    }

    /// Who claims to be this user. Other relays vouch for their clients.
    pub(super) fn pair(&self, source: ConnectionId, sender: FlowId, username: &str) -> Pair {
        let known = self.links.get(source).and_then(|link| Principal::of(&link.peer));
        let known = known.unwrap_or(Principal::Connection(source));
        let client = Some(sender).filter(|_| known.is_relay());
        Pair::new(known, client, username)
    }

    fn look_up(&mut self, now: Instant, request: AuthRequest) {
        let due = now.checked_add(self.config.transaction_timeout).unwrap_or(now);
        let Some(pending) = self.pending_auths.ask(request, due) else { return };
        self.timers.insert((due, Timer::Auth(request)));
        self.events.push_back(RelayEvent::Authorise {
            request,
            connection: pending.source,
            username: pending.authorization.username().to_owned(),
            realm: self.digest.realm().to_owned(),
            algorithm: pending.authorization.algorithm(),
        });
    }

    pub(in crate::relay) fn give_up_auth(&mut self, now: Instant, request: AuthRequest) {
        let Some(pending) = self.drop_auth(request) else { return };
        let denied = Denied::Status(StatusCode::TIMEOUT);
        self.deny(now, pending.source, &pending.head.view(), denied);
    }

    /// Makes room for one more: at the cost of one that waits after failed ones, unless this
    /// one does, too, or else of the holder with most of them, or of another sender of this
    /// holder who has more. Returns whether there is room.
    fn make_auth_room(
        &mut self,
        now: Instant,
        holder: &Principal,
        sender: FlowId,
        is_delayed: bool,
    ) -> bool {
        if self.pending_auths.len() < self.config.limits.pending_auths {
            return true;
        }
        let delayed = self.pending_auths.last_delayed().filter(|_| !is_delayed);
        let gives = delayed.or_else(|| self.pending_auths.to_give(holder, sender));
        let Some(request) = gives else { return false };
        self.give_up_auth(now, request);
        true
    }
}
