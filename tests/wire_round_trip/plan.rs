//! What a head is written from, and the check that it was written so.

use super::*;

/// What a head is written from.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) transaction: TransactionId,
    pub(super) start: Start,
    pub(super) to: Path,
    pub(super) from: Path,
    pub(super) fields: Vec<Field>,
    pub(super) body: Option<(MediaType, Vec<u8>)>,
    pub(super) flag: Continuation,
}

#[derive(Clone, Debug)]
pub(super) enum Start {
    Request(String),
    Response(StatusCode, String),
}

#[derive(Clone, Debug)]
pub(super) enum Field {
    MessageId(MessageId),
    ByteRange(ByteRange),
    SuccessReport(bool),
    FailureReport(FailureReport),
    Status(u16, StatusCode, Option<String>),
    Other(String, String),
}

impl Plan {
    pub(super) fn write(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
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
    pub(super) fn expected_headers(&self) -> Vec<(String, String)> {
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
    pub(super) fn check(&self, octets: &[u8]) {
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
    pub(super) fn text(&self) -> (String, String) {
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

    pub(super) fn check(&self, head: &HeadRef<'_>) {
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
pub(super) fn lavish() -> ParseOptions {
    let mut options = strict();
    options.head_octets = usize::MAX;
    options.headers = usize::MAX;
    options
}
