//! AUTHs on which the application decides, at once or later (RFC 4976 section 6.3).

use msrp::auth::{Algorithm, Ha1};
use msrp::relay::{AuthRequest, RelayEvent, Verdict};

use crate::world::*;

fn asked(world: &mut World) -> Vec<AuthRequest> {
    world.events_where(|event| match event {
        RelayEvent::Authorise { request, username, realm, .. } => {
            assert_eq!((&username[..], &realm[..]), ("alice", "a.example"));
            Some(*request)
        }
        _ => None,
    })
}

/// The client tries again, and nobody has guessed.
#[test]
fn a_nonce_may_grow_old_while_a_user_is_looked_up() {
    scripted(|world| {
        let secret = Ha1::new(Algorithm::Sha256, "alice", "a.example", "secret");
        for verdict in [Verdict::Known(secret), Verdict::Unknown] {
            let (link, _) = world.client(ALICE);
            world.knows_users = false;
            asked(world);
            let request = world.credentials(link, ALICE, "alice", "secret", &[]);
            world.advance(290 * SECOND);
            world.give(link, &request);
            let requests = asked(world);
            world.advance(20 * SECOND);
            world.relay.authorise(world.now, requests[0], verdict);
            world.settle();
            let told = world.one(link);
            assert!(told.what == "401" && told.head.contains("stale=true"), "{}", told.head);
            assert_eq!(world.relay.statistics().auth_failed, 0);
            world.knows_users = true;
        }
    });
}

#[test]
fn only_credentials_that_could_be_good_are_looked_up() {
    scripted(|world| {
        world.knows_users = false;
        let wrongs = [
            ("realm=\"a.example\"", "realm=\"b.example\"", "401"),
            ("algorithm=SHA-256", "algorithm=SHA-512", "400"),
            ("nonce=\"0", "nonce=\"1", "401"),
            ("uri=\"msrps://a.", "uri=\"msrps://b.", "400"),
            ("qop=auth", "qop=auth-int", "400"),
        ];
        for (good, wrong, status) in wrongs {
            let link = world.accept(tls());
            let request = world.credentials(link, ALICE, "alice", "secret", &[]);
            let request = String::from_utf8(request).unwrap();
            assert!(request.contains(good), "{request}");
            world.give(link, request.replace(good, wrong).as_bytes());
            assert_eq!(world.told(link), [status], "{wrong}");
            assert_eq!(asked(world), []);
        }
    });
}

#[test]
fn a_user_may_be_looked_up_later() {
    scripted(|world| {
        world.knows_users = false;
        let link = world.accept(tls());
        let request = world.credentials(link, ALICE, "alice", "secret", &[]);
        world.give(link, &request);
        assert!(world.octets(link).is_empty());
        // Other clients are served.
        let other = world.accept(tls());
        world.give(other, &auth("other", CAROL).octets());
        assert_eq!(world.one(other).what, "401");

        let requests = asked(world);
        assert_eq!(requests.len(), 1);
        world.advance(29 * SECOND);
        let secret = Ha1::new(Algorithm::Sha256, "alice", "a.example", "secret");
        world.relay.authorise(world.now, requests[0], Verdict::Known(secret.clone()));
        world.settle();
        assert_eq!(world.one(link).what, "200");
        // Only the first verdict counts.
        world.relay.authorise(world.now, requests[0], Verdict::Known(secret));
        world.settle();
        assert!(world.octets(link).is_empty());
    });
}

#[test]
fn a_user_that_is_not_looked_up_in_time_is_told_so() {
    scripted(|world| {
        // A connection with a token is not on probation.
        let (slow, _) = world.client(ALICE);
        asked(world);
        world.knows_users = false;
        let request = world.credentials(slow, ALICE, "alice", "secret", &[]);
        world.give(slow, &request);
        let requests = asked(world);
        world.advance(30 * SECOND);
        assert_eq!(world.one(slow).what, "408");
        world.relay.authorise(world.now, requests[0], Verdict::Unknown);
        world.settle();
        assert!(world.octets(slow).is_empty());
    });
}

#[test]
fn a_client_that_has_gone_gets_no_token() {
    scripted(|world| {
        world.knows_users = false;
        let link = world.accept(tls());
        let request = world.credentials(link, ALICE, "alice", "secret", &[]);
        world.give(link, &request);
        let requests = asked(world);
        world.close(link);
        let secret = Ha1::new(Algorithm::Sha256, "alice", "a.example", "secret");
        world.relay.authorise(world.now, requests[0], Verdict::Known(secret));
        world.settle();
        assert_eq!(world.relay.statistics().tokens, 0);
        world.advance(60 * SECOND);
    });
}

#[test]
fn only_so_many_lookups_at_a_time() {
    let mut config = config();
    config.limits.pending_auths = 2;
    scripted_with(config, |world| {
        world.knows_users = false;
        for told in [None, None, Some("403")] {
            let link = world.accept(tls());
            let request = world.credentials(link, ALICE, "alice", "secret", &[]);
            world.give(link, &request);
            let sent = world.sent(link);
            assert_eq!(sent.first().map(|it| &it.what[..]), told);
        }
        assert_eq!(asked(world).len(), 2);
    });
}

/// Whoever has most that wait gives way, and not whoever had.
#[test]
fn lookups_that_are_over_make_no_room() {
    let mut config = config();
    config.limits.pending_auths = 2;
    scripted_with(config, |world| {
        world.knows_users = false;
        let ask = |world: &mut World, source: u8| {
            let link = world.accept(tls().address([192, 0, 2, source].into()));
            let request = world.credentials(link, ALICE, "alice", "secret", &[]);
            world.give(link, &request);
            link
        };
        let over = [ask(world, 9), ask(world, 9)];
        for request in asked(world) {
            world.relay.authorise(world.now, request, Verdict::Unknown);
        }
        world.settle();
        assert_eq!(over.map(|link| world.told(link)), [["401"], ["401"]]);
        let waiting = [ask(world, 1), ask(world, 1)];
        let last = ask(world, 2);
        assert!(world.told(last).is_empty());
        assert_eq!(waiting.map(|link| world.told(link)).concat(), ["408"]);
    });
}

/// The same holds within one source, but nobody gives way to an equal.
#[test]
fn at_one_source_whoever_has_more_lookups_makes_room() {
    let mut config = config();
    config.limits.pending_auths = 2;
    scripted_with(config, |world| {
        world.knows_users = false;
        let links = [(); 3].map(|()| world.accept(tls().address([192, 0, 2, 1].into())));
        let ask = |world: &mut World, link| {
            let request = world.credentials(link, ALICE, "alice", "secret", &[]);
            world.give(link, &request);
        };
        ask(world, links[0]);
        ask(world, links[0]);
        ask(world, links[1]);
        assert_eq!(links.map(|link| world.told(link)).concat(), ["408"]);
        ask(world, links[2]);
        assert_eq!(world.told(links[2]), ["403"]);
        assert!(links.iter().all(|link| world.told(*link).is_empty()));
    });
}
