//! Whose turn it is to be read.

use std::collections::VecDeque;

use msrp::relay::ConnectionId;

/// The connections that wait for their turn: those with more input than their last turn
/// took, and strangers with any, those of a handshake included. Between two of them, whoever has little to say is served:
/// a flood on many connections delays nobody else by more than two turns.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    clients: VecDeque<ConnectionId>,
    strangers: VecDeque<ConnectionId>,
}

impl Turns {
    /// Queues a connection, which must not wait already. Returns whether nobody waited.
    pub(crate) fn wait(&mut self, connection: ConnectionId, is_stranger: bool) -> bool {
        let was_empty = self.is_empty();
        let queue = if is_stranger { &mut self.strangers } else { &mut self.clients };
        queue.push_back(connection);
        was_empty
    }

    /// Those whose turn it is: however many strangers wait, clients have every other turn.
    pub(crate) fn next(&mut self) -> impl Iterator<Item = ConnectionId> + use<> {
        [self.clients.pop_front(), self.strangers.pop_front()].into_iter().flatten()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.clients.is_empty() && self.strangers.is_empty()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::time::Instant;

    use msrp::OsRandom;
    use msrp::relay::{Peer, Relay, RelayConfig, Security};

    use super::*;

    /// So many connections.
    fn connections<const N: usize>() -> [ConnectionId; N] {
        let uri = "msrp://relay.example:2855;tcp".parse().unwrap();
        let (config, now) = (RelayConfig::new(uri, "relay.example"), Instant::now());
        let mut relay = Relay::new(config, OsRandom::new().unwrap(), now).unwrap();
        [(); N].map(|()| relay.accept(now, Peer::new(Security::Plain)).unwrap())
    }

    #[test]
    fn clients_have_every_other_turn_however_many_strangers_wait() {
        let [first, second, third, client, late] = connections();
        let mut turns = Turns::default();
        assert!(turns.wait(first, true));
        for (connection, is_stranger) in [(second, true), (third, true), (client, false)] {
            assert!(!turns.wait(connection, is_stranger));
        }
        assert_eq!(turns.next().collect::<Vec<_>>(), [client, first]);
        turns.wait(late, false);
        assert_eq!(turns.next().collect::<Vec<_>>(), [late, second]);
        assert_eq!(turns.next().collect::<Vec<_>>(), [third]);
        assert!(turns.is_empty());
    }
}
