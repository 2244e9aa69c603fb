//! Users and peers who may no longer use the relay.

use msrp::relay::{ConnectionId, RelayClose};

use crate::common::wire::Raw;
use crate::world::*;

/// A token of a user.
fn token(world: &mut World, link: ConnectionId, from: &str, user: &str) -> String {
    let granted = world.auth_as(link, from, user, "secret", &[]);
    granted.header("Use-Path").unwrap().rsplit(' ').next().unwrap().to_string()
}

/// A chunk that is under way, long enough to leave while it arrives.
fn half(id: &str, to: &str, from: &str) -> Vec<u8> {
    Raw::chunk(id, id, "1-8000/8000", &"half".repeat(1000), '$').to(to).from(from).open()
}

fn text(id: &str, to: &str, from: &str) -> Vec<u8> {
    Raw::chunk(id, id, "1-4/4", "text", '$').to(to).from(from).octets()
}

#[test]
fn a_user_without_leave_loses_what_is_under_way_and_the_connection() {
    scripted(|world| {
        let talk = world.talk();
        let carol = world.accept(tls());
        let of_carol = token(world, carol, CAROL, "carol");
        world.give(talk.alice, &half("out", &format!("{} {BOB}", talk.token), ALICE));
        world.give(talk.bob, &half("back", &format!("{} {ALICE}", talk.token), BOB));
        world.octets(talk.bob);

        world.relay.retain_users(|user| user != "alice");
        world.settle();
        assert_eq!(world.closes(), [(talk.alice, RelayClose::Revoked)]);
        assert!(world.text(talk.bob).ends_with("#\r\n"));
        world.close(talk.alice);
        // What Bob sends is lost, and the next finds nobody.
        world.give(talk.bob, b"\r\n-------back$\r\n");
        assert_eq!(world.one(talk.bob).what, "408");
        world.give(talk.bob, &text("again", &format!("{} {ALICE}", talk.token), BOB));
        assert_eq!(world.one(talk.bob).what, "481");
        // Carol notices nothing.
        world.give(carol, &text("other", &format!("{of_carol} {BOB}"), CAROL));
        assert_eq!(
            (world.one(carol).what, world.one(talk.bob).what),
            ("200".into(), "SEND".into())
        );
    });
}

/// However many there are, and in whatever order the tokens were issued.
#[test]
fn all_connections_of_a_user_without_leave_are_closed() {
    scripted(|world| {
        let links = [(); 8].map(|()| world.accept(tls()));
        for _ in 0..3 {
            for link in links {
                token(world, link, ALICE, "alice");
            }
        }
        world.relay.retain_users(|user| user != "alice");
        world.settle();
        assert_eq!(world.closes(), links.map(|link| (link, RelayClose::Revoked)));
        assert_eq!(world.relay.statistics().tokens, 0);
    });
}

#[test]
fn the_others_on_a_connection_keep_it() {
    scripted(|world| {
        let talk = world.talk();
        let of_carol = token(world, talk.alice, CAROL, "carol");
        world.give(talk.alice, &half("out", &format!("{} {BOB}", talk.token), ALICE));
        world.octets(talk.bob);

        world.relay.retain_users(|user| user != "alice");
        world.settle();
        assert_eq!(world.closes(), []);
        assert!(world.text(talk.bob).ends_with("#\r\n"));
        world.give(talk.alice, b"\r\n-------out$\r\n");
        assert_eq!(world.one(talk.alice).what, "408");
        world.give(talk.alice, &text("more", &format!("{} {BOB}", talk.token), ALICE));
        assert_eq!(world.one(talk.alice).what, "481");
        world.give(talk.alice, &text("other", &format!("{of_carol} {BOB}"), CAROL));
        assert_eq!(world.one(talk.alice).what, "200");
    });
}

/// Not even what is under way.
#[test]
fn what_another_on_a_connection_sends_arrives() {
    scripted(|world| {
        let talk = world.talk();
        let _ = token(world, talk.alice, CAROL, "carol");
        world.give(talk.alice, &half("out", &format!("{} {BOB}", talk.token), ALICE));
        world.relay.retain_users(|user| user != "carol");
        world.settle();
        world.give(talk.alice, &[b'x'; 4_000]);
        world.give(talk.alice, b"\r\n-------out$\r\n");
        assert_eq!(world.one(talk.alice).what, "200");
        assert!(world.text(talk.bob).ends_with("$\r\n"));
        assert_eq!(world.closes(), []);
    });
}

#[test]
fn a_relay_keeps_its_connection_when_a_user_behind_it_is_struck_out() {
    scripted(|world| {
        let inner = world.accept(tls().relay_names(vec!["inner.example".into()]));
        let back = format!("msrps://inner.example:9000/t1;tcp {ALICE}");
        let token = token(world, inner, &back, "alice");
        world.relay.retain_users(|user| user != "alice");
        world.settle();
        assert_eq!(world.closes(), []);
        world.give(inner, &text("out", &format!("{token} {BOB}"), &back));
        assert_eq!(world.one(inner).what, "481");
        assert_eq!(world.relay.statistics().tokens, 0);
    });
}

/// It hears of what it has sent before.
#[test]
fn a_relay_that_is_none_any_more_is_shut_out() {
    scripted(|world| {
        let talk = world.talk();
        let inner = world.accept(tls().relay_names(vec!["inner.example".into()]));
        let back = format!("msrps://inner.example:9000/t1;tcp {CAROL}");
        let token = token(world, inner, &back, "carol");
        world.give(inner, &text("sent", &format!("{token} {BOB}"), &back));
        world.give(inner, &half("half", &format!("{token} {BOB}"), &back));
        assert_eq!(world.one(inner).what, "200");
        world.octets(talk.bob);

        world.relay.revoke(inner);
        world.settle();
        assert_eq!(world.closes(), [(inner, RelayClose::Revoked)]);
        assert_eq!(world.one(inner).header("Status"), Some("000 408 Request Timeout"));
        assert!(world.text(talk.bob).ends_with("#\r\n"));
        assert!(world.relay.wants_read(talk.alice) && world.relay.wants_read(talk.bob));
    });
}
