//! What is written reads back the same, and what was read can be written again.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use bytes::BytesMut;
use common::corpus::{Chunk, Sample, corpus, decode_whole, strict, vectors};
use msrp::uri::{PathRef, UriRef};
use msrp::wire::{
    ByteRange, Continuation, Decoder, EncodeError, FailureReport, HeadRef, HeadWriter, HeaderName,
    Method, Parsed, Status, TransactionId, write_end_line,
};
use msrp::{MediaType, MessageId, ParseOptions, Path, StatusCode};
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// What a head is written from.
#[derive(Clone, Debug)]
struct Plan {
    transaction: TransactionId,
    start: Start,
    to: Path,
    from: Path,
    fields: Vec<Field>,
    body: Option<(MediaType, Vec<u8>)>,
    flag: Continuation,
}

#[derive(Clone, Debug)]
enum Start {
    Request(String),
    Response(StatusCode, String),
}

#[derive(Clone, Debug)]
enum Field {
    MessageId(MessageId),
    ByteRange(ByteRange),
    SuccessReport(bool),
    FailureReport(FailureReport),
    Status(u16, StatusCode, Option<String>),
    Other(String, String),
}

impl Plan {
    fn write(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        let (id, to, from) = (&self.transaction, self.to.view(), self.from.view());
        let mut writer = match &self.start {
            Start::Request(name) => {
                HeadWriter::request(out, id, Method::from(name.as_str()), to, from)
            }
            Start::Response(code, comment) => {
                HeadWriter::response(out, id, *code, comment, to, from)
            }
        };
        for field in &self.fields {
            writer = match field {
                Field::MessageId(id) => writer.message_id(id),
                Field::ByteRange(range) => writer.byte_range(*range),
                Field::SuccessReport(wanted) => writer.success_report(*wanted),
                Field::FailureReport(mode) => writer.failure_report(*mode),
                Field::Status(namespace, code, comment) => {
                    let (namespace, code) = (*namespace, *code);
                    writer.status(Status { namespace, code, comment: comment.as_deref() })
                }
                Field::Other(name, value) => writer.header(name, value),
            };
        }
        match &self.body {
            None => writer.bodiless(self.flag),
            Some((kind, body)) => writer.body_with_flag(kind, body, self.flag),
        }
    }

    /// The header fields that a reader should find, as texts.
    fn expected_headers(&self) -> Vec<(String, String)> {
        let mut expected = vec![
            ("To-Path".to_owned(), self.to.to_string()),
            ("From-Path".to_owned(), self.from.to_string()),
        ];
        expected.extend(self.fields.iter().map(Field::text));
        expected.extend(
            self.body.iter().map(|(kind, _)| ("Content-Type".to_owned(), kind.to_string())),
        );
        expected
    }

    /// Checks that `octets` are this plan and nothing else, in strict RFC 4975.
    fn check(&self, octets: &[u8]) {
        let decoded = decode_whole(octets, &lavish());
        assert_eq!(decoded.error, None);
        let [chunk] = &decoded.chunks[..] else { panic!("{} frames", decoded.chunks.len()) };
        let head = match &chunk.head {
            Ok(head) => head.view(),
            Err(bad) => panic!("{:?}", bad.error()),
        };
        assert_eq!(head.transaction_id(), self.transaction);
        match &self.start {
            Start::Request(name) => {
                assert_eq!(head.method(), Some(Method::from(name.as_str())));
                assert_eq!((head.status_code(), head.comment()), (None, None));
            }
            Start::Response(code, comment) => {
                assert_eq!((head.method(), head.status_code()), (None, Some(*code)));
                assert_eq!(head.comment().unwrap_or_default(), comment);
            }
        }
        let headers: Vec<(String, String)> =
            head.headers().map(|(name, value)| (name.into(), value.into())).collect();
        assert_eq!(headers, self.expected_headers());
        assert_eq!((head.to_path(), head.from_path()), (self.to.view(), self.from.view()));
        self.fields.iter().for_each(|field| field.check(&head));
        assert_eq!(head.has_body(), self.body.is_some());
        assert_eq!(
            self.body.as_ref().map(|(kind, body)| (kind.as_str(), body.as_slice())),
            head.content_type().map(|kind| (kind, chunk.body.as_slice())),
        );
        assert_eq!(chunk.flag, Some(self.flag));
    }
}

impl Field {
    fn text(&self) -> (String, String) {
        let (name, value) = match self {
            Self::MessageId(id) => ("Message-ID", id.to_string()),
            Self::ByteRange(range) => ("Byte-Range", range.to_string()),
            Self::SuccessReport(wanted) => {
                ("Success-Report", if *wanted { "yes" } else { "no" }.into())
            }
            Self::FailureReport(mode) => ("Failure-Report", mode.as_str().into()),
            Self::Status(namespace, code, comment) => {
                let comment = comment.iter().filter(|comment| !comment.is_empty());
                let words = comment.map(|comment| format!(" {comment}")).collect::<String>();
                ("Status", format!("{namespace:03} {code}{words}"))
            }
            Self::Other(name, value) => (name.as_str(), value.clone()),
        };
        (name.into(), value)
    }

    fn check(&self, head: &HeadRef<'_>) {
        match self {
            Self::MessageId(id) => assert_eq!(head.message_id(), Some(*id)),
            Self::ByteRange(range) => assert_eq!(head.byte_range(), Some(*range)),
            Self::SuccessReport(wanted) => assert_eq!(head.success_report(), *wanted),
            Self::FailureReport(mode) => assert_eq!(head.failure_report(), *mode),
            Self::Status(namespace, code, comment) => {
                let comment = comment.as_deref().filter(|comment| !comment.is_empty());
                let expected = Status { namespace: *namespace, code: *code, comment };
                assert_eq!(head.status(), Some(expected));
            }
            Self::Other(..) => {}
        }
    }
}

/// Strict, with limits above all that is generated.
fn lavish() -> ParseOptions {
    let mut options = strict();
    options.head_octets = usize::MAX;
    options.headers = usize::MAX;
    options
}

// --- Generators -------------------------------------------------------------

fn identifier() -> impl Strategy<Value = String> {
    "[A-Za-z0-9][A-Za-z0-9.+%=-]{3,31}"
}

fn transaction() -> impl Strategy<Value = TransactionId> {
    identifier().prop_map(|id| TransactionId::new(&id).unwrap())
}

fn message_id() -> impl Strategy<Value = MessageId> {
    identifier().prop_map(|id| MessageId::new(&id).unwrap())
}

fn path() -> impl Strategy<Value = Path> {
    let uri = prop_oneof![
        "msrps?://[a-z]{1,8}\\.example:[1-9][0-9]{0,3}/[A-Za-z0-9.~+=-]{1,12};tcp",
        "msrp://\\[2001:db8::[0-9a-f]{1,4}\\]:2855/[a-z]{1,5};ws;k=[a-z]{1,3}",
        "msrps://[a-z]{1,4}(%20)?@[a-z]{1,4};tcp",
    ];
    prop::collection::vec(uri, 1..4).prop_map(|uris| uris.join(" ").parse().unwrap())
}

fn byte_range() -> impl Strategy<Value = ByteRange> {
    let number = || prop_oneof![0..10u64, any::<u64>(), Just(u64::MAX)];
    (number(), prop::option::of(number()), prop::option::of(number()))
        .prop_filter_map("no range", |(start, end, total)| ByteRange::new(start, end, total).ok())
}

fn status_code() -> impl Strategy<Value = StatusCode> {
    prop_oneof![
        select(StatusCode::REGISTERED),
        (0..1000u16).prop_map(|n| StatusCode::new(n).unwrap())
    ]
}

fn failure_report() -> impl Strategy<Value = FailureReport> {
    select(vec![FailureReport::Yes, FailureReport::No, FailureReport::Partial])
}

fn flag() -> impl Strategy<Value = Continuation> {
    select(vec![Continuation::Complete, Continuation::More, Continuation::Aborted])
}

fn media_type() -> impl Strategy<Value = MediaType> {
    let text = prop_oneof![
        Just("text/plain".to_owned()),
        "[a-z]{1,6}/[a-z+.-]{1,9}(;[a-z]{1,4}=[a-z0-9]{1,4}){0,2}",
        "a/b; c=\"[ -!#-\\[\\]-~é☂]{0,8}(\\\\\")?\"",
    ];
    text.prop_map(|text| MediaType::new(&text).unwrap())
}

/// Text without blanks at its ends.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["", "[!-~é世]", "[!-~é世][ -~\té世☕]{0,20}[!-~é世]"]
}

fn extension() -> impl Strategy<Value = Field> {
    let name = prop_oneof![
        "X-[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,12}",
        select(vec!["Expires", "Use-Path", "Use-Nickname", "Authorization", "Keep-Alive"])
            .prop_map(str::to_owned),
    ];
    (name, text()).prop_map(|(name, value)| Field::Other(name, value))
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let near_misses = select(vec!["\r\n-------", "-------", "\r", "\n", "$\r\n", "abcd", "é"]);
    prop_oneof![
        Just(Vec::new()),
        prop::collection::vec(any::<u8>(), 0..200),
        prop::collection::vec(near_misses, 0..30).prop_map(|parts| parts.concat().into_bytes()),
    ]
}

fn mime() -> impl Strategy<Value = Vec<Field>> {
    let field = select(vec!["Content-Disposition", "Content-ID", "Content-Description"]);
    prop::collection::vec((field, text()), 0..2).prop_map(|fields| {
        fields.into_iter().map(|(name, value)| Field::Other(name.into(), value)).collect()
    })
}

/// A body with an end-line at `place`, which it must not contain.
fn planted(mut body: Vec<u8>, place: Option<Index>, transaction: &TransactionId) -> Vec<u8> {
    if let Some(place) = place {
        let place = place.index(body.len() + 1);
        body.splice(place..place, format!("-------{transaction}").into_bytes());
    }
    body
}

fn chunk() -> impl Strategy<Value = Plan> {
    let reports = (any::<bool>(), failure_report());
    let fields = (message_id(), byte_range(), reports, prop::collection::vec(extension(), 0..4));
    let content = prop::option::of((mime(), media_type(), body()));
    let plant = prop::option::weighted(0.1, any::<Index>());
    (transaction(), path(), path(), fields, content, flag(), plant).prop_map(
        |(transaction, to, from, (id, range, (success, failure), more), content, flag, plant)| {
            let mut fields = vec![
                Field::MessageId(id),
                Field::ByteRange(range),
                Field::SuccessReport(success),
                Field::FailureReport(failure),
            ];
            fields.extend(more);
            let body = content.map(|(mime, kind, body)| {
                fields.extend(mime);
                (kind, planted(body, plant, &transaction))
            });
            let start = Start::Request("SEND".into());
            Plan { transaction, start, to, from, fields, body, flag }
        },
    )
}

fn other_request() -> impl Strategy<Value = Plan> {
    let report = (message_id(), byte_range(), 0..1000u16, status_code(), prop::option::of(text()))
        .prop_map(|(id, range, namespace, code, comment)| {
            let status = Field::Status(namespace, code, comment);
            ("REPORT".to_owned(), vec![Field::MessageId(id), Field::ByteRange(range), status])
        });
    let other = ("AUTH|NICKNAME|[A-Z]{1,9}", prop::collection::vec(extension(), 0..4))
        .prop_filter("other", |(name, _)| name != "SEND" && name != "REPORT");
    let content = prop::option::of((media_type(), body()));
    (transaction(), prop_oneof![report, other], path(), path(), content).prop_map(
        |(transaction, (name, fields), to, from, body)| {
            let (start, flag) = (Start::Request(name), Continuation::Complete);
            Plan { transaction, start, to, from, fields, body, flag }
        },
    )
}

fn response() -> impl Strategy<Value = Plan> {
    let fields = prop::collection::vec(extension(), 0..3);
    (transaction(), status_code(), text(), path(), path(), fields).prop_map(
        |(transaction, code, comment, to, from, fields)| {
            let (start, flag) = (Start::Response(code, comment), Continuation::Complete);
            Plan { transaction, start, to, from, fields, body: None, flag }
        },
    )
}

fn plan() -> impl Strategy<Value = Plan> {
    prop_oneof![3 => chunk(), 1 => other_request(), 1 => response()]
}

/// Text that an application might pass on from users or from the network.
fn junk() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "\r",
        "\n",
        "\r\n",
        "\0",
        " ",
        "\t",
        ":",
        "a",
        "To-Path: msrp://evil.example:1/x;tcp",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        "é",
        "-------abcd$",
        "$",
        "200",
        "SEND",
        "\"",
        "\\",
        "/",
    ]);
    prop_oneof![
        any::<String>(),
        prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat()),
        "[ \t:a-c]{1,6}",
        text(),
    ]
}

fn junk_name() -> impl Strategy<Value = String> {
    let known = select(HeaderName::ALL.to_vec()).prop_map(|name| name.as_str().to_owned());
    let odd = select(vec!["content-transfer-encoding", "Content-X", "to-path", "MESSAGE-id"]);
    prop_oneof![1 => junk(), 1 => known, 1 => odd.prop_map(str::to_owned), 3 => "[A-Z][a-z-]{1,8}"]
}

/// A plan with junk in each place that takes text.
fn junk_plan() -> impl Strategy<Value = Plan> {
    let start = prop_oneof![
        2 => Just(Start::Request("SEND".into())),
        1 => Just(Start::Request("REPORT".into())),
        1 => junk().prop_map(Start::Request),
        2 => (status_code(), junk()).prop_map(|(code, comment)| Start::Response(code, comment)),
    ];
    let field = prop_oneof![
        3 => (junk_name(), junk()).prop_map(|(name, value)| Field::Other(name, value)),
        2 => (prop_oneof![3 => 0..1000u16, 1 => any::<u16>()], status_code(), prop::option::of(junk()))
            .prop_map(|(namespace, code, comment)| Field::Status(namespace, code, comment)),
        1 => message_id().prop_map(Field::MessageId),
        1 => byte_range().prop_map(Field::ByteRange),
        1 => any::<bool>().prop_map(Field::SuccessReport),
        1 => failure_report().prop_map(Field::FailureReport),
    ];
    let content = prop::option::of((media_type(), body()));
    (transaction(), start, path(), path(), prop::collection::vec(field, 0..3), content, flag())
        .prop_map(|(transaction, start, to, from, fields, body, flag)| Plan {
            transaction,
            start,
            to,
            from,
            fields,
            body,
            flag,
        })
}

// --- Properties -------------------------------------------------------------

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

const A: &str = "msrp://alice.example:7654/jshA7weztas;tcp";
const B: &str = "msrp://bob.example:12763/kjhd37s2s20w2a;tcp";

fn contains(octets: &[u8], needle: &[u8]) -> bool {
    octets.windows(needle.len()).any(|window| window == needle)
}

fn corpus_once() -> &'static [Sample] {
    static CORPUS: std::sync::OnceLock<Vec<Sample>> = std::sync::OnceLock::new();
    CORPUS.get_or_init(corpus)
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

// --- Messages that were read, written again ---------------------------------

/// Messages of the corpus that HeadWriter writes differently, and why.
const NOT_CANONICAL: [(&str, &str); 4] = [
    ("send-letter-case", "names and values in another letter case"),
    ("send-range-leading-zeros", "numbers with leading zeros"),
    ("response-empty-comment", "a space without a comment after it"),
    ("header-no-type-body", "a body without Content-Type is not written"),
];

#[test]
fn what_was_read_is_written_the_same() {
    let (mut same, mut near_misses, mut different) = (0, 0, Vec::new());
    for Sample { name, octets } in corpus() {
        let decoded = decode_whole(&octets, &strict());
        let is_sound =
            decoded.error.is_none() && decoded.chunks.iter().all(|chunk| chunk.head.is_ok());
        if !is_sound {
            continue;
        }
        let mut out = BytesMut::new();
        let written = decoded.chunks.iter().try_for_each(|chunk| write_again(&mut out, chunk));
        match written {
            Ok(()) if out == octets => same += 1,
            // The body contains the hyphens and the id: a sender takes another id.
            Err(EncodeError::EndLineInBody) => near_misses += 1,
            _ => different.push(name),
        }
    }
    let mut listed: Vec<&str> = NOT_CANONICAL.iter().map(|(name, _why)| *name).collect();
    listed.sort_unstable();
    assert_eq!(different, listed);
    assert!(same >= 90 && near_misses == 9, "{same}, {near_misses}");
}

/// HeadWriter writes the messages of the RFCs as they are printed, if those follow RFC
/// 4975 strictly.
#[test]
fn the_vectors_are_written_the_same() {
    for Sample { name, octets } in vectors() {
        let decoded = decode_whole(&octets, &strict());
        let [chunk] = &decoded.chunks[..] else { continue };
        if chunk.head.is_ok() && decoded.error.is_none() {
            let mut out = BytesMut::new();
            assert_eq!(write_again(&mut out, chunk), Ok(()), "{name}");
            assert_eq!(out, octets, "{name}");
        }
    }
}

fn write_again(out: &mut BytesMut, chunk: &Chunk) -> Result<(), EncodeError> {
    let head = chunk.head();
    let (id, to, from) = (head.transaction_id(), head.to_path(), head.from_path());
    let mut writer = match (head.method(), head.status_code()) {
        (Some(method), _) => HeadWriter::request(out, &id, method, to, from),
        (None, Some(code)) => {
            let comment = head.comment().unwrap_or_default();
            HeadWriter::response(out, &id, code, comment, to, from)
        }
        (None, None) => panic!("neither request nor response"),
    };
    for (name, value) in head.headers() {
        writer = match name.parse().ok() {
            Some(HeaderName::ToPath | HeaderName::FromPath | HeaderName::ContentType) => writer,
            Some(HeaderName::MessageId) => writer.message_id(&head.message_id().unwrap()),
            Some(HeaderName::ByteRange) => writer.byte_range(head.byte_range().unwrap()),
            Some(HeaderName::SuccessReport) => writer.success_report(head.success_report()),
            Some(HeaderName::FailureReport) => writer.failure_report(head.failure_report()),
            Some(HeaderName::Status) => writer.status(head.status().unwrap()),
            _ => writer.header(name, value),
        };
    }
    let flag = chunk.flag.unwrap();
    match head.content_type() {
        Some(kind) => writer.body_with_flag(&MediaType::new(kind).unwrap(), &chunk.body, flag),
        None => writer.bodiless(flag),
    }
}

// --- What the writer refuses ------------------------------------------------

fn writer<'a>(out: &'a mut BytesMut, method: Method<'_>) -> HeadWriter<'a> {
    let id = TransactionId::new("tran1").unwrap();
    let uri = |text| PathRef::from(UriRef::parse(text).unwrap());
    HeadWriter::request(out, &id, method, uri(B), uri(A))
}

fn response_writer<'a>(out: &'a mut BytesMut, comment: &str) -> HeadWriter<'a> {
    let id = TransactionId::new("tran1").unwrap();
    let uri = |text| PathRef::from(UriRef::parse(text).unwrap());
    HeadWriter::response(out, &id, StatusCode::OK, comment, uri(B), uri(A))
}

/// Each way to write what RFC 4975 forbids, and its error. The output is unchanged.
// req: 4975-7.1-4, 4975-7.1-7, 4975-7.1-8, 4975-7.1-13, 4975-7.1-15, 4975-7.1.1-32, 4975-9-1, 4975-9-9, 4975-9-10
#[test]
fn the_writer_refuses_what_is_forbidden() {
    type Attempt = fn(&mut BytesMut) -> Result<(), EncodeError>;
    let attempts: [(Attempt, EncodeError); 30] = [
        (|out| bodiless(writer(out, Method::Other(""))), EncodeError::Method),
        (|out| bodiless(writer(out, Method::Other("send"))), EncodeError::Method),
        (|out| bodiless(writer(out, Method::Other("A B"))), EncodeError::Method),
        (|out| bodiless(writer(out, Method::Other("A\r\nB: c"))), EncodeError::Method),
        (|out| bodiless(writer(out, Method::Other("2FAST"))), EncodeError::Method),
        (|out| bodiless(send(out).header("", "x")), EncodeError::HeaderName),
        (|out| bodiless(send(out).header("9a", "x")), EncodeError::HeaderName),
        (|out| bodiless(send(out).header("A b", "x")), EncodeError::HeaderName),
        (|out| bodiless(send(out).header("A:", "x")), EncodeError::HeaderName),
        (|out| bodiless(send(out).header("Größe", "x")), EncodeError::HeaderName),
        (|out| bodiless(send(out).header("A\r\nB", "x")), EncodeError::HeaderName),
        (|out| bodiless(send(out).header("A", "x\r\nB: y")), EncodeError::Text),
        (|out| bodiless(send(out).header("A", "x\ny")), EncodeError::Text),
        (|out| bodiless(send(out).header("A", "x\0")), EncodeError::Text),
        (|out| bodiless(send(out).header("A", " x")), EncodeError::Text),
        (|out| bodiless(send(out).header("A", "x\t")), EncodeError::Text),
        (|out| bodiless(response_writer(out, "O\r\nK")), EncodeError::Text),
        (|out| bodiless(response_writer(out, "\u{7f}")), EncodeError::Text),
        (|out| bodiless(report(out, "a\nb")), EncodeError::Text),
        (|out| bodiless(report(out, "a ")), EncodeError::Text),
        (
            |out| bodiless(send(out).header("byte-RANGE", "1-2/2")),
            EncodeError::Reserved("byte-RANGE".into()),
        ),
        (
            |out| bodiless(send(out).header("content-transfer-ENCODING", "binary")),
            EncodeError::Reserved("content-transfer-ENCODING".into()),
        ),
        (
            |out| bodiless(send(out).byte_range(ByteRange::EMPTY).byte_range(ByteRange::EMPTY)),
            EncodeError::Repeated(HeaderName::ByteRange),
        ),
        (|out| bodiless(writer(out, Method::Report)), EncodeError::Missing(HeaderName::MessageId)),
        (
            |out| {
                bodiless(writer(out, Method::Report).message_id(&MessageId::new("abcd").unwrap()))
            },
            EncodeError::Missing(HeaderName::Status),
        ),
        (
            |out| bodiless(report(out, "").success_report(true)),
            EncodeError::Misplaced(HeaderName::SuccessReport),
        ),
        (|out| bodiless(send(out).header("Content-ID", "x")), EncodeError::MimeWithoutBody),
        (|out| report(out, "").bodiless(Continuation::More), EncodeError::Continuation),
        (
            |out| report(out, "").whole_body(&MediaType::text_plain(), &[b'x'; 10_241]),
            EncodeError::Body,
        ),
        (
            |out| send(out).whole_body(&MediaType::text_plain(), b"a-------tran1"),
            EncodeError::EndLineInBody,
        ),
    ];
    for (at, (attempt, expected)) in attempts.into_iter().enumerate() {
        let mut out = BytesMut::from("before");
        assert_eq!(attempt(&mut out), Err(expected), "attempt {at}");
        assert_eq!(out, "before", "attempt {at}");
    }
}

fn send(out: &mut BytesMut) -> HeadWriter<'_> {
    writer(out, Method::Send)
}

fn report<'a>(out: &'a mut BytesMut, comment: &str) -> HeadWriter<'a> {
    let status = Status { namespace: 0, code: StatusCode::OK, comment: Some(comment) };
    writer(out, Method::Report).message_id(&MessageId::new("abcd").unwrap()).status(status)
}

fn bodiless(writer: HeadWriter<'_>) -> Result<(), EncodeError> {
    writer.bodiless(Continuation::Complete)
}

/// `Method::Other` with a registered name is that method.
#[test]
fn a_method_is_what_its_name_says() {
    let mut out = BytesMut::new();
    let written = writer(&mut out, Method::Other("REPORT")).bodiless(Continuation::Complete);
    assert_eq!(written, Err(EncodeError::Missing(HeaderName::MessageId)));
    assert_eq!(writer(&mut out, Method::Other("SEND")).bodiless(Continuation::More), Ok(()));
}

// req: 4975-7.1-7
#[test]
fn the_largest_body_of_a_report_is_written() {
    let mut out = BytesMut::new();
    let written = report(&mut out, "").whole_body(&MediaType::text_plain(), &[b'x'; 10_240]);
    assert_eq!(written, Ok(()));
    assert_eq!(decode_whole(&out, &strict()).chunks[0].body.len(), 10_240);
}

/// The bodiless form, octet for octet.
// req: 4975-7.1-9, 4975-7.1-10, 4975-7.1.1-21
#[test]
fn a_bodiless_request_has_no_blank_line() {
    let mut out = BytesMut::new();
    send(&mut out).byte_range(ByteRange::EMPTY).bodiless(Continuation::Complete).unwrap();
    let expected = format!(
        "MSRP tran1 SEND\r\nTo-Path: {B}\r\nFrom-Path: {A}\r\nByte-Range: 1-0/0\r\n-------tran1$\r\n"
    );
    assert_eq!(out, expected);
}
