//! For whom a connection counts on which users have authenticated.

use msrp::relay::RelayClose;

use crate::world::*;

/// Its connection is neither theirs nor given up for the sake of one of them, whether it has
/// shown a certificate or not.
#[test]
fn a_relay_is_not_counted_for_the_users_behind_it() {
    for names in [vec!["inner.example".to_owned()], Vec::new()] {
        let mut config = config();
        config.limits.principal_connections = 2;
        scripted_with(config, |world| {
            let inner = world.accept(tls().relay_names(names.clone()));
            let from = format!("msrps://inner.example:9000/t1;tcp {ALICE}");
            world.token(inner, &from);
            let [first, second, third] = [(); 3].map(|()| {
                world.advance(SECOND);
                world.client(ALICE).0
            });
            assert_eq!(world.closes(), [(first, RelayClose::Evicted)]);
            assert!([inner, second, third].into_iter().all(|link| world.relay.wants_read(link)));
        });
    }
}

/// What two users authenticate on is not the first that one of them gives up.
#[test]
fn a_connection_on_which_others_have_authenticated_gives_way_last() {
    let mut config = config();
    config.limits.principal_connections = 2;
    scripted_with(config, |world| {
        let both = world.accept(tls());
        for (user, own) in [("bob", BOB), ("alice", ALICE)] {
            assert_eq!(world.auth_as(both, own, user, "secret", &[]).what, "200");
        }
        let links = [(); 3].map(|()| {
            world.advance(SECOND);
            world.client(ALICE).0
        });
        let evicted = links[..2].iter().map(|link| (*link, RelayClose::Evicted));
        assert_eq!(world.closes(), evicted.collect::<Vec<_>>());
        assert!(world.relay.wants_read(both));
    });
}

/// One user who authenticates twice is no other one.
#[test]
fn who_authenticates_again_does_not_keep_its_connection_longer() {
    let mut config = config();
    config.limits.principal_connections = 2;
    scripted_with(config, |world| {
        let (first, _) = world.client(ALICE);
        world.token(first, ALICE);
        for _ in 0..2 {
            world.advance(SECOND);
            world.client(ALICE);
        }
        assert_eq!(world.closes(), [(first, RelayClose::Evicted)]);
    });
}
