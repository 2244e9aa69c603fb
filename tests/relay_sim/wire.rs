//! Transport connections, and the octets in transit on them.

use std::collections::{BTreeSet, VecDeque};

use bytes::{Buf, Bytes, BytesMut};
use msrp::relay::{ConnectionId, Peer, Security};
use msrp::{Connection, Framing};

use crate::empties::Empties;
use crate::ledger::has_mark;
use crate::order::{Flow, What};
use crate::pipe::Pipe;
use crate::plan::{Kind, READ, relay_host, scheme};
use crate::watch::Watch;
use crate::world::World;

/// The end of a transport connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Client(usize),
    Relay(usize, ConnectionId),
    Hostile(usize),
}

pub struct Wire {
    pub ends: [End; 2],
    /// What each end sends.
    pub pipes: [Pipe; 2],
    pub watches: [Watch; 2],
    /// What each end has begun to write.
    pub held: [Bytes; 2],
    /// What a client writes after that, and what adds chunks to it.
    pub behind: VecDeque<Bytes>,
    empties: Option<Empties>,
    /// What has arrived for each end and is not taken, and its flows.
    inputs: [BytesMut; 2],
    flows: [BTreeSet<Flow>; 2],
    pub is_gone: [bool; 2],
    /// A relay needs it no longer for the flow for which it was made.
    pub is_idle: bool,
    carries_messages: bool,
}

impl Wire {
    pub fn is_hostile(&self) -> bool {
        self.ends.iter().any(|end| matches!(end, End::Hostile(_)))
    }
}

impl World {
    /// A relay accepts a connection, if it has room.
    pub fn accept(
        &mut self,
        relay: usize,
        from: End,
        framing: Framing,
        user: Option<String>,
    ) -> Option<usize> {
        let mut peer = Peer::new(self.security()).framing(framing);
        if let Some(user) = user {
            peer = peer.user(user);
        }
        if let End::Relay(other, _) = from {
            peer = peer.relay_names(vec![relay_host(other)]);
        }
        if let End::Hostile(number) = from
            && let Some(address) = self.hostiles[number].address
        {
            peer = peer.address(address);
        }
        let now = self.instant();
        let id = self.relays[relay].relay.accept(now, peer)?;
        Some(self.join([from, End::Relay(relay, id)], framing))
    }

    pub const fn security(&self) -> Security {
        if self.plan.is_secure { Security::Tls } else { Security::Plain }
    }

    pub fn join(&mut self, ends: [End; 2], framing: Framing) -> usize {
        let carries_messages = framing != Framing::Stream;
        let makes_empties = ends.iter().any(|end| match end {
            End::Client(number) => self.clients[*number].plan.makes_empties,
            End::Relay(..) | End::Hostile(_) => false,
        });
        let wire = self.wires.len();
        let watches = [1, 0].map(|reader| Watch::for_reader(ends[reader]));
        self.open.push(wire);
        for end in ends {
            if let End::Relay(relay, id) = end {
                self.relays[relay].wires.insert(id, wire);
            }
        }
        self.wires.push(Wire {
            ends,
            pipes: self.pipes(ends, carries_messages),
            watches,
            held: Default::default(),
            behind: VecDeque::new(),
            empties: makes_empties.then(Empties::default),
            inputs: Default::default(),
            flows: Default::default(),
            is_gone: [false; 2],
            is_idle: false,
            carries_messages,
        });
        // In a storm there is no time for single octets of hostile clients.
        if self.is_settling || (self.plan.storm.is_some() && self.wires[wire].is_hostile()) {
            self.wires[wire].pipes.iter_mut().for_each(|pipe| pipe.flow());
        }
        self.tell(|_| format!("wire {wire} joins {ends:?}"));
        wire
    }

    fn pipes(&self, ends: [End; 2], carries_messages: bool) -> [Pipe; 2] {
        let [one, other] = ends.map(|end| match end {
            End::Client(number) => self.clients[number].plan.paces,
            End::Hostile(number) => [self.hostiles[number].pace(), None],
            End::Relay(..) => [None; 2],
        });
        let link = self.link(ends);
        [[one[0], other[1]], [other[0], one[1]]].map(|[sends, receives]| {
            Pipe::new(link.clone().at(sends).at(receives), carries_messages)
        })
    }

    /// Moves octets from an end into its pipe. Returns whether any moved.
    pub fn write(&mut self, wire: usize, side: usize) -> bool {
        if self.wires[wire].is_gone[side] {
            return false;
        }
        if self.wires[wire].held[side].is_empty() && !self.poll_end(wire, side) {
            return false;
        }
        let Wire { pipes, held, ends, .. } = &mut self.wires[wire];
        let len = pipes[side].write(self.now, &held[side], &mut self.rng);
        held[side].advance(len);
        let is_written = held[side].is_empty();
        if let (true, End::Relay(relay, id)) = (is_written, ends[side]) {
            self.relays[relay].relay.written(id);
        }
        if len > 0 {
            self.tell_held(wire, side);
        }
        len > 0
    }

    /// A relay learns what the transport of one of its connections holds, and so does a
    /// client whose own is slow.
    pub fn tell_held(&mut self, wire: usize, side: usize) {
        let now = self.instant();
        let Wire { pipes, held, ends, is_gone, .. } = &self.wires[wire];
        if !self.plan.tells_held || is_gone[side] {
            return;
        }
        let octets = held[side].len() + pipes[side].held();
        match ends[side] {
            End::Relay(relay, id) => self.relays[relay].relay.transport_holds(now, id, octets),
            End::Client(number) if self.plan.kind == Kind::Slow => {
                let connection = self.clients[number].connection.as_mut().unwrap();
                connection.transport_holds(now, octets);
            }
            End::Client(_) | End::Hostile(_) => {}
        }
    }

    /// Asks an end for octets; a relay is asked for those of all its wires.
    fn poll_end(&mut self, wire: usize, side: usize) -> bool {
        let octets = match self.wires[wire].ends[side] {
            End::Relay(..) => return false,
            End::Hostile(_) if self.wires[wire].pipes[side].is_at_end() => None,
            End::Hostile(number) => self.hostiles[number].next_octets(scheme(self.plan.is_secure)),
            End::Client(number) => {
                if self.wires[wire].behind.is_empty() {
                    self.poll_client(wire, side, number);
                }
                self.wires[wire].behind.pop_front()
            }
        };
        let Some(octets) = octets else { return false };
        self.wires[wire].held[side] = octets;
        true
    }

    fn poll_client(&mut self, wire: usize, side: usize, number: usize) {
        let now = self.instant();
        let connection = self.clients[number].connection.as_mut().unwrap();
        if let Some(mut transmit) = connection.poll_transmit(now) {
            let octets = transmit.copy_to_bytes(transmit.remaining());
            self.thinks(wire, side, number, &octets);
            let Wire { behind, empties, .. } = &mut self.wires[wire];
            match empties {
                Some(empties) => behind.extend(empties.among(&octets, &mut self.rng)),
                None => behind.push_back(octets),
            }
        } else if connection.is_closed() {
            self.hang_up(wire, side);
        }
    }

    /// Gives an end octets. Returns whether anything moved.
    pub fn read(&mut self, wire: usize, side: usize) -> bool {
        if self.wires[wire].is_gone[side] {
            return false;
        }
        let is_taking = match self.wires[wire].ends[side] {
            End::Client(number) => {
                let connection = self.clients[number].connection.as_ref();
                connection.is_some_and(Connection::wants_read)
            }
            End::Relay(relay, id) => self.relays[relay].relay.wants_read(id),
            End::Hostile(number) => self.hostiles[number].reads,
        };
        let octets = if is_taking {
            let Wire { ends, pipes, .. } = &mut self.wires[wire];
            let most = || match ends[side] {
                End::Relay(relay, id) => self.relays[relay].relay.read_octets(id),
                End::Client(_) | End::Hostile(_) => READ,
            };
            pipes[1 - side].take(self.now, most, &mut self.rng)
        } else {
            Bytes::new()
        };
        let is_at_end = self.wires[wire].pipes[1 - side].is_at_end();
        if !octets.is_empty() {
            self.arrived(wire, side, &octets);
        }
        let has_moved = is_taking && self.feed(wire, side, octets);
        let notices_end = is_at_end && !self.is_pausing(wire, side);
        if notices_end {
            self.ends(wire, side);
        }
        has_moved || notices_end
    }

    /// Whether an end is a client that does not look at what has arrived.
    fn is_pausing(&self, wire: usize, side: usize) -> bool {
        let End::Client(number) = self.wires[wire].ends[side] else { return false };
        let connection = self.clients[number].connection.as_ref();
        connection.is_some_and(|it| !it.is_closed() && !it.wants_read())
    }

    /// The watch of the wire checks what has arrived.
    fn arrived(&mut self, wire: usize, side: usize, octets: &Bytes) {
        let has_gaps = self.may_fail();
        let Wire { ends, watches, .. } = &mut self.wires[wire];
        let (from, to) = (ends[1 - side], ends[side]);
        let [one, two] = watches;
        let (watch, other) = if side == 1 { (one, two) } else { (two, one) };
        let is_sound = !matches!(from, End::Hostile(_));
        let arrivals = watch.arrived(octets, other, is_sound, has_gaps);
        self.tell(|_| {
            let text = String::from_utf8_lossy(&octets[..octets.len().min(4000)]).into_owned();
            format!("{} octets from {from:?} to {to:?}: {text:?}", octets.len())
        });
        self.record(|| format!("{wire} {side} {octets:?}"));
        for seen in arrivals {
            let sent = &self.ledger[seen.serial];
            if let End::Client(number) = to {
                assert_eq!(sent.to, number, "{} leads to somebody else", seen.serial);
            }
            let (now, holds_order) = (self.now, !self.is_disturbed);
            if let End::Relay(relay, _) = to {
                let flow = Flow { from: sent.from, hops: seen.hops };
                self.wires[wire].flows[side].insert(flow);
                self.relays[relay].came(now, wire, sent.from, seen, holds_order);
            }
            for end in [from, to] {
                if let (End::Relay(relay, _), What::Octets { len, .. }) = (end, seen.what) {
                    self.relays[relay].flows.entry(wire).or_default().add(now, len);
                }
            }
            if let End::Relay(relay, _) = from {
                self.relays[relay].went(now, wire, sent.from, seen, holds_order, has_gaps);
            }
        }
        if let End::Hostile(number) = to {
            assert!(!has_mark(octets), "a hostile client reads a message of others");
            self.hostiles[number].hears(octets);
        }
    }

    fn feed(&mut self, wire: usize, side: usize, octets: Bytes) -> bool {
        let now = self.instant();
        let Wire { ends, inputs, flows, carries_messages, is_gone, .. } = &mut self.wires[wire];
        let input = &mut inputs[side];
        if *carries_messages {
            if octets.is_empty() {
                return false;
            }
            match ends[side] {
                End::Client(number) => {
                    let connection = self.clients[number].connection.as_mut().unwrap();
                    connection.receive_message(now, octets).unwrap();
                }
                End::Relay(relay, id) => {
                    drop(self.relays[relay].relay.receive_message(now, id, octets));
                }
                End::Hostile(_) => {}
            }
            return true;
        }
        let before = input.len();
        input.extend_from_slice(&octets);
        match ends[side] {
            End::Client(number) => {
                let connection = self.clients[number].connection.as_mut().unwrap();
                connection.receive(now, input).unwrap();
            }
            End::Relay(relay, id) => {
                let is_hostile = matches!(ends[1 - side], End::Hostile(_));
                let is_sound = self.relays[relay].receive(now, id, input, &flows[side]);
                if input.is_empty() {
                    flows[side].clear();
                }
                assert!(is_sound || is_hostile || is_gone[1 - side] || self.may_fail());
                let most = 16_384 + 76;
                assert!(!is_sound || self.wires[wire].inputs[side].len() <= most + READ);
            }
            End::Hostile(_) => input.clear(),
        }
        !octets.is_empty() || before != self.wires[wire].inputs[side].len()
    }

    /// The stream has ended, for any reason.
    fn ends(&mut self, wire: usize, side: usize) {
        match self.wires[wire].ends[side] {
            End::Client(number) => self.clients[number].connection.as_mut().unwrap().receive_eof(),
            End::Relay(relay, id) => {
                self.relays[relay].relay.closed(id);
            }
            End::Hostile(_) => {}
        }
        self.hang_up(wire, side);
    }

    /// An end closes its transport.
    pub fn hang_up(&mut self, wire: usize, side: usize) {
        self.tell(|world| format!("{:?} hangs up", world.wires[wire].ends[side]));
        let it = &mut self.wires[wire];
        it.is_gone[side] = true;
        it.held[side] = Bytes::new();
        it.behind.clear();
        it.pipes[side].end();
        it.pipes[1 - side].break_off();
        if let End::Relay(relay, id) = it.ends[side] {
            self.relays[relay].wires.remove(&id);
        }
        if !it.is_hostile() && !it.is_idle {
            assert!(self.may_fail(), "a connection ends");
            self.is_disturbed = true;
        }
    }
}
