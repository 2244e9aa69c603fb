//! Generators of plans, values and junk.

use super::*;

pub(super) fn identifier() -> impl Strategy<Value = String> {
    "[A-Za-z0-9][A-Za-z0-9.+%=-]{3,31}"
}

pub(super) fn transaction() -> impl Strategy<Value = TransactionId> {
    identifier().prop_map(|id| TransactionId::new(&id).unwrap())
}

pub(super) fn message_id() -> impl Strategy<Value = MessageId> {
    identifier().prop_map(|id| MessageId::new(&id).unwrap())
}

pub(super) fn path() -> impl Strategy<Value = Path> {
    let uri = prop_oneof![
        "msrps?://[a-z]{1,8}\\.example:[1-9][0-9]{0,3}/[A-Za-z0-9.~+=-]{1,12};tcp",
        "msrp://\\[2001:db8::[0-9a-f]{1,4}\\]:2855/[a-z]{1,5};ws;k=[a-z]{1,3}",
        "msrps://[a-z]{1,4}(%20)?@[a-z]{1,4};tcp",
    ];
    prop::collection::vec(uri, 1..4).prop_map(|uris| uris.join(" ").parse().unwrap())
}

pub(super) fn byte_range() -> impl Strategy<Value = ByteRange> {
    let number = || prop_oneof![0..10u64, any::<u64>(), Just(u64::MAX)];
    (number(), prop::option::of(number()), prop::option::of(number()))
        .prop_filter_map("no range", |(start, end, total)| ByteRange::new(start, end, total).ok())
}

pub(super) fn status_code() -> impl Strategy<Value = StatusCode> {
    prop_oneof![
        select(StatusCode::REGISTERED),
        (0..1000u16).prop_map(|n| StatusCode::new(n).unwrap())
    ]
}

pub(super) fn failure_report() -> impl Strategy<Value = FailureReport> {
    select(vec![FailureReport::Yes, FailureReport::No, FailureReport::Partial])
}

pub(super) fn flag() -> impl Strategy<Value = Continuation> {
    select(vec![Continuation::Complete, Continuation::More, Continuation::Aborted])
}

pub(super) fn media_type() -> impl Strategy<Value = MediaType> {
    let text = prop_oneof![
        Just("text/plain".to_owned()),
        "[a-z]{1,6}/[a-z+.-]{1,9}(;[a-z]{1,4}=[a-z0-9]{1,4}){0,2}",
        "a/b; c=\"[ -!#-\\[\\]-~é☂]{0,8}(\\\\\")?\"",
    ];
    text.prop_map(|text| MediaType::new(&text).unwrap())
}

/// Text without blanks at its ends.
pub(super) fn text() -> impl Strategy<Value = String> {
    prop_oneof!["", "[!-~é世]", "[!-~é世][ -~\té世☕]{0,20}[!-~é世]"]
}

pub(super) fn extension() -> impl Strategy<Value = Field> {
    let name = prop_oneof![
        "X-[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,12}",
        select(vec!["Expires", "Use-Path", "Use-Nickname", "Authorization", "Keep-Alive"])
            .prop_map(str::to_owned),
    ];
    (name, text()).prop_map(|(name, value)| Field::Other(name, value))
}

pub(super) fn body() -> impl Strategy<Value = Vec<u8>> {
    let near_misses = select(vec!["\r\n-------", "-------", "\r", "\n", "$\r\n", "abcd", "é"]);
    prop_oneof![
        Just(Vec::new()),
        prop::collection::vec(any::<u8>(), 0..200),
        prop::collection::vec(near_misses, 0..30).prop_map(|parts| parts.concat().into_bytes()),
    ]
}

pub(super) fn mime() -> impl Strategy<Value = Vec<Field>> {
    let field = select(vec!["Content-Disposition", "Content-ID", "Content-Description"]);
    prop::collection::vec((field, text()), 0..2).prop_map(|fields| {
        fields.into_iter().map(|(name, value)| Field::Other(name.into(), value)).collect()
    })
}

/// A body with an end-line at `place`, which it must not contain.
pub(super) fn planted(
    mut body: Vec<u8>,
    place: Option<Index>,
    transaction: &TransactionId,
) -> Vec<u8> {
    if let Some(place) = place {
        let place = place.index(body.len() + 1);
        body.splice(place..place, format!("-------{transaction}").into_bytes());
    }
    body
}

pub(super) fn chunk() -> impl Strategy<Value = Plan> {
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

pub(super) fn other_request() -> impl Strategy<Value = Plan> {
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

pub(super) fn response() -> impl Strategy<Value = Plan> {
    let fields = prop::collection::vec(extension(), 0..3);
    (transaction(), status_code(), text(), path(), path(), fields).prop_map(
        |(transaction, code, comment, to, from, fields)| {
            let (start, flag) = (Start::Response(code, comment), Continuation::Complete);
            Plan { transaction, start, to, from, fields, body: None, flag }
        },
    )
}

pub(super) fn plan() -> impl Strategy<Value = Plan> {
    prop_oneof![3 => chunk(), 1 => other_request(), 1 => response()]
}

/// Text that an application might pass on from users or from the network.
pub(super) fn junk() -> impl Strategy<Value = String> {
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

pub(super) fn junk_name() -> impl Strategy<Value = String> {
    let known = select(HeaderName::ALL.to_vec()).prop_map(|name| name.as_str().to_owned());
    let odd = select(vec!["content-transfer-encoding", "Content-X", "to-path", "MESSAGE-id"]);
    prop_oneof![1 => junk(), 1 => known, 1 => odd.prop_map(str::to_owned), 3 => "[A-Z][a-z-]{1,8}"]
}

/// A plan with junk in each place that takes text.
pub(super) fn junk_plan() -> impl Strategy<Value = Plan> {
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
