//! Routing: where a request goes, and whether it may (RFC 4976 section 6.4).

use std::sync::Arc;

use crate::time::Instant;

use super::Relay;
use super::accounts::charge::Account;
use super::accounts::principal::Principal;
use super::event::{ConnectionId, RelayEvent, TokenId};
use super::flows::{FlowId, Side};
use super::links::target::{Place, Target};
use super::links::{Link, State};
use super::requests::paths::Paths;
use super::tokens::Owner;
use crate::relay::config::{Peer, Security};
use crate::uri::{MsrpUri, PathRef, UriRef};
use crate::wire::{HeadRef, Method, StatusCode};

/// The way of a request from this relay to the next hop.
pub(super) struct Way<'a> {
    pub(super) paths: Paths<'a>,
    pub(super) destination: ConnectionId,
    /// The flow to which the request belongs.
    pub(super) flow: FlowId,
    /// Who has sent it, and what counts what is kept for that one.
    pub(super) sender: FlowId,
    pub(super) account: Account,
    /// The tokens that are the URIs of the relay in its paths.
    pub(super) tokens: Vec<TokenId>,
    /// The peer whose way it is.
    pub(super) peer: Option<Met<'a>>,
}

/// A peer of a token, and the connection on which it is reached. It is remembered if the
/// request is forwarded.
pub(super) struct Met<'a> {
    token: TokenId,
    uri: UriRef<'a>,
    connection: ConnectionId,
}

/// Why a request is not forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoWay {
    /// It is for another relay: the connection is closed (section 6.2).
    NotForThisRelay,
    /// It is refused with this status.
    Refused(StatusCode),
}

const NO_TOKEN: NoWay = NoWay::Refused(StatusCode::NO_SUCH_SESSION);
const NOT_ALLOWED: NoWay = NoWay::Refused(StatusCode::FORBIDDEN);
const LOOP: NoWay = NoWay::Refused(StatusCode::BAD_REQUEST);
const UNREACHABLE: NoWay = NoWay::Refused(StatusCode::TIMEOUT);

/// The steps of a request at this relay: two if both ends use it.
struct Steps<'a> {
    /// The URIs of the relay, and their tokens.
    own: Vec<UriRef<'a>>,
    tokens: Vec<TokenId>,
    /// The rest of To-Path.
    to: PathRef<'a>,
    /// The token of the one who sends, if it comes from that one.
    owned: Option<TokenId>,
    /// The last token, and what it allows.
    token: TokenId,
    leads: Leads,
}

/// The condition of section 6.4 that a request meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leads {
    /// It goes to the client that owns the token.
    ToOwner,
    /// It comes from that client.
    FromOwner,
}

impl Relay {
    /// Whether a URI names this relay. A port may be missing in AUTH alone
    /// (section 8).
    pub(super) fn is_own(&self, uri: UriRef<'_>) -> bool {
        self.config.addresses.iter().any(|own| {
            (uri.port().is_none() || own.port() == uri.port()) && own.view().has_host_of(uri)
        })
    }

    /// Finds the way of a request that arrived on `source`.
    ///
    /// If both ends use this relay, To-Path names it twice in a row, with one
    /// token of each (RFC 7977 section 8.3). The request takes both steps at once.
    pub(super) fn route<'a>(
        &mut self,
        now: Instant,
        source: ConnectionId,
        head: &HeadRef<'a>,
    ) -> Result<Way<'a>, NoWay> {
        let (to, from, method) = (head.to_path(), head.from_path(), head.method());
        if !self.is_own(to.first()) {
            return Err(NoWay::NotForThisRelay);
        }
        if self.has_too_many_own(to, from) {
            return Err(LOOP);
        }
        let steps = self.steps(now, source, to)?;
        let (flow, account) = self.sender(source, from, steps.owned).ok_or(NO_TOKEN)?;
        // Of a REPORT nothing is kept.
        let is_kept = method != Some(Method::Report);
        if is_kept && !self.find_memory(now, &account, head.size()) {
            return Err(UNREACHABLE);
        }
        let is_auth = method == Some(Method::Auth);
        let (destination, peer) = self.next_hop(now, source, from.first(), &steps, is_auth)?;
        let Steps { own, to, tokens, leads, .. } = steps;
        let paths = Paths { own, to, from };
        let sender = self.sender_of(flow);
        let mut way = Way { paths, destination, flow, sender, account, tokens, peer };
        if method == Some(Method::Send) {
            self.direct(now, source, head, leads == Leads::ToOwner, &mut way)?;
        } else {
            way.flow = self.flow_of_requests(source, flow);
        }
        Ok(way)
    }

    /// Takes the steps of a request at this relay, all of which have to be allowed.
    fn steps<'a>(
        &self,
        now: Instant,
        source: ConnectionId,
        mut to: PathRef<'a>,
    ) -> Result<Steps<'a>, NoWay> {
        let (mut own, mut tokens, mut owned) = (Vec::new(), Vec::new(), None);
        loop {
            let first = to.first();
            if own.last() == Some(&first) {
                return Err(LOOP);
            }
            to = to.without_first().ok_or(NO_TOKEN)?;
            let (leads, token) = self.may_pass(now, source, first, to.first(), own.is_empty())?;
            own.push(first);
            tokens.push(token);
            if leads == Leads::FromOwner {
                owned = Some(token);
            }
            if leads == Leads::ToOwner || !self.is_own(to.first()) {
                return Ok(Steps { own, tokens, to, owned, token, leads });
            }
        }
    }

    /// The connection to the next hop, and the peer whose way that is.
    fn next_hop<'a>(
        &mut self,
        now: Instant,
        source: ConnectionId,
        previous: UriRef<'a>,
        steps: &Steps<'a>,
        is_auth: bool,
    ) -> Result<(ConnectionId, Option<Met<'a>>), NoWay> {
        let token = steps.token;
        match steps.leads {
            Leads::ToOwner => {
                let uri = previous;
                let destination = self.way_to_owner(now, source, token, uri)?;
                let comes_directly = steps.own.len() == 1 && self.may_claim(source, uri);
                let peer = comes_directly.then_some(Met { token, uri, connection: source });
                Ok((destination, peer))
            }
            Leads::FromOwner => {
                let uri = steps.to.first();
                let destination = self.way_to_peer(now, source, token, uri, is_auth)?;
                if is_auth && let Some(link) = self.links.get_mut(destination) {
                    link.carries_auth = true;
                }
                // A URI without a port is no peer of a session, but a relay for AUTH.
                let is_peer = uri.port().is_some();
                let peer = is_peer.then_some(Met { token, uri, connection: destination });
                Ok((destination, peer))
            }
        }
    }

    /// Whether the paths of a request have more URIs of this relay than they may.
    fn has_too_many_own(&self, to: PathRef<'_>, from: PathRef<'_>) -> bool {
        let max = self.config.limits.own_uris;
        // Most paths are too short for that.
        to.len() + from.len() > max
            && to.iter().chain(from).filter(|uri| self.is_own(*uri)).count() > max
    }

    /// Checks the two conditions of section 6.4: a request goes to the client that
    /// owns the token, or comes from it. A request that has just passed one token
    /// (`is_first` is false) comes from this relay, which is no client.
    fn may_pass(
        &self,
        now: Instant,
        source: ConnectionId,
        first: UriRef<'_>,
        next: UriRef<'_>,
        is_first: bool,
    ) -> Result<(Leads, TokenId), NoWay> {
        let token = self.tokens.find(first, now).ok_or(NO_TOKEN)?;
        let link = self.links.get(source).ok_or(NO_TOKEN)?;
        if token.back == next {
            Ok((Leads::ToOwner, token.id))
        } else if is_first && token.owner.is(source, link) {
            Ok((Leads::FromOwner, token.id))
        } else {
            Err(NOT_ALLOWED)
        }
    }

    /// The connection to the owner of a token, for a request of the peer with this URI.
    fn way_to_owner(
        &mut self,
        now: Instant,
        source: ConnectionId,
        id: TokenId,
        peer: UriRef<'_>,
    ) -> Result<ConnectionId, NoWay> {
        let token = self.tokens.get(id).ok_or(NO_TOKEN)?;
        let name = match &token.owner {
            // A token of a client ends when its connection begins to close.
            Owner::Connection(owner) => return Ok(*owner),
            Owner::Relay(name) => name,
        };
        let (back, user) = (token.back.clone(), Arc::clone(&token.username));
        if let Some(connection) = self.directory.with_relay(name, &self.links) {
            return Ok(connection);
        }
        if let Some(own) = self.own_way(source, Side { token: id, to_owner: true }, peer) {
            return Ok(own);
        }
        self.connect(now, back, Principal::User(user))
    }

    /// The connection to a peer of the token's owner: one on which that peer has
    /// sent, one to the same host and port, or a new one.
    fn way_to_peer(
        &mut self,
        now: Instant,
        source: ConnectionId,
        token: TokenId,
        next: UriRef<'_>,
        is_auth: bool,
    ) -> Result<ConnectionId, NoWay> {
        if let Some(connection) = self.peers.find(token, next)
            && self.links.get(connection).is_some_and(Link::takes_requests)
        {
            return Ok(connection);
        }
        // A port may be missing in AUTH alone (section 8).
        if next.port().is_none() && !is_auth {
            return Err(LOOP);
        }
        let connection = match self.directory.leading_to(next, &self.links) {
            Some(connection) => connection,
            None => {
                if let Some(own) = self.own_way(source, Side { token, to_owner: false }, next) {
                    return Ok(own);
                }
                let owner = self.tokens.get(token).ok_or(NO_TOKEN)?;
                let user = Principal::User(Arc::clone(&owner.username));
                self.connect(now, next.to_uri(), user)?
            }
        };
        self.note_use(token, connection);
        Ok(connection)
    }

    /// The connection that what a source sends has of its own. There may be no other to the
    /// next relay any more.
    fn own_way(&self, source: ConnectionId, side: Side, far: UriRef<'_>) -> Option<ConnectionId> {
        let from = &self.links.get(source)?.principal;
        let own = self.flows.own_of(side, far, from)?;
        self.links.get(own).filter(|link| link.takes_requests()).map(|_| own)
    }

    /// The connection on which a REPORT goes back: the one on which the SEND has come, or
    /// else another one with the same relay, which may have closed an idle one.
    pub(super) fn way_of_report(
        &self,
        source: ConnectionId,
        own: UriRef<'_>,
        back: PathRef<'_>,
    ) -> Option<ConnectionId> {
        if self.links.get(source).is_some_and(Link::takes_reports) {
            return Some(source);
        }
        if back.len() == 1 {
            return None;
        }
        let previous = back.first();
        let bound = self.tokens.id_of(own).and_then(|token| self.peers.find(token, previous));
        bound
            .filter(|bound| self.links.get(*bound).is_some_and(Link::takes_requests))
            .or_else(|| self.directory.with_relay(previous.host_str(), &self.links))
            .or_else(|| self.directory.leading_to(previous, &self.links))
    }

    /// Asks the application for a connection to share, which takes from this budget.
    pub(super) fn connect(
        &mut self,
        now: Instant,
        uri: MsrpUri,
        holder: Principal,
    ) -> Result<ConnectionId, NoWay> {
        let place = Place::of(uri.view());
        if self.config.addresses.iter().any(|own| Place::of(own.view()) == place) {
            return Err(LOOP);
        }
        // A WebSocket client has to connect itself.
        if !uri.transport().eq_ignore_ascii_case("tcp") || self.is_draining() {
            return Err(UNREACHABLE);
        }
        if !self.may_dial(&holder) {
            return Err(UNREACHABLE);
        }
        let target = Target::of(uri.view());
        let connection = self.dial(now, uri, holder);
        if let Some(link) = self.links.get_mut(connection) {
            link.target = Some(target.clone());
        }
        self.directory.note_target(target, connection);
        Ok(connection)
    }

    pub(super) fn dial(&mut self, now: Instant, uri: MsrpUri, holder: Principal) -> ConnectionId {
        // What the peer is like is known once the connection is established.
        let peer = Peer::new(Security::Plain);
        let connection = self.add_link(now, peer, Some(holder), State::Connecting);
        self.counters.connects += 1;
        self.events.push_back(RelayEvent::Connect { connection, uri });
        self.arm(connection);
        connection
    }

    /// Notes that a token has a use for a connection, which may be another user's.
    fn note_use(&mut self, token: TokenId, connection: ConnectionId) {
        let user = self.tokens.get(token).map(|token| Arc::clone(&token.username));
        if let (Some(user), Some(link)) = (user, self.links.get_mut(connection)) {
            link.is_shared |= link.is_dialled && link.principal != Principal::User(user);
        }
    }

    /// On an unencrypted connection, anyone could claim to be an msrps peer.
    fn may_claim(&self, source: ConnectionId, peer: UriRef<'_>) -> bool {
        self.links.get(source).is_some_and(|link| link.peer.is_secure() || !peer.is_secure())
    }

    /// Remembers the connection on which a peer has sent under a token, or was sent to:
    /// requests to the URI of the peer go on it while it is up (section 6.4.2).
    pub(super) fn remember(&mut self, peer: Option<Met<'_>>, account: &Account) {
        let Some(Met { token, uri, connection }) = peer else { return };
        let known = self.peers.touch(token, uri, connection);
        let is_taken = |known: ConnectionId| {
            known == connection || self.links.get(known).is_some_and(Link::takes_requests)
        };
        if !known.is_some_and(is_taken) {
            self.note_use(token, connection);
            self.bind_peer(token, uri, connection, account);
        }
    }

    fn bind_peer(
        &mut self,
        token: TokenId,
        peer: UriRef<'_>,
        connection: ConnectionId,
        account: &Account,
    ) {
        let Some(link) = self.links.get(connection) else { return };
        let charge = account.charge_in(&self.peers.pool, peer.as_str().len());
        self.peers.bind(token, peer, connection, &link.principal, charge);
        while let Some(crowded) = self.has_too_many_peers(connection) {
            self.peers.forget_oldest(crowded);
            self.counters.forgotten_peers += 1;
        }
    }

    /// The connection that has to forget a peer: this one, or that of the largest peers.
    fn has_too_many_peers(&self, connection: ConnectionId) -> Option<ConnectionId> {
        if self.peers.of_link(connection) > self.config.limits.connection_peers {
            return Some(connection);
        }
        self.peers.largest().filter(|_| self.is_full(&self.peers.pool))
    }
}
