//! For whom the previous relay has made a connection.
//!
//! Where it sends the flows of many, none may hold up the others. Where it sends those of
//! one client, they are slowed down and lose nothing.

use super::Relay;
use super::accounts::principal::Principal;
use super::event::ConnectionId;
use super::flows::{FlowId, Previous};
use super::links::Link;
use super::links::target::Target;
use crate::time::Instant;
use crate::uri::{MsrpUri, UriRef};

impl Relay {
    /// Notes for whom the previous relay has made the connection on which a flow arrives:
    /// for all of its clients, unless it has made it beside another one, all flows are those
    /// of one client, and none comes on two of them. The first URI of From-Path is the one that
    /// relay has given it.
    pub(super) fn note_previous_relay(
        &mut self,
        now: Instant,
        source: ConnectionId,
        uri: UriRef<'_>,
        flow: FlowId,
    ) {
        let Some(link) = self.links.get(source) else { return };
        let is_same = |known: &MsrpUri| known.view() == uri;
        let is_for_one = match link.previous {
            Previous::Relay => return,
            Previous::RelayForOne => link.relay_uri.as_ref().is_some_and(is_same),
            Previous::Sender => {
                !self.mixing.contains(&link.principal) && self.is_beside_another(source, uri)
            }
        };
        let elsewhere = self.apart_elsewhere(source, flow);
        if let Some(other) = elsewhere {
            self.is_for_many(now, other, uri);
        }
        if !is_for_one || elsewhere.is_some() {
            return self.is_for_many(now, source, uri);
        }
        if let Some(flow) = self.flows.get_mut(flow) {
            flow.apart = Some(source);
        }
        if let Some(link) = self.links.get_mut(source) {
            link.previous = Previous::RelayForOne;
            link.relay_uri.get_or_insert_with(|| uri.to_uri());
        }
    }

    /// Another connection on which a flow has come that seemed to be for one client.
    fn apart_elsewhere(&mut self, source: ConnectionId, flow: FlowId) -> Option<ConnectionId> {
        let flow = self.flows.get_mut(flow).filter(|flow| !flow.is_rest)?;
        let other = flow.apart.filter(|other| *other != source)?;
        self.links.get(other).map(|_| other)
    }

    /// A connection is for more than one client. If it seemed to be for one, those who wait
    /// behind that one wait no longer.
    fn is_for_many(&mut self, now: Instant, source: ConnectionId, uri: UriRef<'_>) {
        let Some(link) = self.links.get_mut(source) else { return };
        let before = std::mem::replace(&mut link.previous, Previous::Relay);
        link.relay_uri.get_or_insert_with(|| uri.to_uri());
        if before == Previous::RelayForOne {
            let (relay, has_mixed) = (link.principal.clone(), link.was_held(now));
            self.keeping_apart.remove(&relay);
            self.read_on(source);
            if has_mixed {
                self.mixes(relay);
            }
        }
    }

    /// A relay sends for others behind more of a flow than one that keeps them apart leaves
    /// there. It is remembered of whoever has shown a certificate: anybody may have an address.
    fn mixes(&mut self, relay: Principal) {
        if !relay.is_relay() || self.mixing.contains(&relay) {
            return;
        }
        let held = self.holdings.of(&relay);
        let connections: Vec<_> =
            held.into_iter().flat_map(|held| held.connections.keys()).copied().collect();
        self.mixing.insert(relay);
        for id in connections {
            if let Some(link) = self.links.get_mut(id)
                && link.previous == Previous::RelayForOne
            {
                link.previous = Previous::Relay;
                self.read_on(id);
            }
        }
    }

    /// Whether a connection seems to be for one client, and its relay is not known to keep
    /// them apart.
    pub(super) fn may_mix(&self, source: ConnectionId) -> bool {
        let link = self.links.get(source).filter(|it| it.previous == Previous::RelayForOne);
        link.is_some_and(|link| !self.keeping_apart.contains(&link.principal))
    }

    /// On a connection that seems to be for one client, much has come of nobody else.
    pub(super) fn keeps_apart(&mut self, source: ConnectionId) {
        if let Some(link) = self.links.get(source) {
            self.keeping_apart.insert(link.principal.clone());
        }
    }

    /// Forgets what is known of relays that have gone.
    pub(super) fn forget_relays(&mut self) {
        let holdings = &self.holdings;
        for known in [&mut self.keeping_apart, &mut self.mixing] {
            known.retain(|relay| holdings.of(relay).is_some());
        }
    }

    /// Whether the previous relay, which sends as `uri`, has made a connection beside another
    /// one that it had before: the first of the two may be used later. What this relay has
    /// opened was made by nobody there, whoever sends on it.
    fn is_beside_another(&self, source: ConnectionId, uri: UriRef<'_>) -> bool {
        let Some(link) = self.links.get(source).filter(|link| !link.is_dialled) else {
            return false;
        };
        let held = self.holdings.of(&link.principal);
        let others = held.into_iter().flat_map(|held| held.connections.keys());
        let others = others.filter_map(|id| self.links.get(*id));
        let mut earlier = others.filter(|other| other.before < link.before);
        earlier.any(|other| !other.is_dialled && may_be_common(other, uri))
    }
}

/// Whether the relay that sends as `uri` may send all its flows on a connection of the same
/// principal. One that has shown its certificate has made it for that. Anybody else may have
/// the same address: it is the relay's if it sends from the same place, and may be if it has
/// sent nothing yet.
fn may_be_common(link: &Link, uri: UriRef<'_>) -> bool {
    match link.previous {
        Previous::RelayForOne => false,
        _ if link.principal.is_relay() => true,
        Previous::Relay => {
            let known = link.relay_uri.as_ref().map(MsrpUri::view);
            known.is_some_and(|known| Target::of(known) == Target::of(uri))
        }
        Previous::Sender => !link.is_proven,
    }
}
