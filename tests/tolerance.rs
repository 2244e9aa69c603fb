//! Each tolerated deviation: it is read and reported, and refused if its tolerance is
//! switched off.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use common::corpus::decode_whole;
use common::{ALICE, BOB, Pair, bob_expects};
use msrp::wire::{DecodeError, HeaderName, ParseErrorKind};
use msrp::{
    Config, ConnectionEnd, Event, Outcome, OutgoingMessage, ParseOptions, SessionConfig, Tolerance,
    Tolerances,
};

/// A stream with one deviation, and its effect.
struct Case {
    tolerance: Tolerance,
    stream: String,
    /// The status code of the response if it is tolerated, or nothing if no response is
    /// due.
    answer: &'static str,
    refused: Refused,
}

enum Refused {
    /// The head is malformed, and the response is 400.
    Head(ParseErrorKind),
    /// The framing of the stream is lost.
    Stream(ParseErrorKind),
    /// The frame does not end: what looks like its end-line is body.
    Endless,
    /// The head is well-formed; the endpoint responds with 400.
    ByEndpoint,
}

fn send(id: &str, fields: &str) -> String {
    format!("MSRP {id} SEND\r\nTo-Path: {BOB}\r\nFrom-Path: {ALICE}\r\n{fields}-------{id}$\r\n")
}

fn cases() -> Vec<Case> {
    use Tolerance as T;
    let off = |tolerance| Refused::Head(ParseErrorKind::NotTolerated(tolerance));
    let message_id = || Refused::Head(ParseErrorKind::HeaderValue(HeaderName::MessageId));
    let case =
        |tolerance, stream: String, answer, refused| Case { tolerance, stream, answer, refused };
    let uuid = "5f0c7a6e-1d2b-4c3d-8e9f-0a1b2c3d4e5f";
    vec![
        case(
            T::BlankLinesBetweenFrames,
            format!("\r\n\r\n{}", send("bl01", "Message-ID: m001\r\n")),
            "200",
            Refused::Stream(ParseErrorKind::NotMsrp),
        ),
        case(
            T::MissingHeaderSpace,
            send("ms01", "Message-ID:m001\r\n"),
            "200",
            off(T::MissingHeaderSpace),
        ),
        case(
            T::MissingHeaderSpace,
            send("ms02", "Message-ID: m001\r\nX-Empty:x\r\n"),
            "200",
            off(T::MissingHeaderSpace),
        ),
        case(
            T::ExtraHeaderSpace,
            send("es01", "Message-ID:   m001\r\n"),
            "200",
            off(T::ExtraHeaderSpace),
        ),
        case(
            T::ExtraHeaderSpace,
            send("es02", "Message-ID: m001 \t\r\n"),
            "200",
            off(T::ExtraHeaderSpace),
        ),
        case(
            T::ExtraHeaderSpace,
            send("es03", "Message-ID: m001\r\n").replace(BOB, &format!("{BOB} ")),
            "200",
            off(T::ExtraHeaderSpace),
        ),
        case(
            T::ExtraHeaderSpace,
            send("es04", "Message-ID: m001\r\n").replace(ALICE, &format!("{ALICE}  {ALICE}")),
            "200",
            off(T::ExtraHeaderSpace),
        ),
        case(
            T::IdentLength,
            send(uuid, "Message-ID: m001\r\n"),
            "200",
            Refused::Head(ParseErrorKind::TransactionId),
        ),
        case(
            T::IdentLength,
            send("abc", "Message-ID: m001\r\n"),
            "200",
            Refused::Head(ParseErrorKind::TransactionId),
        ),
        case(T::IdentLength, send("il01", &format!("Message-ID: {uuid}\r\n")), "200", message_id()),
        case(T::IdentLength, send("il02", "Message-ID: m\r\n"), "200", message_id()),
        case(
            T::IdentStart,
            send("+is1", "Message-ID: m001\r\n"),
            "200",
            Refused::Head(ParseErrorKind::TransactionId),
        ),
        case(
            T::IdentStart,
            send("-is2", "Message-ID: m001\r\n"),
            "200",
            Refused::Head(ParseErrorKind::TransactionId),
        ),
        case(T::IdentStart, send("is03", "Message-ID: =m001\r\n"), "200", message_id()),
        case(
            T::IdentCharacter,
            send("ic/1+_==", "Message-ID: m001\r\n"),
            "200",
            Refused::Head(ParseErrorKind::TransactionId),
        ),
        case(
            T::IdentCharacter,
            send("{ic:2}$", "Message-ID: m001\r\n"),
            "200",
            Refused::Head(ParseErrorKind::TransactionId),
        ),
        case(T::IdentCharacter, send("ic03", "Message-ID: 7@a.example\r\n"), "200", message_id()),
        case(
            T::PartialSuccessReport,
            send("ps01", "Message-ID: m001\r\nSuccess-Report: partial\r\n"),
            "200",
            Refused::Head(ParseErrorKind::HeaderValue(HeaderName::SuccessReport)),
        ),
        case(
            T::EmptyParameter,
            send("ep01", "Message-ID: m001\r\nContent-Type: text/plain;\r\n\r\nHi\r\n"),
            "200",
            Refused::Head(ParseErrorKind::HeaderValue(HeaderName::ContentType)),
        ),
        case(
            T::EmptyParameter,
            send("ep02", "Message-ID: m001\r\nContent-Type: a/b;;c;d=\r\n\r\nHi\r\n"),
            "200",
            Refused::Head(ParseErrorKind::HeaderValue(HeaderName::ContentType)),
        ),
        case(
            T::EmptyParameter,
            send("ep03", "Message-ID: m001\r\nContent-Type: a/b;=;=c\r\n\r\nHi\r\n"),
            "200",
            Refused::Head(ParseErrorKind::HeaderValue(HeaderName::ContentType)),
        ),
        case(
            T::BlankLineWithoutBody,
            send("bw01", "Message-ID: m001\r\n\r\n\r\n"),
            "200",
            Refused::ByEndpoint,
        ),
        case(
            T::MethodName,
            send("mn01", "").replace("SEND", "FILE_OFFSET"),
            "501",
            Refused::Head(ParseErrorKind::StartLine),
        ),
        case(
            T::MethodName,
            send("mn02", "").replace("SEND", "send"),
            "501",
            Refused::Head(ParseErrorKind::StartLine),
        ),
        case(
            T::PathOrder,
            format!(
                "MSRP po01 SEND\r\nFrom-Path: {ALICE}\r\nTo-Path: {BOB}\r\nMessage-ID: m001\r\n-------po01$\r\n"
            ),
            "200",
            off(T::PathOrder),
        ),
        case(
            T::PathOrder,
            format!(
                "MSRP po02 SEND\r\nMessage-ID: m001\r\nTo-Path: {BOB}\r\nFrom-Path: {ALICE}\r\n-------po02$\r\n"
            ),
            "200",
            off(T::PathOrder),
        ),
        case(
            T::ContentTypeNotLast,
            send("cn01", "Content-Type: text/plain\r\nMessage-ID: m001\r\n\r\nHi\r\n"),
            "200",
            off(T::ContentTypeNotLast),
        ),
        case(
            T::ContentTypeNotLast,
            send(
                "cn02",
                "Message-ID: m001\r\nContent-Type: text/plain\r\nContent-ID: <a>\r\n\r\nHi\r\n",
            ),
            "200",
            off(T::ContentTypeNotLast),
        ),
        case(
            T::ContentTypeWithoutBody,
            send("cw01", "Message-ID: m001\r\nContent-Type: text/plain\r\n"),
            "200",
            off(T::ContentTypeWithoutBody),
        ),
        case(
            T::ContentTypeWithoutBody,
            send("cw02", "Message-ID: m001\r\ncontent-odd: x\r\n"),
            "200",
            off(T::ContentTypeWithoutBody),
        ),
        case(
            T::EmptyBodyWithoutCrlf,
            send("eb01", "Message-ID: m001\r\nContent-Type: text/plain\r\n\r\n"),
            "200",
            Refused::Endless,
        ),
        case(T::MissingMessageId, send("mm01", ""), "200", Refused::ByEndpoint),
        case(
            T::WrongByteRange,
            send(
                "wb01",
                "Message-ID: m001\r\nByte-Range: 1-5/5\r\nContent-Type: text/plain\r\n\r\nHi\r\n",
            ),
            "200",
            Refused::ByEndpoint,
        ),
        case(
            T::WrongByteRange,
            send(
                "wb02",
                "Message-ID: m001\r\nByte-Range: 1-*/5\r\nContent-Type: text/plain\r\n\r\nHi\r\n",
            ),
            "200",
            Refused::ByEndpoint,
        ),
        case(
            T::WrongByteRange,
            send("wb03", "Message-ID: m001\r\nByte-Range: 0-0/0\r\n"),
            "200",
            Refused::Head(ParseErrorKind::HeaderValue(HeaderName::ByteRange)),
        ),
    ]
}

fn only(tolerances: Tolerances) -> ParseOptions {
    let mut options = ParseOptions::default();
    options.tolerances = tolerances;
    options
}

fn by_endpoint(case: &Case) -> bool {
    matches!(case.refused, Refused::ByEndpoint)
}

// req: 4975-9-1, 4975-9-2, 4975-9-4, 4975-7.1-5, 4975-7.1-8
// wild: 70, 71 and 73
#[test]
fn the_decoder_reads_what_is_tolerated_and_says_so() {
    for case in cases() {
        for tolerances in [Tolerances::all(), Tolerances::none().with(case.tolerance)] {
            let decoded = decode_whole(case.stream.as_bytes(), &only(tolerances));
            let [chunk] = &decoded.chunks[..] else { panic!("{}", case.stream) };
            assert!(chunk.head.is_ok() && decoded.error.is_none(), "{}", case.stream);
            let mut told: Vec<Tolerance> = chunk.head().tolerated().iter().collect();
            told.extend(decoded.tolerated.iter());
            let expected = if by_endpoint(&case) { vec![] } else { vec![case.tolerance] };
            assert_eq!(told, expected, "{}", case.stream);
        }
    }
}

// req: 4975-9-1, 4975-9-2, 4975-9-4, 4975-7.1-5, 4975-7.1-8
#[test]
fn the_decoder_refuses_what_is_not_tolerated() {
    for case in cases() {
        for tolerances in [Tolerances::none(), Tolerances::all().without(case.tolerance)] {
            let decoded = decode_whole(case.stream.as_bytes(), &only(tolerances));
            assert!(decoded.tolerated.is_empty());
            match (&case.refused, &decoded.chunks[..]) {
                (Refused::Head(error), [chunk]) => {
                    assert_eq!(
                        chunk.head.as_ref().unwrap_err().error().kind(),
                        *error,
                        "{}",
                        case.stream
                    );
                    assert_eq!(decoded.error, None);
                }
                (Refused::Stream(error), []) => {
                    let Some(DecodeError::Head(fault)) = decoded.error else { panic!() };
                    assert_eq!(fault.kind(), *error);
                }
                (Refused::Endless, [_]) => assert_eq!(decoded.error, Some(DecodeError::Truncated)),
                (Refused::ByEndpoint, [chunk]) => assert!(chunk.head.is_ok()),
                _ => panic!("{:?}", decoded.told()),
            }
        }
    }
}

fn bob_with(tolerances: Tolerances) -> Pair {
    let mut bob = Config::default();
    bob.parse = only(tolerances);
    Pair::with(Config::default(), bob, bob_expects())
}

fn tolerated(events: &[Event]) -> Vec<Tolerance> {
    let tolerance = |event: &Event| match event {
        Event::Tolerated(tolerance) => Some(*tolerance),
        _ => None,
    };
    events.iter().filter_map(tolerance).collect()
}

/// The start lines of what was sent.
fn answers(sent: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(sent).into_owned();
    text.lines()
        .filter_map(|line| line.strip_prefix("MSRP "))
        .map(|line| line.split(' ').nth(1).unwrap().to_owned())
        .collect()
}

#[test]
fn a_connection_tells_of_each_tolerance_once() {
    for case in cases() {
        for tolerances in [Tolerances::all(), Tolerances::none().with(case.tolerance)] {
            let Pair { mut bob, now, .. } = bob_with(tolerances);
            for _ in 0..3 {
                bob.feed(now, case.stream.as_bytes());
            }
            assert_eq!(tolerated(&bob.events()), [case.tolerance], "{}", case.stream);
            assert_eq!(answers(&bob.drain(now)), [case.answer; 3], "{}", case.stream);
        }
    }
}

#[test]
fn a_strict_connection_refuses_and_continues() {
    let sound = send("good", "Message-ID: m777\r\n");
    for case in cases() {
        for tolerances in [Tolerances::none(), Tolerances::all().without(case.tolerance)] {
            let Pair { mut bob, now, .. } = bob_with(tolerances);
            bob.feed(now, case.stream.as_bytes());
            bob.feed(now, sound.as_bytes());
            let sent = bob.drain(now);
            let events = bob.events();
            assert_eq!(tolerated(&events), [], "{}", case.stream);
            match case.refused {
                Refused::Head(_) | Refused::ByEndpoint => {
                    assert_eq!(answers(&sent), ["400", "200"], "{}", case.stream);
                }
                Refused::Endless => assert_eq!(answers(&sent), [""; 0], "{}", case.stream),
                Refused::Stream(error) => {
                    let Some(Event::Closed(ConnectionEnd::Failed(DecodeError::Head(fault)))) =
                        events.last()
                    else {
                        panic!("{events:?}");
                    };
                    assert_eq!(fault.kind(), error);
                    assert!(bob.connection.is_closed() && sent.is_empty());
                }
            }
        }
    }
}

/// A message in two chunks, the second one without a Content-Type.
// req: 4975-7.1-4
// wild: 72
#[test]
fn a_later_chunk_may_lack_its_content_type() {
    let first = send(
        "mc01",
        "Message-ID: m001\r\nByte-Range: 1-*/4\r\nContent-Type: text/plain\r\n\r\nab\r\n",
    )
    .replace("-------mc01$", "-------mc01+");
    let second = send("mc02", "Message-ID: m001\r\nByte-Range: 3-4/4\r\n\r\ncd\r\n");
    for (tolerances, expected, told) in [
        (Tolerances::all(), ["200", "200"], vec![Tolerance::MissingContentType]),
        (Tolerances::all().without(Tolerance::MissingContentType), ["200", "400"], vec![]),
    ] {
        let Pair { mut bob, now, .. } = bob_with(tolerances);
        bob.feed(now, first.as_bytes());
        bob.feed(now, second.as_bytes());
        assert_eq!(answers(&bob.drain(now)), expected);
        assert_eq!(tolerated(&bob.events()), told);
    }
    // A first chunk must have a Content-Type, with the tolerance or without.
    let Pair { mut bob, now, .. } = bob_with(Tolerances::all());
    bob.feed(now, second.as_bytes());
    assert_eq!(answers(&bob.drain(now)), ["400"]);
}

/// A response that repeats whole paths ends its transaction only if that is tolerated.
// req: 4975-7.2-3
#[test]
fn a_response_may_repeat_whole_paths() {
    for (tolerances, told) in [
        (Tolerances::all(), vec![Tolerance::WholePathInResponse]),
        (Tolerances::all().without(Tolerance::WholePathInResponse), vec![]),
    ] {
        let mut alice = Config::default();
        alice.parse = only(tolerances);
        let mut pair = Pair::with(alice, Config::default(), bob_expects());
        let session = pair.open();
        pair.alice.connection.send(session, OutgoingMessage::text("Hey")).unwrap();
        let sent = String::from_utf8(pair.alice.drain(pair.now)).unwrap();
        let id = sent.split(' ').nth(1).unwrap();
        let hub = "msrp://hub.example:2855/r;tcp";
        let answer = format!(
            "MSRP {id} 200 OK\r\nTo-Path: {hub} {ALICE}\r\nFrom-Path: {hub} {BOB}\r\n-------{id}$\r\n"
        );
        pair.alice.feed(pair.now, answer.as_bytes());
        let events = pair.alice.events();
        assert_eq!(tolerated(&events), told);
        let is_accepted = events.iter().any(|event| {
            matches!(event, Event::Finished(outcome) if outcome.outcome == Outcome::Accepted)
        });
        assert_eq!(is_accepted, !told.is_empty());
    }
}

/// If that is tolerated, a session is found by its session-id alone, bound or not, unless
/// two sessions share the session-id.
// req: 4975-6.1-1
// wild: 37
#[test]
fn a_session_id_alone_may_name_a_session() {
    let moved = BOB.replace("bob.example:12763", "box.example:40000");
    let send = |id: &str| send(id, "Message-ID: m001\r\n").replace(BOB, &moved);
    for (tolerances, expected, told) in [
        (Tolerances::usual(), ["481", "481"], vec![]),
        (Tolerances::all(), ["200", "200"], vec![Tolerance::SessionIdAlone]),
    ] {
        let Pair { mut bob, now, .. } = bob_with(tolerances);
        bob.feed(now, send("sid1").as_bytes());
        bob.feed(now, send("sid2").as_bytes());
        assert_eq!(answers(&bob.drain(now)), expected);
        assert_eq!(tolerated(&bob.events()), told);
        bob.feed(now, send("sid3").replace("kjhd37", "KJHD37").as_bytes());
        assert_eq!(answers(&bob.drain(now)), ["481"], "a session-id is compared by case");
    }
}

/// The whole URI takes precedence over a session-id alone, whichever session is bound.
// req: 4975-6.1-1
#[test]
fn a_session_id_alone_names_nothing_that_is_named_exactly() {
    let other = BOB.replace("bob.example", "other.example");
    let moved = BOB.replace("bob.example", "box.example");
    for (first, second) in [(BOB, &other[..]), (&other[..], BOB)] {
        let ask = |id: &str, uri| send(id, "Message-ID: m001\r\n").replace(BOB, uri);
        let Pair { mut bob, table, now, .. } = bob_with(Tolerances::all());
        table.insert(SessionConfig::expected(other.parse().unwrap())).unwrap();
        bob.feed(now, ask("one1", first).as_bytes());
        // One is bound and one waits: that makes two.
        bob.feed(now, ask("one2", &moved).as_bytes());
        assert_eq!(bob.connection.sessions().count(), 1);
        bob.feed(now, ask("one3", second).as_bytes());
        bob.feed(now, ask("one4", &moved).as_bytes());
        assert_eq!(answers(&bob.drain(now)), ["200", "481", "200", "481"]);
        let locals: Vec<_> = bob
            .connection
            .sessions()
            .map(|id| bob.connection.session(id).unwrap().local.to_string())
            .collect();
        assert_eq!(locals, [first, second]);
        assert_eq!(tolerated(&bob.events()), []);
        // Once only one is left, it is found.
        let session = bob.connection.sessions().next().unwrap();
        assert!(bob.connection.close_session(session).is_ok());
        bob.feed(now, ask("one5", &moved).as_bytes());
        assert_eq!(answers(&bob.drain(now)), ["200"]);
        assert_eq!(tolerated(&bob.events()), [Tolerance::SessionIdAlone]);
    }
}

#[test]
fn a_session_id_of_two_sessions_names_none() {
    let other = BOB.replace("bob.example", "other.example");
    let moved = BOB.replace("bob.example", "box.example");
    let ask = |id: &str| send(id, "Message-ID: m001\r\n").replace(BOB, &moved);
    let Pair { mut bob, table, now, .. } = bob_with(Tolerances::all());
    table.insert(SessionConfig::expected(other.parse().unwrap())).unwrap();
    bob.feed(now, ask("two1").as_bytes());
    assert_eq!(answers(&bob.drain(now)), ["481"]);
    assert!(table.remove(&other.parse().unwrap()));
    bob.feed(now, ask("two2").as_bytes());
    assert_eq!(answers(&bob.drain(now)), ["200"]);
}

// --- The set ----------------------------------------------------------------

#[test]
fn every_tolerance_of_the_wire_has_a_case() {
    let cases = cases();
    let elsewhere = [
        Tolerance::MalformedResponse,
        Tolerance::MalformedStatus,
        Tolerance::MissingContentType,
        Tolerance::NotUtf8,
        Tolerance::WholePathInResponse,
        Tolerance::ReportReusesTransactionId,
        Tolerance::UsePathAddress,
        Tolerance::ShortPathInResponse,
        Tolerance::UnquotedNickname,
        Tolerance::SessionIdAlone,
    ];
    for &tolerance in Tolerance::ALL {
        let has_case = cases.iter().any(|case| case.tolerance == tolerance);
        assert_eq!(has_case, !elsewhere.contains(&tolerance), "{tolerance:?}");
    }
}

#[test]
fn tolerances_are_read_by_their_names() {
    for tolerance in Tolerance::ALL {
        assert_eq!(tolerance.to_string().parse(), Ok(*tolerance));
    }
    assert_eq!("ident-length".parse(), Ok(Tolerance::IdentLength));
    let unknown = "Ident-Length".parse::<Tolerance>().unwrap_err();
    assert_eq!(unknown.expected().len(), Tolerance::ALL.len());
}

#[test]
fn a_set_holds_what_was_put_in() {
    assert!(Tolerances::none().is_empty() && !Tolerances::all().is_empty());
    assert_eq!(Tolerances::default(), Tolerances::none());
    assert!(Tolerances::all().iter().eq(Tolerance::ALL.iter().copied()));
    for &tolerance in Tolerance::ALL {
        let one = Tolerances::none().with(tolerance);
        assert!(one.iter().eq([tolerance]));
        assert!(one.contains(tolerance) && one.without(tolerance).is_empty());
        assert_eq!(one.with(tolerance), one);
        let others = Tolerances::all().without(tolerance);
        assert!(!others.contains(tolerance) && others.iter().count() == Tolerance::ALL.len() - 1);
        assert_eq!(others.with(tolerance), Tolerances::all());
        assert_eq!(others.without(tolerance), others);
        assert_eq!(format!("{one:?}"), format!("{{{tolerance:?}}}"));
    }
}
