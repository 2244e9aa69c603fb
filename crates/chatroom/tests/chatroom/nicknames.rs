use msrp::{Nickname, StatusCode};
use precis_profiles::precis_core::profile::PrecisFastInvocation;
use proptest::prelude::*;

use super::*;

const OK: StatusCode = StatusCode::OK;
const IN_USE: StatusCode = StatusCode::NICKNAME_IN_USE;

fn name(text: &str) -> Nickname {
    text.parse().unwrap()
}

fn ask(room: &mut Room, seat: Seat, text: &str) -> StatusCode {
    room.use_nickname(seat, Some(&name(text)))
}

fn shown(room: &Room, seat: Seat) -> Option<&str> {
    room.nickname(seat).map(Nickname::as_str)
}

// req: 7701-7-1, 7701-7.1-8, 7701-7.1-9, 7701-11-2
#[test]
fn a_nickname_is_one_users() {
    let (mut room, [ada, bob, _]) = three();
    assert_eq!(ask(&mut room, ada, "Captain"), OK);
    assert_eq!(ask(&mut room, bob, "Captain"), IN_USE);
    assert_eq!(ask(&mut room, bob, "Mate"), OK);
    assert_eq!((shown(&room, ada), shown(&room, bob)), (Some("Captain"), Some("Mate")));
    assert!(room.find_nickname(&name("captain")).eq([ada]));
    // Asking again changes nothing.
    assert_eq!(ask(&mut room, ada, "CAPTAIN"), OK);
    assert_eq!(shown(&room, ada), Some("CAPTAIN"));
}

// req: 7701-7.1-5
#[test]
fn nicknames_are_compared_by_their_profile() {
    for (one, other, are_same) in [
        ("Ada", "ADA", true),
        ("Ada", "  ada ", true),
        ("Ada of the Pier", "ada  of\u{3000}the\u{2003}pier", true),
        ("Ａｄａ", "ada", true),
        ("Zoë", "zoe\u{308}", true),
        ("ﬁsh", "fish", true),
        ("Σίσυφος", "σίσυφος", true),
        ("BOY", "B0Y", false),
        ("Ada", "Adа", false), // the last letter is Cyrillic
        ("Ada", "A.da", false),
    ] {
        let (mut room, [ada, bob, _]) = three();
        assert_eq!(ask(&mut room, ada, one), OK, "{one}");
        let answer = if are_same { IN_USE } else { OK };
        assert_eq!(ask(&mut room, bob, other), answer, "{one} {other}");
    }
}

// req: 7701-7.1-7
#[test]
fn what_the_profile_does_not_allow_is_malformed() {
    let (mut room, [ada, ..]) = three();
    assert_eq!(ask(&mut room, ada, "Ada"), OK);
    for text in ["   ", "\u{3000}", "tab\there", "a\u{202e}b", "soft\u{ad}hyphen", "\u{e000}"] {
        assert_eq!(ask(&mut room, ada, text), StatusCode::MALFORMED_NICKNAME, "{text:?}");
    }
    assert_eq!(shown(&room, ada), Some("Ada"));
}

// req: 7701-7.2-1
#[test]
fn a_change_that_fails_changes_nothing() {
    let mut room = room_with(|config| config.reserved_nicknames.push(name("The Management")));
    let [ada, bob] = [ADA, BOB].map(|uri| room.join(social(uri)).unwrap());
    assert_eq!(ask(&mut room, ada, "Ada"), OK);
    assert_eq!(ask(&mut room, bob, "Bob"), OK);
    for (text, answer) in
        [("bob", IN_USE), ("the  MANAGEMENT", IN_USE), ("\u{202e}", StatusCode::MALFORMED_NICKNAME)]
    {
        assert_eq!(ask(&mut room, ada, text), answer);
        assert_eq!(shown(&room, ada), Some("Ada"));
        assert_eq!(ask(&mut room, bob, "ADA"), IN_USE);
    }
    // A success frees the old nickname.
    assert_eq!(ask(&mut room, ada, "Captain"), OK);
    assert_eq!(ask(&mut room, bob, "Ada"), OK);
    assert_eq!(ask(&mut room, ada, "Bob"), OK);
}

// req: 7701-7.3-1
#[test]
fn a_nickname_can_be_given_up() {
    let (mut room, [ada, bob, _]) = three();
    assert_eq!(room.use_nickname(ada, None), OK, "one that was never had");
    assert_eq!(ask(&mut room, ada, "Ada"), OK);
    assert_eq!(room.use_nickname(ada, None), OK);
    assert_eq!(shown(&room, ada), None);
    assert_eq!(ask(&mut room, bob, "Ada"), OK);
    let left = room.leave(bob).unwrap();
    assert_eq!(left.nickname, Some(name("Ada")));
    assert_eq!(ask(&mut room, ada, "Ada"), OK);
}

// req: 7701-7.1-6, 7701-7.1-10
#[test]
fn sessions_of_one_user_may_share_a_nickname() {
    let mut room = room();
    let one = room.join(social(ADA)).unwrap();
    let two = room.join(social(ADA)).unwrap();
    let bob = room.join(social(BOB)).unwrap();
    assert_eq!(ask(&mut room, one, "Ada"), OK);
    // Another session does not get it by itself.
    assert_eq!(shown(&room, two), None);
    assert_eq!(ask(&mut room, two, "ada"), OK);
    assert!(room.find_nickname(&name("Ada")).eq([one, two]));
    room.leave(one);
    assert_eq!(ask(&mut room, bob, "Ada"), IN_USE);
    assert_eq!(room.use_nickname(two, None), OK);
    assert_eq!(ask(&mut room, bob, "Ada"), OK);
    // The same user may have another nickname in another session.
    let three = room.join(social(BOB)).unwrap();
    assert_eq!(ask(&mut room, three, "Robert"), OK);
    assert_eq!((shown(&room, bob), shown(&room, three)), (Some("Ada"), Some("Robert")));
}

// req: 7701-7.1-4
#[test]
fn a_room_may_have_no_nicknames() {
    let mut room = room_with(|config| config.nicknames = false);
    let ada = room.join(social(ADA)).unwrap();
    for nickname in [Some(&name("Ada")), Some(&name("\u{202e}")), None] {
        assert_eq!(room.use_nickname(ada, nickname), StatusCode::FORBIDDEN);
    }
    room.leave(ada);
    assert_eq!(room.use_nickname(ada, None), StatusCode::FORBIDDEN);
}

/// A code point of each version of Unicode; in 6.3 there are only marks of direction.
// req: 7701-7.1-7
#[test]
fn nicknames_have_the_letters_of_the_current_unicode() {
    for (version, letter) in [
        ("1.1", 'é'),
        ("2.0", '\u{f40}'),
        ("2.1", '€'),
        ("3.0", '\u{d85}'),
        ("3.1", '\u{10400}'),
        ("3.2", '\u{1700}'),
        ("4.0", '\u{1900}'),
        ("4.1", '\u{20b5}'),
        ("5.0", '\u{1b05}'),
        ("5.1", '\u{1c00}'),
        ("5.2", '\u{a984}'),
        ("6.0", '😁'),
        ("6.1", '😀'),
        ("6.2", '₺'),
        ("7.0", '₽'),
        ("8.0", '🤔'),
        ("9.0", '\u{1e900}'),
        ("10.0", '₿'),
        ("11.0", '🥰'),
        ("12.0", '🥱'),
        ("12.1", '\u{32ff}'),
        ("13.0", '\u{1f972}'),
        ("14.0", '\u{1fae0}'),
        ("15.0", '\u{1fae8}'),
        ("15.1", '\u{2ffc}'),
        ("16.0", '\u{1fae9}'),
        ("17.0", '\u{1faea}'),
        ("18.0", '\u{20c2}'),
    ] {
        let (mut room, [ada, bob, _]) = three();
        assert_eq!(ask(&mut room, ada, &format!("Ada {letter}")), OK, "{version}");
        assert_eq!(ask(&mut room, bob, &format!("ada {letter}")), IN_USE, "{version}");
    }
    let (mut room, [ada, ..]) = three();
    for none in ['\u{2066}', '\u{378}', '\u{10fffe}'] {
        let answer = ask(&mut room, ada, &format!("Ada {none}"));
        assert_eq!(answer, StatusCode::MALFORMED_NICKNAME, "{none:?}");
    }
}

/// What Unicode 6.3 knew is allowed now exactly if it was allowed then. `precis-profiles` has
/// the tables of that version.
// req: 7701-7.1-7
#[test]
fn the_letters_of_an_old_unicode_have_kept_their_property() {
    use precis_profiles::Nickname as Profile;
    use precis_profiles::precis_core::{DerivedPropertyValue, FreeformClass, StringClass};
    let class = FreeformClass::default();
    let (mut room, [ada, ..]) = three();
    let is_assigned =
        |it: &char| class.get_value_from_char(*it) != DerivedPropertyValue::Unassigned;
    // But for most of the Han, Hangul and private use, which are all alike.
    let is_alike = |it: &char| {
        matches!(it, '\u{3401}'..'\u{9fff}' | '\u{ac01}'..'\u{d7a3}' | '\u{e001}'..'\u{f8ff}')
            || matches!(it, '\u{20001}'..'\u{2f800}' | '\u{f0001}'..='\u{10fffd}')
    };
    for letter in ('!'..=char::MAX).filter(|it| is_assigned(it) && !is_alike(it)) {
        let text = format!("a{letter}a");
        let nickname = text.parse::<Nickname>();
        let is_allowed = nickname.is_ok_and(|it| room.use_nickname(ada, Some(&it)) == OK);
        assert_eq!(
            is_allowed,
            Profile::enforce(&text).is_ok(),
            "{letter:?} U+{:04X}",
            letter as u32
        );
    }
}

// req: 7701-7.1-7
#[test]
fn letters_that_need_a_context() {
    let (mut room, [ada, ..]) = three();
    for (text, is_allowed) in [
        ("क्\u{200d}ष", true),
        ("a\u{200d}b", false),
        ("👩\u{200d}🚀", false),
        ("نامه\u{200c}ای", true),
        ("ن\u{64b}\u{200c}\u{64b}ا", true),
        ("ا\u{200c}ن", false),
        ("\u{200c}ن", false),
        ("col·lecció", true),
        ("a·b", false),
        ("l·", false),
        ("\u{375}α", true),
        ("α\u{375}", false),
        ("א\u{5f3}", true),
        ("a\u{5f4}", false),
        ("ジョン・スミス", true),
        ("a・b", false),
        ("٣٤", true),
        ("۳۴", true),
        ("٣۴", false),
    ] {
        assert_eq!(ask(&mut room, ada, text) == OK, is_allowed, "{text}");
    }
}

#[test]
fn a_name_that_looks_like_a_reserved_one_is_reserved() {
    let reserved = ["The Management", "Root", "Alice"];
    let mut room = room_with(|config| config.reserved_nicknames.extend(reserved.map(name)));
    let ada = room.join(social(ADA)).unwrap();
    for text in [
        "The Мanagement", // a Cyrillic M
        "tHe МANAGEMENT",
        "The  Rnanagernent",
        "R00t",
        "RооT", // Cyrillic o
        "𝐑𝐨𝐨𝐭",
        "AIice", // a capital i
        "A1ice",
        "alicе",
        "ALICΕ", // a Greek epsilon
    ] {
        assert_eq!(ask(&mut room, ada, text), IN_USE, "{text}");
    }
    for text in ["Management", "Rot", "Alicia", "Алиса"] {
        assert_eq!(ask(&mut room, ada, text), OK, "{text}");
    }
}

proptest! {
    /// Two users can have two nicknames exactly if the profile tells them apart.
    // req: 7701-7.1-5, 7701-7-1
    #[test]
    fn nicknames_are_unique_under_the_profile(
        one in "[aA éÉe\u{301}ＡﬁfiIı]{1,6}",
        other in "[aA éÉe\u{301}ＡﬁfiIı]{1,6}",
    ) {
        let (mut room, [ada, bob, _]) = three();
        let expected = match precis_profiles::Nickname::compare(&one, &other) {
            Ok(true) => Some(IN_USE),
            _ => Some(OK),
        };
        let first = ask(&mut room, ada, &one);
        let second = ask(&mut room, bob, &other);
        if first == OK && second != StatusCode::MALFORMED_NICKNAME {
            prop_assert_eq!(Some(second), expected, "{:?} {:?}", one, other);
        }
        // The shown nickname matches the one that was asked for.
        if let Some(shown) = room.nickname(ada).cloned() {
            prop_assert_eq!(room.use_nickname(ada, Some(&shown)), OK);
            prop_assert_eq!(room.nickname(ada), Some(&shown));
        }
    }
}
