//! Messages that were read, written again.

use super::*;

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
