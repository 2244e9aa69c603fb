use msrp::MediaTypes;
use msrp_chatroom::{Participant, Room, RoomConfig, RoomError, is_same_uri};

use msrp::StatusCode;

use super::*;

#[test]
fn who_joins_is_known_by_their_uris() {
    let mut room = room();
    let ada = room.join(social(ADA).with_uri("tel:+1-201-555-0123").unwrap()).unwrap();
    let bob = room.join(social(BOB)).unwrap();
    assert!(room.seats().eq([ada, bob]));
    for spelling in [ADA, "SIP:ada@EXAMPLE.com;transport=tcp", "tel:+12015550123"] {
        assert!(room.find(spelling).eq([ada]), "{spelling}");
    }
    for other in ["sip:Ada@example.com", "sips:ada@example.com", CLEO, ROOM, "no URI"] {
        assert_eq!(room.find(other).count(), 0, "{other}");
    }
    assert_eq!(room.participant(ada).unwrap().uris().count(), 2);
    assert_eq!((room.uri(), room.participant(bob).unwrap().uri()), (ROOM, BOB));
}

#[test]
fn which_uris_are_the_same() {
    for (one, other, are_same) in [
        ("sip:a@h.example", "sip:a@H.EXAMPLE", true),
        ("sip:a@h.example", "sip:a@h.example;user=phone?subject=x", true),
        ("sip:a@h.example:5060", "sip:a@h.example", false),
        ("sip:a;x=1@h.example", "sip:a@h.example", false),
        ("sip:h.example", "sip:H.example;lr", true),
        ("im:a@h.example", "IM:a@h.EXAMPLE", true),
        ("im:a@h.example", "sip:a@h.example", false),
        ("tel:+1(201)555.0123", "tel:+1-201-555-0123", true),
        ("tel:7042;phone-context=example.com", "tel:7042;Phone-Context=EXAMPLE.com", true),
        ("tel:7042;phone-context=example.com", "tel:7042", false),
        ("urn:x:A", "URN:x:A", true),
        ("urn:x:A", "urn:x:a", false),
    ] {
        let mut room = room();
        room.join(social(one)).unwrap();
        assert_eq!(room.find(other).count() == 1, are_same, "{one} {other}");
        assert_eq!(is_same_uri(one, other), are_same, "{one} {other}");
        assert_eq!(is_same_uri(other, one), are_same, "{other} {one}");
    }
    assert_eq!(Participant::new("ada").err(), Some(RoomError::Uri));
    assert!(!is_same_uri("ada", "ada") && !is_same_uri(ADA, "ada"));
    let of_octets = |octets: usize| format!("sip:{}@h.example", "a".repeat(octets - 14));
    assert!(Participant::new(&of_octets(2048)).is_ok());
    assert!(Participant::new(&of_octets(2049)).is_err());
    assert!(Room::new("the pier", RoomConfig::default()).is_err());
}

// req: 7701-5.2-2, 7701-5.2-6
#[test]
fn who_may_not_join() {
    let (mut room, [ada, ..]) = three();
    assert_eq!(room.join(social(ROOM)), Err(RoomError::UriTaken));
    let pretender = social("sip:eve@example.com").with_uri("sip:ADA@example.com").unwrap();
    assert!(room.join(pretender).is_ok(), "another user name");
    let pretender = social("sip:eve2@example.com").with_uri("sip:ada@EXAMPLE.com").unwrap();
    assert_eq!(room.join(pretender), Err(RoomError::UriTaken));
    let deaf =
        social("sip:dan@example.com").with_accept_types(MediaTypes::new("text/plain").unwrap());
    assert_eq!(room.join(deaf), Err(RoomError::NoCpim));
    let hearing =
        social("sip:dan@example.com").with_accept_types(MediaTypes::new("message/*").unwrap());
    assert!(room.join(hearing).is_ok());
    // Those who could not join leave no trace.
    assert!(room.find(ADA).eq([ada]));
    assert_eq!(room.find("sip:eve2@example.com").count(), 0);
}

#[test]
fn a_room_has_so_many_seats() {
    let mut room = room_with(|config| config.sessions = 2);
    let ada = room.join(social(ADA)).unwrap();
    room.join(social(BOB)).unwrap();
    assert_eq!(room.join(social(CLEO)), Err(RoomError::Full { max: 2 }));
    assert!(room.leave(ada).is_some() && room.leave(ada).is_none());
    let cleo = room.join(social(CLEO)).unwrap();
    assert_ne!(cleo, ada, "a seat is never used twice");
}

#[test]
fn a_user_may_have_several_sessions() {
    let mut room = room();
    let [one, two] = [(); 2].map(|()| room.join(social(ADA)).unwrap());
    assert!(room.find(ADA).eq([one, two]));
    let left = room.leave(one).unwrap();
    assert!(!left.was_last && left.participant.uri() == ADA);
    assert!(room.find(ADA).eq([two]));
    assert!(room.leave(two).unwrap().was_last);
    assert_eq!(room.find(ADA).count(), 0);

    let mut room = room_with(|config| config.several_sessions = false);
    room.join(social(ADA)).unwrap();
    assert_eq!(room.join(social(ADA)), Err(RoomError::AlreadyHere));
    let hidden = Participant::anonymous(ADA, "sip:anon@anonymous.invalid").unwrap();
    assert_eq!(room.join(hidden), Err(RoomError::AlreadyHere));
}

// req: 7701-5.2-5, 7701-6.1-3
#[test]
fn who_is_anonymous_is_not_known_by_name() {
    let mut room = room();
    let anonymous = "sip:anon-7@anonymous.invalid";
    let ada = Participant::anonymous(ADA, anonymous).unwrap().with_private_messages(true);
    let ada = room.join(ada).unwrap();
    let bob = room.join(social(BOB)).unwrap();
    assert_eq!(room.participant(ada).unwrap().uri(), anonymous);
    assert_eq!(room.find(ADA).count(), 0);
    let private = |from, to| {
        room.message(from, CPIM, &wrapped(if from == ada { anonymous } else { BOB }, to))
    };
    assert_eq!(private(bob, anonymous).unwrap().seats(), [ada]);
    // A guess reveals no more than the URI of somebody who is absent.
    assert_eq!(private(bob, ADA), private(bob, "sip:nobody@example.com"));
    assert_eq!(private(ada, BOB).unwrap().seats(), [bob]);
    let by_name = room.message(ada, CPIM, &wrapped(ADA, ROOM));
    assert_eq!(by_name, Err(StatusCode::FORBIDDEN));
}

// req: 7701-7.4-1, 7701-5.2-5
#[test]
fn the_roster_has_each_user_once_under_the_uri_that_is_shown() {
    let mut room = room();
    let ada = room.join(social(ADA)).unwrap();
    let again = room.join(social(ADA)).unwrap();
    let shown = "sip:anonymous1@chat.example";
    let hidden = room.join(Participant::anonymous(BOB, shown).unwrap()).unwrap();
    for (seat, nickname) in [(again, "Captain"), (hidden, "<Mate> & \"co\"")] {
        assert_eq!(room.use_nickname(seat, Some(&nickname.parse().unwrap())), StatusCode::OK);
    }
    let roster = |room: &Room| {
        let info = room.conference_info(3);
        assert_eq!((&info.entity[..], info.version), (ROOM, Some(3)));
        assert_eq!(info.user_count, Some(info.users.len() as u32));
        assert!(!info.to_xml().contains("bob"));
        let users = info.users.into_iter().map(|user| (user.entity, user.nickname));
        users.collect::<Vec<_>>()
    };
    let user = |uri: &str, nickname: Option<&str>| (uri.to_owned(), nickname.map(str::to_owned));
    let mate = user(shown, Some("<Mate> & \"co\""));
    assert_eq!(roster(&room), [user(ADA, Some("Captain")), mate.clone()]);
    room.leave(again);
    assert_eq!(roster(&room), [user(ADA, None), mate.clone()]);
    room.leave(ada);
    assert_eq!(roster(&room), [mate]);
    room.leave(hidden);
    assert_eq!(roster(&room), []);
}
