//! What is written reads back the same, and no text becomes anything else.

use super::generators::*;
use super::*;

proptest! {
    /// Every head that RFC 4975 allows can be written, and reads as written.
    // req: 4975-7.1-3, 4975-7.1-5, 4975-7.1-6, 4975-7.1-9, 4975-7.1-11, 4975-7.1-18, 4975-9-5
    #[test]
    fn what_is_written_reads_back(plan in plan()) {
        let mut out = BytesMut::new();
        let written = plan.write(&mut out);
        let needle = format!("-------{}", plan.transaction);
        let body = plan.body.as_ref().map_or(&[][..], |(_, body)| body);
        if contains(body, needle.as_bytes()) {
            prop_assert_eq!(written, Err(EncodeError::EndLineInBody));
        } else {
            prop_assert_eq!(written, Ok(()));
            plan.check(&out);
        }
    }

    /// No text can become another header field, another frame or other words:
    /// it is refused, or reads back as it was.
    // req: 4975-9-10, 4975-9-11
    #[test]
    fn junk_is_refused_or_reads_back(plan in junk_plan(), before in "[a-z]{0,9}") {
        let mut out = BytesMut::from(before.as_bytes());
        match plan.write(&mut out) {
            Ok(()) => plan.check(out.strip_prefix(before.as_bytes()).unwrap()),
            Err(_) => prop_assert_eq!(&out[..], before.as_bytes()),
        }
    }

    /// Text becomes an identifier, a media type or a path only if a reader accepts it as
    /// one.
    // req: 4975-9-2
    #[test]
    fn junk_becomes_no_value(text in junk(), id in transaction()) {
        let (to, from): (Path, Path) = (B.parse().unwrap(), A.parse().unwrap());
        let plan = |transaction, fields, to, body| Plan {
            start: Start::Request("SEND".into()), flag: Continuation::Complete,
            transaction, to, from: from.clone(), fields, body,
        };
        let mut plans = Vec::new();
        if let Ok(id) = TransactionId::new(&text) {
            plans.push(plan(id, vec![], to.clone(), None));
        }
        if let Ok(message) = MessageId::new(&text) {
            plans.push(plan(id, vec![Field::MessageId(message)], to.clone(), None));
        }
        if let Ok(kind) = MediaType::new(&text) {
            plans.push(plan(id, vec![], to.clone(), Some((kind, b"x".to_vec()))));
        }
        if let Ok(path) = text.parse::<Path>() {
            plans.push(plan(id, vec![], path, None));
        }
        for plan in plans {
            let mut out = BytesMut::new();
            prop_assert_eq!(plan.write(&mut out), Ok(()));
            plan.check(&out);
        }
    }

    /// A head, a body and an end-line written separately are the same octets.
    #[test]
    fn a_chunk_in_parts_is_the_chunk_in_one(plan in chunk(), flag in flag()) {
        let Some((kind, body)) = &plan.body else { return Ok(()) };
        let bare = Plan { fields: vec![], flag, ..plan.clone() };
        let mut one = BytesMut::new();
        if bare.write(&mut one).is_err() {
            return Ok(());
        }
        let mut parts = BytesMut::new();
        let (to, from) = (plan.to.view(), plan.from.view());
        HeadWriter::request(&mut parts, &plan.transaction, Method::Send, to, from)
            .body(kind)
            .unwrap();
        parts.extend_from_slice(body);
        write_end_line(&mut parts, &plan.transaction, flag);
        prop_assert_eq!(parts, one);
    }

    #[test]
    fn arbitrary_octets_are_read_without_panic(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        read_all(&octets);
    }

    #[test]
    fn damaged_messages_are_read_without_panic(
        sample in any::<Index>(),
        damage in prop::collection::vec((any::<Index>(), any::<u8>()), 1..5),
        cut in any::<Index>(),
    ) {
        let mut octets = sample.get(corpus_once()).octets.clone();
        let len = octets.len();
        for (place, octet) in damage.iter().filter(|_| len > 0) {
            octets[place.index(len)] = *octet;
        }
        octets.truncate(len - cut.index(len + 1) / 4);
        read_all(&octets);
    }
}

/// Reads octets by `HeadRef` and by `Decoder`, calls every getter of the head, and checks
/// that the two agree.
fn read_all(octets: &[u8]) {
    for options in [ParseOptions::default(), strict()] {
        let first = Decoder::new(options).decode(&mut BytesMut::from(octets));
        let blank = octets.starts_with(b"\r\n");
        match HeadRef::parse(octets, &options) {
            Ok(Parsed::Complete { head, len, end_line }) => {
                ask(&head);
                assert_eq!(head.has_body(), end_line.is_none());
                assert!(len + end_line.map_or(0, |(_, len)| len) <= octets.len());
                let Ok(Some(msrp::wire::Frame::Head(decoded))) = first else { panic!("{first:?}") };
                assert_eq!(decoded.view(), head);
            }
            Ok(Parsed::Incomplete) => assert_eq!(first, Ok(None)),
            Err(_) if blank => {}
            Err(error) => match first {
                Ok(Some(msrp::wire::Frame::BadHead(bad))) => {
                    assert_eq!(*bad.error(), error);
                    ask(&bad.head().view());
                }
                Err(msrp::wire::DecodeError::Head(decoded)) => assert_eq!(decoded, error),
                Ok(None) => assert_eq!(octets, b"\r"),
                other => panic!("{other:?} but {error:?}"),
            },
        }
    }
}

fn ask(head: &HeadRef<'_>) {
    assert!(head.method().is_some() != head.status_code().is_some());
    let _ = (head.transaction_id(), head.comment(), head.message_id(), head.byte_range());
    let _ = (head.success_report(), head.failure_report(), head.status(), head.content_type());
    let _ = (head.to_path().iter().count(), head.from_path().last(), head.tolerated());
    let _ = format!("{head:?} {}", head.headers().count());
    for &name in HeaderName::ALL {
        let _ = head.header(name);
    }
}
