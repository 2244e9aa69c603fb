//! The messages of `tests/corpus` and of the vectors, and the result of decoding a
//! stream in pieces.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use bytes::BytesMut;
use msrp::wire::{BadHead, Continuation, DecodeError, Decoder, Frame, Head, HeadRef};
use msrp::{ParseOptions, Tolerances};

/// The most octets that a decoder may hold back of a body: an end-line with
/// the longest id, less its last octet.
const MOST_HELD_BACK: usize = "\r\n-------".len() + 64 + "$\r\n".len() - 1;

/// A message of the corpus.
pub struct Sample {
    /// Its file name without `.msrp`.
    pub name: String,
    pub octets: Vec<u8>,
}

/// Every message of `tests/corpus`, the malformed ones too.
pub fn corpus() -> Vec<Sample> {
    let mut samples = folder("tests/corpus", "");
    samples.extend(folder("tests/corpus/bad", "bad/"));
    samples
}

/// The messages that the RFCs print.
pub fn vectors() -> Vec<Sample> {
    folder("tests/vectors", "")
}

fn folder(path: &str, prefix: &str) -> Vec<Sample> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    let mut samples: Vec<Sample> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "msrp"))
        .map(|path| Sample {
            name: format!("{prefix}{}", path.file_stem().unwrap().to_str().unwrap()),
            octets: fs::read(&path).unwrap(),
        })
        .collect();
    samples.sort_by(|a, b| a.name.cmp(&b.name));
    samples
}

/// The rows of `INDEX.tsv` without their notes, by file.
pub fn index() -> BTreeMap<String, Vec<String>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/INDEX.tsv");
    let mut index: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in fs::read_to_string(path).unwrap().lines().skip(1) {
        let (file, told) = line.split_once('\t').unwrap();
        let (told, _note) = told.rsplit_once('\t').unwrap();
        index.entry(file.into()).or_default().push(told.into());
    }
    index
}

/// One chunk or response, its body in one.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    pub head: Result<Head, BadHead>,
    pub body: Vec<u8>,
    /// `None` if the stream ended before the end-line.
    pub flag: Option<Continuation>,
}

impl Chunk {
    pub fn head(&self) -> HeadRef<'_> {
        match &self.head {
            Ok(head) => head.view(),
            Err(bad) => bad.head().view(),
        }
    }

    fn told(&self) -> String {
        let head = self.head();
        let what = match (head.status_code(), head.method()) {
            (Some(code), _) => code.to_string(),
            (None, Some(method)) if !method.as_str().is_empty() => method.to_string(),
            _ => "?".into(),
        };
        let body = match (head.has_body(), self.flag) {
            (true, Some(_)) => self.body.len().to_string(),
            (true, None) => "?".into(),
            (false, _) => "-".into(),
        };
        let flag = self.flag.map_or('?', |flag| char::from(flag.as_byte()));
        let error = match &self.head {
            Ok(_) => "-".into(),
            Err(bad) => format!("{:?}", bad.error().kind()),
        };
        let id = head.transaction_id();
        format!("{what}\t{id}\t{body}\t{flag}\t{error}\t{}", names(head.tolerated()))
    }
}

/// The result of decoding a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    pub chunks: Vec<Chunk>,
    /// The error that ended the stream, from `decode` or `finish`.
    pub error: Option<DecodeError>,
    /// The tolerances that the decoder used.
    pub tolerated: Tolerances,
}

impl Decoded {
    /// The rows of `INDEX.tsv` for this.
    pub fn told(&self) -> Vec<String> {
        let mut rows: Vec<String> = self.chunks.iter().map(Chunk::told).collect();
        if let Some(error) = &self.error {
            let error = match error {
                DecodeError::Head(error) => format!("{:?}", error.kind()),
                other => format!("{other:?}"),
            };
            rows.push(format!("!\t-\t-\t-\t{error}\t-"));
        }
        if !self.tolerated.is_empty() {
            rows.push(format!("~\t-\t-\t-\t-\t{}", names(self.tolerated)));
        }
        rows
    }
}

fn names(tolerated: Tolerances) -> String {
    let names: Vec<String> = tolerated.iter().map(|tolerance| format!("{tolerance:?}")).collect();
    if names.is_empty() { "-".into() } else { names.join(",") }
}

/// Decodes a stream that arrives in `pieces`, and checks the invariants: no body
/// piece is empty, there are no more of them than pieces of the stream, no more of a
/// body is held back than an end-line, and a failed decoder stays failed.
pub fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, options: &ParseOptions) -> Decoded {
    let mut decoder = Decoder::new(*options);
    let mut input = BytesMut::new();
    let mut decoded = Decoded { chunks: Vec::new(), error: None, tolerated: Tolerances::none() };
    for piece in pieces {
        input.extend_from_slice(piece);
        let mut behind_body = false;
        loop {
            match decoder.decode(&mut input) {
                Ok(Some(frame)) => {
                    let is_body = matches!(frame, Frame::Body(_));
                    assert!(!(behind_body && is_body), "a body in more pieces than it came in");
                    behind_body = is_body;
                    decoded.take(frame);
                }
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(decoder.decode(&mut input), Err(error.clone()));
                    assert_eq!(decoder.finish(&input), Err(error.clone()));
                    decoded.error = Some(error);
                    decoded.tolerated = decoder.tolerated();
                    return decoded;
                }
            }
        }
        let in_body = decoded.chunks.last().is_some_and(|chunk| chunk.flag.is_none());
        assert!(!in_body || input.len() <= MOST_HELD_BACK, "{} octets held back", input.len());
        assert!(!(in_body && decoder.is_between_frames()));
    }
    decoded.error = decoder.finish(&input).err();
    decoded.tolerated = decoder.tolerated();
    decoded
}

impl Decoded {
    fn take(&mut self, frame: Frame) {
        let open = self.chunks.last_mut().filter(|chunk| chunk.flag.is_none());
        match (frame, open) {
            (Frame::Head(head), None) => self.begin(Ok(head)),
            (Frame::BadHead(bad), None) => self.begin(Err(bad)),
            (Frame::Body(piece), Some(chunk)) => {
                assert!(!piece.is_empty());
                assert!(chunk.head().has_body());
                chunk.body.extend_from_slice(&piece);
            }
            (Frame::End(flag), Some(chunk)) => chunk.flag = Some(flag),
            (frame, _) => panic!("{frame:?} out of turn"),
        }
    }

    fn begin(&mut self, head: Result<Head, BadHead>) {
        self.chunks.push(Chunk { head, body: Vec::new(), flag: None });
    }
}

pub fn decode_whole(octets: &[u8], options: &ParseOptions) -> Decoded {
    decode([octets], options)
}

/// The strict options: RFC 4975 to the letter.
pub fn strict() -> ParseOptions {
    let mut options = ParseOptions::default();
    options.tolerances = Tolerances::none();
    options
}
