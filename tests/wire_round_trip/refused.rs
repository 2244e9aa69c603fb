//! What the writer refuses.

use super::*;

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
