//! Headers of RFC 5438, and the notifications that a message gets.

use msrp_cpim::imdn::*;

use super::*;

const SENT: &str = "2026-05-15T15:02:31-03:00";

fn sent() -> DateTime<'static> {
    DateTime::parse(SENT).unwrap()
}

/// A message from Alice to Bob which asks for these.
fn asking(wanted: &[NotifyRequest]) -> CpimBuilder {
    CpimBuilder::new(&address("im:alice@x").with_display_name("Alice"), &address("im:bob@x"))
        .date_time(&sent())
        .request_imdn("m3ss4ge", wanted)
}

fn built(builder: CpimBuilder) -> Vec<u8> {
    builder.build(&text_plain(), b"Hi").unwrap().to_vec()
}

const ALL: [NotifyRequest; 4] = [
    NotifyRequest::PositiveDelivery,
    NotifyRequest::NegativeDelivery,
    NotifyRequest::Processing,
    NotifyRequest::Display,
];

// req: 5438-6.2-1, 5438-6.3-1, 5438-7.1.1.2-1, 5438-6.1-1
#[test]
fn a_message_that_asks() {
    let message = built(asking(&ALL).original_to(&address("im:list@x").with_display_name("L")));
    let lines = "NS: imdn <urn:ietf:params:imdn>\r\n\
        imdn.Message-ID: m3ss4ge\r\n\
        imdn.Disposition-Notification: positive-delivery, negative-delivery, processing, display\r\n\
        imdn.Original-To: L <im:list@x>\r\n";
    assert!(String::from_utf8_lossy(&message).contains(lines));
    let read = strict(&message).unwrap();
    let headers = ImdnHeaders::of(&read);
    assert_eq!(headers.message_id(), Some("m3ss4ge"));
    assert_eq!(headers.requests().collect::<Vec<_>>(), ALL);
    assert_eq!(headers.original_to(), Some(address("im:list@x").with_display_name("L")));
    assert!(!headers.is_notification());

    let build = |builder: CpimBuilder| builder.build(&text_plain(), b"").unwrap_err();
    let plain = || CpimBuilder::new(&address("im:a@x"), &address("im:b@x"));
    assert_eq!(build(plain().request_imdn("m", &ALL)), BuildError::Missing("DateTime"));
    for id in ["", "a b", "a/b", "a\r\nb", "a<b"] {
        let wrong = build(plain().date_time(&sent()).request_imdn(id, &ALL));
        assert_eq!(wrong, BuildError::MessageId, "{id}");
    }
    // Without a request there needs to be no DateTime.
    assert!(plain().request_imdn("m", &[]).build(&text_plain(), b"").is_ok());
}

// req: 5438-6.1-1
#[test]
fn any_prefix_will_do() {
    let own = CpimBuilder::new(&address("im:a@x"), &address("im:b@x"))
        .namespace("imdn", "urn:example:other")
        .namespace("n", IMDN_NAMESPACE)
        .header("imdn.Message-ID", "other")
        .date_time(&sent())
        .request_imdn("own", &ALL[..1]);
    let message = built(own);
    let read = strict(&message).unwrap();
    assert_eq!(ImdnHeaders::of(&read).message_id(), Some("own"));
    assert_eq!(read.find(IMDN, "Message-ID").next().unwrap().prefix(), Some("n"));

    let message = with(
        "NS: <urn:ietf:params:imdn>\r\nMessage-ID: 1\r\n\
         Disposition-Notification: display ; x=\"1\" , new-one,positive-delivery,Display\r\n\
         IMDN-Record-Route: A <im:a@x>\r\nIMDN-Record-Route: <im:b@x>\r\nIMDN-Route: <im:c@x>\r\n",
    );
    let read = CpimRef::parse(&message).unwrap();
    let headers = ImdnHeaders::of(&read);
    assert_eq!(headers.message_id(), Some("1"));
    let requests: Vec<_> = headers.requests().collect();
    assert_eq!(requests, [NotifyRequest::Display, NotifyRequest::PositiveDelivery]);
    let route: Vec<_> = headers.record_route().map(|it| it.uri().to_owned()).collect();
    assert_eq!(route, ["im:a@x", "im:b@x"]);
    assert_eq!(headers.route().next(), Some(address("im:c@x")));
}

// req: 5438-7.2.1-3, 5438-7.2.1-4, 5438-11.1-1
#[test]
fn octet_by_octet() {
    let message = built(
        asking(&ALL)
            .subject_in("fr", "th\u{e9} & <caf\u{e9}>")
            .original_to(&address("im:team@x"))
            .imdn_record_route(&address("im:r1@x").with_display_name("R 1"))
            .imdn_record_route(&address("im:r2@x")),
    );
    let read = CpimRef::parse(&message).unwrap();
    let mut notifier = Notifier::new(&read, &address("im:bob@x").with_display_name("Bob")).unwrap();
    assert_eq!(notifier.next_hop(), &address("im:r1@x").with_display_name("R 1"));
    let now = DateTime::parse("2026-05-15T18:02:33Z").unwrap();
    let answer = notifier.notify(Disposition::Displayed, "0wn", &now).unwrap();
    let expected = "From: Bob <im:bob@x>\r\n\
        To: Alice <im:alice@x>\r\n\
        DateTime: 2026-05-15T18:02:33Z\r\n\
        NS: imdn <urn:ietf:params:imdn>\r\n\
        imdn.Message-ID: 0wn\r\n\
        imdn.IMDN-Route: R 1 <im:r1@x>\r\n\
        imdn.IMDN-Route: <im:r2@x>\r\n\
        \r\n\
        Content-Disposition: notification\r\n\
        Content-Type: message/imdn+xml\r\n\
        \r\n\
        <?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n\
        <imdn xmlns=\"urn:ietf:params:xml:ns:imdn\">\r\n\
        <message-id>m3ss4ge</message-id>\r\n\
        <datetime>2026-05-15T15:02:31-03:00</datetime>\r\n\
        <recipient-uri>im:bob@x</recipient-uri>\r\n\
        <original-recipient-uri>im:team@x</original-recipient-uri>\r\n\
        <subject xml:lang=\"fr\">th\u{e9} &amp; &lt;caf\u{e9}&gt;</subject>\r\n\
        <display-notification><status><displayed/></status></display-notification>\r\n\
        </imdn>";
    assert_eq!(String::from_utf8_lossy(&answer), expected);
    assert!(strict(&answer).unwrap().tolerated().is_empty());
}

// req: 5438-7.2.1-2
#[test]
fn no_notification_of_a_notification() {
    let message = built(asking(&ALL));
    let read = CpimRef::parse(&message).unwrap();
    let bob = address("im:bob@x");
    let mut notifier = Notifier::new(&read, &bob).unwrap();
    let answer = notifier.notify(Disposition::Delivered, "0wn", &sent()).unwrap();
    let answer = CpimRef::parse(&answer).unwrap();
    assert_eq!(answer.find(IMDN, "Disposition-Notification").count(), 0);
    assert_eq!(answer.find(IMDN, "IMDN-Record-Route").count(), 0);
    assert_eq!(Notifier::new(&answer, &bob).unwrap_err(), BuildError::NotificationOfNotification);

    // The requests of a notification do not count.
    let asks = |mime: &str| {
        format!(
            "From: <im:a@x>\r\nTo: <im:b@x>\r\nDateTime: {SENT}\r\nNS: i <{IMDN}>\r\ni.Message-ID: 1\r\n\
             i.Disposition-Notification: display\r\ni.IMDN-Record-Route: <im:r@x>\r\n\r\n{mime}\r\n\r\n"
        )
    };
    for mime in [
        "Content-Type: message/imdn+xml",
        "Content-Type: Message/IMDN+XML; charset=utf-8",
        "Content-Disposition: Notification\r\nContent-Type: multipart/mixed; boundary=b",
    ] {
        let message = asks(mime);
        let read = CpimRef::parse(message.as_bytes()).unwrap();
        let headers = ImdnHeaders::of(&read);
        assert_eq!((headers.requests().count(), headers.record_route().count()), (0, 0), "{mime}");
        assert_eq!(Notifier::new(&read, &bob).unwrap_err(), BuildError::NotificationOfNotification);
    }
    let plain = asks("Content-Disposition: render\r\nContent-Type: text/plain");
    assert!(Notifier::new(&CpimRef::parse(plain.as_bytes()).unwrap(), &bob).is_ok());
    // The builder refuses a notification that asks for one or records a route.
    let routed = || asking(&[]).imdn_record_route(&address("im:r@x"));
    for builder in [asking(&ALL), routed()] {
        let wrong = builder.build(&IMDN_TYPE.parse().unwrap(), b"").unwrap_err();
        assert_eq!(wrong, BuildError::NotificationOfNotification);
    }
    assert!(routed().build(&text_plain(), b"").is_ok());
    let twice = asking(&[]).original_to(&address("im:a@x")).original_to(&address("im:b@x"));
    let wrong = twice.build(&text_plain(), b"").unwrap_err();
    assert_eq!(wrong, BuildError::Repeated("Original-To"));
}

// req: 5438-7.2.1-1
#[test]
fn one_of_each_kind_and_what_was_asked_for() {
    use Disposition::*;
    let all = [
        Delivered,
        DeliveryFailed,
        DeliveryForbidden,
        DeliveryError,
        Displayed,
        DisplayForbidden,
        DisplayError,
        Processed,
        Stored,
        ProcessingForbidden,
        ProcessingError,
    ];
    for first in all {
        let message = built(asking(&ALL));
        let mut notifier =
            Notifier::new(&CpimRef::parse(&message).unwrap(), &address("im:bob@x")).unwrap();
        let sent_first = notifier.notify(first, "0wn", &sent());
        assert_eq!(sent_first.is_err(), first.kind() == DispositionKind::Processing);
        for second in all {
            let mut notifier = notifier.clone();
            let wanted = notifier.wants(second);
            let again = notifier.notify(second, "0wn2", &sent()).map(|_| ());
            let expected = match second.kind() {
                DispositionKind::Processing => Err(BuildError::ProcessingNotification),
                kind if kind == first.kind() => Err(BuildError::AlreadySent),
                _ => Ok(()),
            };
            assert_eq!(again, expected, "{first:?}, {second:?}");
            assert_eq!(wanted, expected.is_ok());
        }
    }
    for (request, granted) in [
        // A forbidden or an unknown delivery satisfies both requests about delivery.
        (NotifyRequest::PositiveDelivery, &[Delivered, DeliveryForbidden, DeliveryError][..]),
        (NotifyRequest::NegativeDelivery, &[DeliveryFailed, DeliveryForbidden, DeliveryError]),
        (NotifyRequest::Display, &[Displayed, DisplayForbidden, DisplayError]),
        (NotifyRequest::Processing, &[]),
    ] {
        let message = built(asking(&[request]));
        let read = CpimRef::parse(&message).unwrap();
        let notifier = Notifier::new(&read, &address("im:bob@x")).unwrap();
        for disposition in all {
            assert_eq!(notifier.wants(disposition), granted.contains(&disposition));
            let sent = notifier.clone().notify(disposition, "0wn", &sent());
            assert_eq!(sent.is_ok(), granted.contains(&disposition));
        }
    }
}

// req: 5438-7.2.1-3
#[test]
fn what_a_notification_needs() {
    let whole = String::from_utf8(built(asking(&ALL))).unwrap();
    let bob = address("im:bob@x");
    for name in ["From", "DateTime", "imdn.Message-ID"] {
        let without: String =
            whole.split_inclusive("\r\n").filter(|line| !line.starts_with(name)).collect();
        let read = CpimRef::parse(without.as_bytes()).unwrap();
        let name = name.trim_start_matches("imdn.");
        assert_eq!(Notifier::new(&read, &bob).unwrap_err(), BuildError::Missing(name));
    }
    let twice = whole.replace("imdn.Message-ID:", "imdn.Message-ID: other\r\nimdn.Message-ID:");
    let read = CpimRef::parse(twice.as_bytes()).unwrap();
    assert_eq!(ImdnHeaders::of(&read).message_id(), None);
    assert_eq!(Notifier::new(&read, &bob).unwrap_err(), BuildError::Missing("Message-ID"));
    // XML has no such characters, and another Message-ID names another message.
    for beyond in ["\u{5}", "\u{c}", "\u{ffff}"] {
        let new = format!("imdn.Message-ID: {beyond}");
        let read = whole.replace("imdn.Message-ID: ", &new);
        let read = CpimRef::parse(read.as_bytes()).unwrap();
        assert_eq!(Notifier::new(&read, &bob).unwrap_err(), BuildError::Missing("Message-ID"));
    }
    // A DateTime that RFC 3339 does not allow is repeated as it was.
    let undated = whole.replace(SENT, "yesterday");
    let mut notifier = Notifier::new(&CpimRef::parse(undated.as_bytes()).unwrap(), &bob).unwrap();
    let answer = notifier.notify(Disposition::Delivered, "0wn", &sent()).unwrap();
    assert!(String::from_utf8_lossy(&answer).contains("<datetime>yesterday</datetime>"));

    let mut notifier = Notifier::new(&CpimRef::parse(whole.as_bytes()).unwrap(), &bob).unwrap();
    assert_eq!(notifier.next_hop(), &address("im:alice@x").with_display_name("Alice"));
    let of_the_message = notifier.notify(Disposition::Delivered, "m3ss4ge", &sent());
    assert_eq!(of_the_message, Err(BuildError::SameMessageId));
    let no_token = notifier.notify(Disposition::Delivered, "a b", &sent());
    assert_eq!(no_token, Err(BuildError::MessageId));
    // A notification that failed does not count.
    assert!(notifier.notify(Disposition::Delivered, "0wn", &sent()).is_ok());
}
