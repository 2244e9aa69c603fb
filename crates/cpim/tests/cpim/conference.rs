//! Rosters (RFC 4575): read, written, and read back.

use msrp::Direction;
use msrp_cpim::conference::*;
use proptest::prelude::*;

use super::*;

/// Figure 7 of RFC 7701 section 9.6.
const NICKNAMES: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
  <conference-info
   xmlns="urn:ietf:params:xml:ns:conference-info"
   xmlns:xcon="urn:ietf:params:xml:ns:xcon-conference-info"
   entity="sip:chatroom22@chat.example.com"
   state="full" version="1">
  <!--
    CONFERENCE INFO
  -->
   <conference-description>
     <subject>MSRP nickname example</subject>
    </conference-description>
   <conference-state>
    <user-count>2</user-count>
   </conference-state>
   <users>
     <user entity="sip:bob@example.com"
           state="full"
           xcon:nickname="Dopey Donkey">
        <display-text>Bob Hoskins</display-text>
     </user>
     <user entity="sip:alice@atlanta.example.com"
          state="full"
          xcon:nickname="Alice the great">
        <display-text>Alice Kay</display-text>
     </user>
   </users>
  </conference-info>"#;

fn parse(text: &str) -> ConferenceInfo {
    ConferenceInfo::parse(text.as_bytes()).unwrap()
}

fn document(attributes: &str, inner: &str) -> String {
    format!(
        "<conference-info xmlns=\"urn:ietf:params:xml:ns:conference-info\" {attributes}>\
         {inner}</conference-info>"
    )
}

// req: 7701-7.4-1
#[test]
fn the_printed_roster() {
    let users = [
        ("sip:bob@example.com", "Dopey Donkey", "Bob Hoskins"),
        ("sip:alice@atlanta.example.com", "Alice the great", "Alice Kay"),
    ];
    let users = users
        .map(|(entity, nickname, name)| User::new(entity).nickname(nickname).display_text(name));
    let [bob, alice] = users;
    let expected = ConferenceInfo::new("sip:chatroom22@chat.example.com")
        .version(1)
        .subject("MSRP nickname example")
        .user_count(2)
        .user(bob)
        .user(alice);
    assert_eq!(parse(NICKNAMES), expected);
    assert_eq!(parse(&expected.to_xml()), expected);
}

#[test]
fn what_a_room_says_of_its_endpoints() {
    let read = parse(&document(
        "entity=\"sip:room@x\" state=\"partial\" version=\"7\"",
        "<conference-description xml:lang=\"en\"><display-text> Pier </display-text>\
         <maximum-user-count>100</maximum-user-count>\
         <conf-uris><entry><uri>sip:x@y</uri></entry></conf-uris></conference-description>\
         <conference-state><active>1</active><locked>false</locked></conference-state>\
         <users state=\"partial\">\
         <user entity=\"sip:ada@x\" state=\"partial\" yourown=\"true\">\
         <roles><entry>moderator</entry><entry> participant</entry></roles>\
         <endpoint entity=\"sip:ada@192.0.2.1\"><status>connected</status>\
         <joining-method>dialed-in</joining-method>\
         <media id=\"1\"><type>message</type><status>sendrecv</status></media></endpoint>\
         <endpoint entity=\"sip:ada@192.0.2.2\" state=\"full\"><display-text>Phone</display-text>\
         <status>disconnected</status><disconnection-method>booted</disconnection-method>\
         <joining-info><reason>no</reason></joining-info></endpoint></user>\
         <user entity=\"sip:bob@x\" state=\"deleted\"/></users>",
    ));
    let here = Endpoint::new("sip:ada@192.0.2.1")
        .status(EndpointStatus::Connected)
        .joining_method(JoiningMethod::DialedIn)
        .medium(Media::new("1").media_type("message").status(Direction::SendReceive));
    let gone = Endpoint::new("sip:ada@192.0.2.2")
        .display_text("Phone")
        .status(EndpointStatus::Disconnected)
        .disconnection_method(DisconnectionMethod::Booted);
    let ada = User::new("sip:ada@x").state(Extent::Partial).role("moderator").role("participant");
    let expected = ConferenceInfo::new("sip:room@x")
        .state(Extent::Partial)
        .version(7)
        .display_text("Pier")
        .maximum_user_count(100)
        .active(true)
        .locked(false)
        .users_state(Extent::Partial)
        .user(ada.endpoint(here).endpoint(gone))
        .user(User::new("sip:bob@x").state(Extent::Deleted));
    assert_eq!(read, expected);
    assert_eq!(parse(&read.to_xml()), expected);
}

#[test]
fn what_is_unknown_or_missing_costs_nothing_else() {
    let users = "<users><user/><user entity=\"sip:a@x\" state=\"odd\" nickname=\"Al\">\
        <endpoint/><endpoint entity=\"e\"><status>asleep</status><media/></endpoint>\
        <x:endpoint xmlns:x=\"urn:x\" entity=\"f\"/></user></users>";
    let counts = "<conference-state><user-count>many</user-count><active>yes</active>\
        <locked> 0 </locked></conference-state>";
    let read = parse(&document(
        "entity=\"sip:r@x\" version=\"99999999999\"",
        &(counts.to_owned() + users),
    ));
    let expected = ConferenceInfo::new("sip:r@x")
        .version(u32::MAX)
        .locked(false)
        .user(User::new("sip:a@x").nickname("Al").endpoint(Endpoint::new("e")));
    assert_eq!(read, expected);
    // Without a list, nothing is said of users.
    let none = parse(&document("entity=\"sip:r@x\"", ""));
    assert_eq!((none.users_state, none.users.len()), (Extent::Partial, 0));
    assert!(!none.to_xml().contains("<users"));
    assert_eq!(parse(&none.to_xml()), none);
    // An empty list says that there are none.
    let empty = parse(&document("entity=\"sip:r@x\"", "<users/>"));
    assert_eq!(empty, ConferenceInfo::new("sip:r@x"));
    assert_eq!(parse(&empty.to_xml()), empty);

    let wrong = |text: &str| ConferenceInfo::parse(text.as_bytes()).unwrap_err().kind();
    assert_eq!(wrong(&document("", "")), ParseErrorKind::Missing("entity"));
    assert_eq!(wrong("<conference/>"), ParseErrorKind::Root("conference-info"));
    assert_eq!(wrong("<conference-info"), ParseErrorKind::Xml);
}

#[test]
fn a_roster_of_thousands_is_read_and_a_hostile_one_is_not() {
    let user = |index: usize| User::new(format!("sip:user{index}@chat.example")).nickname("Al");
    let large = (0..5_000).map(user).fold(ConferenceInfo::new("sip:r@x"), ConferenceInfo::user);
    assert_eq!(parse(&large.to_xml()), large);
    let attributes = |count: usize| {
        let attributes: String = (0..count).map(|index| format!(" a{index}=\"\"")).collect();
        document("entity=\"sip:r@x\"", &format!("<users><user{attributes}/></users>"))
    };
    assert!(ConferenceInfo::parse(attributes(64).as_bytes()).is_ok());
    let long = document("entity=\"sip:r@x\"", &" ".repeat(1024 * 1024));
    let wide = document("entity=\"sip:r@x\"", &"<a/>".repeat(70_000));
    for hostile in [attributes(65), long, wide] {
        assert_eq!(kind(ConferenceInfo::parse(hostile.as_bytes())), Err(ParseErrorKind::Xml));
    }
}

#[test]
fn users_may_declare_namespaces_of_their_own() {
    let user = |index: usize, prefix: &str| {
        format!(
            "<user entity=\"sip:user{index}@x\" xmlns:{prefix}=\"urn:ietf:params:xml:ns:xcon-conference-info\" \
             {prefix}:nickname=\"Al\"><e:x xmlns:e=\"urn:e\"/></user>"
        )
    };
    let roster = |users: String| document("entity=\"sip:r@x\"", &format!("<users>{users}</users>"));
    let same = roster((0..5_000).map(|index| user(index, "xcon")).collect());
    let own = roster((0..200).map(|index| user(index, &format!("ns{index}"))).collect());
    for (document, count) in [(same, 5_000), (own, 200)] {
        let read = parse(&document);
        assert_eq!(read.users.len(), count);
        assert!(read.users.iter().all(|user| user.nickname.as_deref() == Some("Al")));
    }
    // Each of them would be compared with all before it.
    let nested: String = (0..4_000).map(|index| format!("<a xmlns:n{index}=\"u\">")).collect();
    let many = "<a xmlns=\"u\"/>".repeat(17_000);
    for hostile in [document("entity=\"sip:r@x\"", &nested), roster(many)] {
        assert_eq!(kind(ConferenceInfo::parse(hostile.as_bytes())), Err(ParseErrorKind::Xml));
    }
}

proptest! {
    #[test]
    fn rosters_read_back(
        entity in "[ -~]{0,20}", nickname in "\\PC{0,20}", name in "[!-~\u{e9}<&>\"']{0,20}",
        version: Option<u32>, status in prop::sample::select(EndpointStatus::ALL),
        extent in prop::sample::select(Extent::ALL),
    ) {
        let endpoint = Endpoint::new(&entity).status(status).state(extent).display_text(&name);
        let user = User::new(&entity).nickname(&nickname).role(&name).endpoint(endpoint);
        let mut written = ConferenceInfo::new(&entity).state(extent).subject(&name).user(user);
        written.version = version;
        prop_assert_eq!(ConferenceInfo::parse(written.to_xml().as_bytes()), Ok(written));
    }
}
