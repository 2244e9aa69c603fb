//! tshark reads what the writer writes: every field that tshark knows has the same
//! value as in our parser.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bytes::BytesMut;
use msrp::uri::PathRef;
use msrp::wire::{
    Continuation, Decoder, EncodeError, Frame, Head, HeadRef, HeadWriter, HeaderName, TransactionId,
};
use msrp::{MediaType, Tolerance};
use msrp_interop::{Dissected, dissect, needed};

/// Messages of the corpus that the writer refuses, with the reason.
const REFUSED: [(&str, EncodeError); 3] = [
    ("header-mime-no-body", EncodeError::MimeWithoutBody),
    ("method-digits", EncodeError::Method),
    ("method-underscore", EncodeError::Method),
];

/// A chunk or response as our parser reads it.
struct Chunk {
    head: Head,
    body: Vec<u8>,
    flag: Continuation,
}

// req: 4975-9-7, 4975-14.3-2
#[test]
fn tshark_reads_what_is_written() {
    let (mut chunks, mut written, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for (name, chunk) in corpus().filter(|(_, chunk)| !is_read_only(chunk)) {
        match write_with_own_id(&chunk) {
            Ok(octets) => {
                chunks.push(chunk);
                written.push(octets);
            }
            Err(error) => refused.push((name, error)),
        }
    }
    assert_eq!(refused, REFUSED.map(|(name, error)| (name.to_owned(), error)));
    let Some(read) = needed(dissect(&written)) else { return };
    assert!(read.len() > 150, "{} messages", read.len());
    for ((chunk, octets), theirs) in chunks.iter().zip(&written).zip(&read) {
        let [ours] = &decode(octets)[..] else { panic!("{}", octets.escape_ascii()) };
        let id = ours.head.view().transaction_id().to_string();
        let expected = expected(chunk, &id);
        assert_eq!(self::expected(ours, &id), expected, "{}", octets.escape_ascii());
        compare(expected, ours, theirs, octets);
    }
}

fn compare(mut expected: Fields, ours: &Chunk, theirs: &Dissected, octets: &[u8]) {
    if loses_the_end_line(ours) {
        for field in ["end.line", "cnt.flg", "transaction.id"] {
            expected.remove(field);
        }
    }
    for (field, expected) in expected {
        assert_eq!(theirs.values(field), expected, "{field} of\n{}", octets.escape_ascii());
    }
}

/// Whether the end-line that tshark shows cannot be compared: seven hyphens in the
/// body count as one, and S/MIME is dissected as ASN.1 up to the end.
fn loses_the_end_line(chunk: &Chunk) -> bool {
    let hyphens = b"-------";
    let has_hyphens = chunk.body.windows(hyphens.len()).any(|octets| octets == hyphens);
    let head = chunk.head.view();
    has_hyphens || head.content_type().is_some_and(|kind| kind.starts_with("application/pkcs7-"))
}

type Fields = BTreeMap<&'static str, Vec<String>>;

/// Every field that tshark shows, with the value of our parser, under this id.
fn expected(chunk: &Chunk, id: &str) -> Fields {
    let head = chunk.head.view();
    let flag = char::from(chunk.flag.as_byte()).to_string();
    let end_line = format!("-------{id}{flag}");
    let mut fields = BTreeMap::from([
        ("transaction.id", vec![id.to_owned(); 2]),
        ("end.line", vec![end_line.clone()]),
        ("cnt.flg", vec![flag]),
        ("to.path", vec![path(head.to_path())]),
        ("from.path", vec![path(head.from_path())]),
        ("messageid", head.message_id().iter().map(ToString::to_string).collect()),
        ("byte.range", head.byte_range().iter().map(ToString::to_string).collect()),
        ("content.type", head.content_type().into_iter().map(String::from).collect()),
        ("data", data(chunk, &end_line)),
        ("hdr", other_headers(&head)),
    ]);
    fields.extend(start_line(&head, id));
    for (field, name) in WORDS {
        let word = head.header(name).map(str::to_ascii_lowercase);
        fields.insert(field, word.into_iter().collect());
    }
    for (field, name) in TEXTS {
        fields.insert(field, head.header(name).into_iter().map(String::from).collect());
    }
    fields
}

/// A path as the writer writes it, with one space between two URIs.
fn path(path: PathRef<'_>) -> String {
    path.iter().map(|uri| uri.to_string()).collect::<Vec<_>>().join(" ")
}

/// Header fields with one token, read in any letter case and written in lower case.
const WORDS: [(&str, HeaderName); 2] =
    [("success.report", HeaderName::SuccessReport), ("failure.report", HeaderName::FailureReport)];

/// Header fields that tshark names, except those that our parser gives a type.
const TEXTS: [(&str, HeaderName); 8] = [
    ("status", HeaderName::Status),
    ("content.id", HeaderName::ContentId),
    ("content.description", HeaderName::ContentDescription),
    ("content.disposition", HeaderName::ContentDisposition),
    ("use.path", HeaderName::UsePath),
    ("www.authenticate", HeaderName::WwwAuthenticate),
    ("authorization", HeaderName::Authorization),
    ("authentication.info", HeaderName::AuthenticationInfo),
];

fn start_line(head: &HeadRef<'_>, id: &str) -> [(&'static str, Vec<String>); 4] {
    let (mut method, mut code, mut request, mut response) = Default::default();
    match head.status_code() {
        Some(status) => {
            let comment = head.comment().map(|comment| format!(" {comment}"));
            response = vec![format!("MSRP {id} {status}{}", comment.unwrap_or_default())];
            code = vec![status.as_u16().to_string()];
        }
        None => {
            let name = head.method().unwrap().to_string();
            request = vec![format!("MSRP {id} {name}")];
            method = vec![name];
        }
    }
    [
        ("method", method),
        ("status.code", code),
        ("request.line", request),
        ("response.line", response),
    ]
}

/// The data in tshark's terms: the body and the end-line after it.
fn data(chunk: &Chunk, end_line: &str) -> Vec<String> {
    if !chunk.head.view().has_body() {
        return vec![];
    }
    let mut octets = chunk.body.clone();
    octets.extend_from_slice(format!("\r\n{end_line}\r\n").as_bytes());
    // tshark reads the data as text, which ends at a NUL.
    let text = octets.split(|octet| *octet == 0).next().unwrap_or_default();
    vec![String::from_utf8_lossy(text).into_owned()]
}

/// Header fields that tshark does not name, as lines. It shows a tab as `\t`.
fn other_headers(head: &HeadRef<'_>) -> Vec<String> {
    let has_name = |name: &str| {
        name.parse::<HeaderName>().is_ok_and(|name| {
            !matches!(
                name,
                HeaderName::Expires
                    | HeaderName::MinExpires
                    | HeaderName::MaxExpires
                    | HeaderName::UseNickname
            )
        })
    };
    let others = head.headers().filter(|(name, _)| !has_name(name));
    others.map(|(name, value)| format!("{name}: {value}").replace('\t', "\\t")).collect()
}

/// The reader accepts a body without a type, a type without a body (RFC 4975 section 7.1)
/// and values beside the grammar, but nothing writes them.
fn is_read_only(chunk: &Chunk) -> bool {
    let head = chunk.head.view();
    let tolerated = head.tolerated();
    head.has_body() != head.content_type().is_some()
        || tolerated.contains(Tolerance::EmptyParameter)
        || tolerated.contains(Tolerance::MalformedStatus)
        || tolerated.contains(Tolerance::PartialSuccessReport)
}

/// Every chunk and response of the corpus that our parser accepts, with the name of
/// its file.
fn corpus() -> impl Iterator<Item = (String, Chunk)> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    let mut files = Vec::new();
    for folder in [corpus.join("bad"), corpus] {
        files.extend(fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    }
    files.retain(|path| path.extension().is_some_and(|extension| extension == "msrp"));
    files.sort();
    files.into_iter().flat_map(|file| {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let whole = decode(&fs::read(&file).unwrap()).into_iter();
        whole.map(move |chunk| (name.clone(), chunk))
    })
}

/// The well-formed chunks and responses of a stream, until framing is lost.
fn decode(octets: &[u8]) -> Vec<Chunk> {
    let (mut decoder, mut input) = (Decoder::default(), BytesMut::from(octets));
    let (mut chunks, mut open) = (Vec::new(), None);
    while let Ok(Some(frame)) = decoder.decode(&mut input) {
        match (frame, &mut open) {
            (Frame::Head(head), _) => open = Some((head, Vec::new())),
            (Frame::Body(piece), Some((_, body))) => body.extend_from_slice(&piece),
            (Frame::End(flag), _) => {
                chunks.extend(open.take().map(|(head, body)| Chunk { head, body, flag }));
            }
            _ => {}
        }
    }
    chunks
}

/// The chunk as the writer writes it, with another id if its body contains something
/// like its end-line.
fn write_with_own_id(chunk: &Chunk) -> Result<Vec<u8>, EncodeError> {
    let mut out = BytesMut::new();
    match write(&mut out, chunk, &chunk.head.view().transaction_id()) {
        Err(EncodeError::EndLineInBody) => {
            write(&mut out, chunk, &TransactionId::new("another.id").unwrap())?;
        }
        result => result?,
    }
    Ok(out.to_vec())
}

fn write(out: &mut BytesMut, chunk: &Chunk, id: &TransactionId) -> Result<(), EncodeError> {
    let head = chunk.head.view();
    let (to, from) = (head.to_path(), head.from_path());
    let mut writer = match (head.method(), head.status_code()) {
        (Some(method), _) => HeadWriter::request(out, id, method, to, from),
        (None, code) => {
            let comment = head.comment().unwrap_or_default();
            HeadWriter::response(out, id, code.unwrap(), comment, to, from)
        }
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
    match head.content_type() {
        Some(kind) => {
            writer.body_with_flag(&MediaType::new(kind).unwrap(), &chunk.body, chunk.flag)
        }
        None => writer.bodiless(chunk.flag),
    }
}
