//! What is written reads as what was given to the writer, and what was read
//! can be written again.

use bytes::{Bytes, BytesMut};
use msrp::wire::{
    ByteRange, Continuation, Decoder, EncodeError, FailureReport, Frame, Head, HeadRef, HeadWriter,
    HeaderName, Method, Status, TransactionId,
};
use msrp::{MediaType, MessageId, ParseOptions, Path, StatusCode, Tolerance, Tolerances};

use super::input::Input;

pub(crate) fn run(data: &[u8]) {
    match data.split_first() {
        Some((choice, fields)) if choice % 2 == 0 => write_and_read(&mut Input(fields)),
        Some((_, stream)) => read_and_write(stream),
        None => {}
    }
}

/// Everything the writer can be told, of one head.
#[derive(Debug, Default, PartialEq)]
struct Fields {
    transaction: String,
    method: Option<String>,
    status_code: Option<StatusCode>,
    comment: String,
    to_path: String,
    from_path: String,
    message_id: Option<String>,
    byte_range: Option<ByteRange>,
    success_report: Option<bool>,
    failure_report: Option<FailureReport>,
    status: Option<(u16, StatusCode, String)>,
    headers: Vec<(String, String)>,
    content_type: Option<String>,
    body: Option<Bytes>,
    flag: Option<Continuation>,
}

fn write_and_read(input: &mut Input<'_>) {
    let Some(fields) = invented(input) else { return };
    let before = &b"what is there already"[..];
    let mut out = BytesMut::from(before);
    match write(&mut out, &fields) {
        Err(_) => assert_eq!(&out[..], before, "an error leaves nothing behind"),
        Ok(()) => {
            let written = out.split_off(before.len());
            assert_eq!(read_strictly(written), [fields]);
            assert_eq!(&out[..], before);
        }
    }
}

fn invented(input: &mut Input<'_>) -> Option<Fields> {
    let mut fields = Fields {
        transaction: TransactionId::new(input.text()).ok()?.to_string(),
        to_path: path(input),
        from_path: path(input),
        ..Fields::default()
    };
    match input.below(6) {
        0 => {
            fields.status_code = Some(StatusCode::new(input.short() % 1000)?);
            fields.comment = input.text().to_owned();
        }
        1 => fields.method = Some("REPORT".to_owned()),
        2 => fields.method = Some(input.text().to_owned()),
        _ => fields.method = Some("SEND".to_owned()),
    }
    let present = input.octet();
    let is_there = |bit: u8| present >> bit & 1 == 1;
    if is_there(0) {
        fields.message_id = Some(MessageId::new(input.text()).ok()?.to_string());
    }
    if is_there(1) {
        let (start, end, total) = (number(input)?, number(input), number(input));
        fields.byte_range = Some(ByteRange::new(start, end, total).ok()?);
    }
    if is_there(2) {
        fields.success_report = Some(input.bool());
    }
    if is_there(3) {
        fields.failure_report = Some(failure_report(input));
    }
    if is_there(4) {
        let code = StatusCode::new(input.short() % 1000)?;
        fields.status = Some((input.short() % 2000, code, input.text().to_owned()));
    }
    for _ in 0..present >> 5 & 3 {
        fields.headers.push((input.text().to_owned(), input.text().to_owned()));
    }
    if is_there(7) {
        fields.content_type = Some(MediaType::new(input.text()).ok()?.as_str().to_owned());
        fields.body = Some(Bytes::copy_from_slice(input.0));
    }
    let flags = [Continuation::Complete, Continuation::More, Continuation::Aborted];
    fields.flag = Some(flags[input.below(3)]);
    Some(fields)
}

fn path(input: &mut Input<'_>) -> String {
    let path = input.text().parse().unwrap_or_else(|_| {
        Path::from("msrp://host.example:2855/s3ss10n;tcp".parse::<msrp::MsrpUri>().unwrap())
    });
    path.as_str().to_owned()
}

fn number(input: &mut Input<'_>) -> Option<u64> {
    match input.octet() {
        255 => None,
        254 => Some(input.long()),
        small => Some(u64::from(small)),
    }
}

fn failure_report(input: &mut Input<'_>) -> FailureReport {
    [FailureReport::Yes, FailureReport::No, FailureReport::Partial][input.below(3)]
}

fn write(out: &mut BytesMut, fields: &Fields) -> Result<(), EncodeError> {
    let transaction = TransactionId::new(&fields.transaction).unwrap();
    let to: Path = fields.to_path.parse().unwrap();
    let from: Path = fields.from_path.parse().unwrap();
    let mut head = match (&fields.method, fields.status_code) {
        (Some(method), _) => {
            let method = Method::from(method.as_str());
            HeadWriter::request(out, &transaction, method, to.view(), from.view())
        }
        (None, code) => {
            let code = code.unwrap();
            let comment = &fields.comment;
            HeadWriter::response(out, &transaction, code, comment, to.view(), from.view())
        }
    };
    if let Some(id) = &fields.message_id {
        head = head.message_id(&MessageId::new(id).unwrap());
    }
    if let Some(range) = fields.byte_range {
        head = head.byte_range(range);
    }
    if let Some(wanted) = fields.success_report {
        head = head.success_report(wanted);
    }
    if let Some(mode) = fields.failure_report {
        head = head.failure_report(mode);
    }
    if let Some((namespace, code, comment)) = &fields.status {
        let comment = Some(comment.as_str());
        head = head.status(Status { namespace: *namespace, code: *code, comment });
    }
    for (name, value) in &fields.headers {
        head = head.header(name, value);
    }
    let flag = fields.flag.unwrap();
    let (Some(content_type), Some(body)) = (&fields.content_type, &fields.body) else {
        return head.bodiless(flag);
    };
    let content_type = MediaType::new(content_type).unwrap();
    head.body_with_flag(&content_type, body, flag)
}

/// Reads every octet of `stream` by the letter of RFC 4975.
fn read_strictly(mut stream: BytesMut) -> Vec<Fields> {
    let mut options = ParseOptions::default();
    options.tolerances = Tolerances::none();
    options.path_uris = usize::MAX;
    let mut decoder = Decoder::new(options);
    let whole = take_frames(&mut decoder, &mut stream);
    assert!(stream.is_empty(), "left over: {stream:?}");
    whole.iter().map(Clean::fields).collect()
}

/// A frame whose head has no fault, and which has ended.
struct Clean {
    head: Head,
    body: Vec<u8>,
    flag: Continuation,
}

fn take_frames(decoder: &mut Decoder, input: &mut BytesMut) -> Vec<Clean> {
    let (mut whole, mut open) = (Vec::new(), None);
    while let Ok(Some(frame)) = decoder.decode(input) {
        match (frame, open.take()) {
            (Frame::Head(head), None) => open = Some((head, Vec::new())),
            (Frame::Body(piece), Some((head, mut body))) => {
                body.extend_from_slice(&piece);
                open = Some((head, body));
            }
            (Frame::End(flag), Some((head, body))) => whole.push(Clean { head, body, flag }),
            _ => {}
        }
    }
    whole
}

impl Clean {
    fn fields(&self) -> Fields {
        let head = self.head.view();
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Fields {
            transaction: head.transaction_id().to_string(),
            method: head.method().map(|method| method.to_string()),
            status_code: head.status_code(),
            comment: text(head.comment()),
            to_path: head.to_path().to_path().as_str().to_owned(),
            from_path: head.from_path().to_path().as_str().to_owned(),
            message_id: head.message_id().map(|id| id.to_string()),
            byte_range: head.byte_range(),
            success_report: has(&head, HeaderName::SuccessReport).then(|| head.success_report()),
            failure_report: has(&head, HeaderName::FailureReport).then(|| head.failure_report()),
            status: head.status().map(|it| (it.namespace, it.code, text(it.comment))),
            headers: other_headers(&head),
            content_type: head.content_type().map(str::to_owned),
            body: head.has_body().then(|| self.body.clone().into()),
            flag: Some(self.flag),
        }
    }
}

fn has(head: &HeadRef<'_>, name: HeaderName) -> bool {
    head.header(name).is_some()
}

fn other_headers(head: &HeadRef<'_>) -> Vec<(String, String)> {
    let has_own_place = |name: &str| {
        matches!(
            name.parse().ok(),
            Some(
                HeaderName::ToPath
                    | HeaderName::FromPath
                    | HeaderName::MessageId
                    | HeaderName::ByteRange
                    | HeaderName::SuccessReport
                    | HeaderName::FailureReport
                    | HeaderName::Status
                    | HeaderName::ContentType
            )
        )
    };
    head.headers()
        .filter(|(name, _)| !has_own_place(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Reads a stream with every tolerance and writes each clean frame again.
fn read_and_write(stream: &[u8]) {
    let mut input = BytesMut::from(stream);
    let whole = take_frames(&mut Decoder::default(), &mut input);
    for frame in &whole {
        let tolerated = frame.head.view().tolerated();
        let fields = frame.fields();
        // Only the transaction id and the status of such a response count.
        let is_whole = !tolerated.contains(Tolerance::MalformedResponse);
        if is_whole && is_writable(&fields) {
            write_again(&fields, tolerated);
        }
    }
}

/// Whether the types of the writer can be made of what was read: a reader
/// takes longer identifiers, and bodies without a type.
fn is_writable(fields: &Fields) -> bool {
    let is_typed = fields.body.is_some() == fields.content_type.is_some();
    let is_identified = fields.message_id.as_ref().is_none_or(|id| MessageId::new(id).is_ok());
    let has_type = fields.content_type.as_ref().is_none_or(|it| MediaType::new(it).is_ok());
    is_typed && is_identified && has_type && TransactionId::new(&fields.transaction).is_ok()
}

fn write_again(fields: &Fields, tolerated: Tolerances) {
    let mut out = BytesMut::new();
    match write(&mut out, fields) {
        Ok(()) => assert_eq!(read_strictly(out), std::slice::from_ref(fields)),
        // The reader leaves it to its caller which methods may have what.
        Err(
            EncodeError::Missing(_)
            | EncodeError::Misplaced(_)
            | EncodeError::Reserved(_)
            | EncodeError::Body
            | EncodeError::Continuation
            | EncodeError::EndLineInBody,
        ) => {}
        Err(error) => assert!(!tolerated.is_empty(), "{error} in {fields:?}"),
    }
}
