//! Hostile clients of all kinds, and what is left of a relay after them.

use msrp::relay::ConnectionId;
use proptest::prelude::*;

use crate::common::wire::Raw;
use crate::world::*;

/// Something that a hostile client does.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Connect { source: u8 },
    Authenticate { link: usize, user: u8, is_right: bool },
    Dial { link: usize, host: u8 },
    Leave { link: usize },
    Wait { seconds: u32 },
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (0u8..4).prop_map(|source| Deed::Connect { source }),
        6 => (any::<prop::sample::Index>(), 0u8..3, prop::bool::weighted(0.8)).prop_map(
            |(link, user, is_right)| Deed::Authenticate { link: link.index(64), user, is_right }
        ),
        4 => (any::<prop::sample::Index>(), 0u8..9)
            .prop_map(|(link, host)| Deed::Dial { link: link.index(64), host }),
        2 => any::<prop::sample::Index>().prop_map(|link| Deed::Leave { link: link.index(64) }),
        1 => (0u32..20).prop_map(|seconds| Deed::Wait { seconds }),
    ]
}

/// A relay, and the connections to it that are open, with their tokens.
struct Storm {
    world: World,
    links: Vec<(ConnectionId, Option<String>)>,
}

impl Storm {
    fn new() -> Self {
        let mut config = config();
        config.limits.connections = 8;
        config.limits.principal_connections = 4;
        config.limits.user_dials = 2;
        (config.limits.tokens, config.limits.user_tokens) = (6, 3);
        Self { world: World::new(config), links: Vec::new() }
    }

    fn connect(&mut self, source: u8) -> bool {
        let peer = tls().address([192, 0, 2, source].into());
        let link = self.world.relay.accept(self.world.now, peer);
        self.links.extend(link.map(|link| (link, None)));
        link.is_some()
    }

    fn does(&mut self, deed: Deed) {
        let count = self.links.len().max(1);
        match deed {
            Deed::Connect { source } => drop(self.connect(source)),
            Deed::Wait { seconds } => self.world.advance(seconds * SECOND),
            Deed::Authenticate { link, user, is_right } => {
                let Some((link, token)) = self.links.get_mut(link % count) else { return };
                let password = if is_right { "secret" } else { "guess" };
                let id = self.world.id();
                self.world.give(*link, &auth(&id, ALICE).octets());
                let told = self.world.sent(*link);
                let Some(challenge) = told.last().filter(|it| it.what == "401") else { return };
                let user = format!("user{user}");
                let answer = self.world.challenged(*link, ALICE, &user, password, challenge, &[]);
                self.world.give(*link, &answer);
                let told = self.world.sent(*link);
                let granted = told.iter().find_map(|it| it.header("Use-Path"));
                *token = granted.map(str::to_owned).or(token.take());
            }
            Deed::Dial { link, host } => {
                let Some((link, Some(token))) = self.links.get(link % count) else { return };
                let chunk = Raw::chunk("c1", "c1", "1-2/2", "hi", '$').from(ALICE);
                let to = format!("{token} msrps://nowhere{host}.example:9/x;tcp");
                self.world.give(*link, &chunk.to(&to).octets());
            }
            Deed::Leave { link } => {
                if !self.links.is_empty() {
                    let (link, _) = self.links.swap_remove(link % count);
                    self.world.close(link);
                }
            }
        }
        self.close_what_ends();
    }

    fn close_what_ends(&mut self) {
        self.world.settle();
        for (link, _) in self.world.closes() {
            self.world.close(link);
            self.links.retain(|(open, _)| *open != link);
        }
    }

    /// When everybody has gone, and every deadline has passed.
    fn calms_down(&mut self) {
        for (link, _) in std::mem::take(&mut self.links) {
            self.world.close(link);
        }
        self.world.advance(3600 * SECOND);
        self.close_what_ends();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// After any storm, within which the limits hold, all of the capacity is back.
    #[test]
    fn no_limit_locks(deeds in prop::collection::vec(deed(), 1..120)) {
        let mut storm = Storm::new();
        for deed in deeds {
            storm.does(deed);
            let now = storm.world.relay.statistics();
            prop_assert!(now.connections <= 8 && now.tokens <= 6, "{now:?}");
        }
        storm.calms_down();
        let now = storm.world.relay.statistics();
        prop_assert_eq!((now.connections, now.tokens), (0, 0));
        for source in 0..8 {
            prop_assert!(storm.connect(source));
        }
        storm.close_what_ends();
        prop_assert_eq!(storm.links.len(), 8);
        for user in 0..2 {
            for link in 0..3 {
                storm.does(Deed::Authenticate { link: 3 * user + link, user: user as u8, is_right: true });
            }
        }
        prop_assert_eq!(storm.world.relay.statistics().tokens, 6);
    }
}
