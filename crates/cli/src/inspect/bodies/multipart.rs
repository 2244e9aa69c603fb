//! Bodies of several parts.

use msrp::MediaType;
use msrp_cpim::multipart::{self, Part};
use msrp_cpim::{CpimTolerances, ParseErrorKind};
use serde_json::{Value, json};

use super::{fault, mime};
use crate::Ending;
use crate::inspect::{Fault, Input, report, report_unread};

/// Prints a body of several parts (RFC 2046).
///
/// Without --content-type, the boundary is taken from a Content-Type before the body: as a
/// header field, or alone on the first line. Otherwise it is that of the first line that
/// starts with two hyphens.
#[derive(clap::Args)]
pub(in crate::inspect) struct Multipart {
    /// The body; - for standard input.
    file: Input,
    /// The Content-Type of the body, with its boundary.
    #[arg(long, value_name = "TYPE")]
    content_type: Option<MediaType>,
}

impl Multipart {
    pub(in crate::inspect) fn run(&self) -> anyhow::Result<Ending> {
        let octets = self.file.read()?;
        let (content_type, start) = match &self.content_type {
            Some(content_type) => (content_type.as_str().to_owned(), 0),
            None => found_type(&octets),
        };
        let body = &octets[start..];
        Ok(match multipart::Multipart::parse(&content_type, body) {
            Ok(multipart) => show(&multipart, &octets, body),
            // Its place is one in the Content-Type.
            Err(error) => report_unread(Vec::new(), &Fault::at(&error.kind(), &error, 0..start)),
        })
    }
}

/// The Content-Type of a body, and where the body starts.
fn found_type(octets: &[u8]) -> (String, usize) {
    let of_first_line = || {
        let end = octets.iter().position(|octet| *octet == b'\n')?;
        let line = str::from_utf8(octets[..end].trim_ascii()).ok()?;
        is_multipart(line).then(|| (line.to_owned(), end + 1))
    };
    of_first_line().or_else(|| of_header(octets)).unwrap_or_else(|| (of_boundary(octets), 0))
}

/// The Content-Type among the header fields before the body. Behind a boundary they are those
/// of a part.
fn of_header(octets: &[u8]) -> Option<(String, usize)> {
    let end = octets.windows(2).position(|pair| pair == b"\n\n").map(|at| at + 2);
    let end = end
        .into_iter()
        .chain(octets.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4));
    let end = end.min()?;
    let unfolded = str::from_utf8(&octets[..end]).ok()?.replace("\r\n", "\n");
    let unfolded = unfolded.replace("\n ", " ").replace("\n\t", " ");
    if unfolded.lines().any(|line| line.starts_with("--")) {
        return None;
    }
    let mut fields = unfolded.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = fields.find(|(name, _)| name.eq_ignore_ascii_case("Content-Type"))?;
    let value = value.trim();
    is_multipart(value).then(|| (value.to_owned(), end))
}

fn is_multipart(content_type: &str) -> bool {
    let top = content_type.split_once('/').map(|(top, _)| top);
    top.is_some_and(|top| top.eq_ignore_ascii_case("multipart"))
}

/// The type with the boundary of the first line that can be one.
fn of_boundary(octets: &[u8]) -> String {
    let mut lines = octets.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii_end);
    let boundary = lines.find_map(|line| line.strip_prefix(b"--")).unwrap_or_default();
    let boundary = String::from_utf8_lossy(boundary).replace(['"', '\\'], "");
    format!("multipart/mixed; boundary=\"{boundary}\"")
}

/// What was found in the parts besides their content.
#[derive(Default)]
struct Findings {
    faults: Vec<Fault>,
    tolerated: CpimTolerances,
}

impl Findings {
    fn tolerate(&mut self, tolerated: CpimTolerances) {
        self.tolerated = tolerated.iter().fold(self.tolerated, CpimTolerances::with);
    }
}

/// Prints a body. A part that cannot be read leaves the others as they are.
fn show(multipart: &multipart::Multipart<'_>, input: &[u8], body: &[u8]) -> Ending {
    let mut findings = Findings::default();
    let parts = parts(multipart, input, body, &mut findings);
    let object = json!({ "contentType": multipart.essence(), "parts": parts });
    let tolerated = findings.tolerated.iter().map(|it| it.as_str()).collect();
    report(object, tolerated, findings.faults.first());
    findings.faults.is_empty().into()
}

fn parts(
    multipart: &multipart::Multipart<'_>,
    input: &[u8],
    body: &[u8],
    findings: &mut Findings,
) -> Vec<Value> {
    findings.tolerate(multipart.tolerated());
    let describe = |part| match part {
        Ok(part) => Some(describe(&part, input, findings)),
        Err(error) => {
            findings.faults.push(fault(&error, start_of(body, input)));
            (error.kind() != ParseErrorKind::MissingDelimiter).then_some(Value::Null)
        }
    };
    multipart.parts().filter_map(describe).collect()
}

/// A part. One of several parts shows these instead of its text.
fn describe(part: &Part<'_>, input: &[u8], findings: &mut Findings) -> Value {
    findings.tolerate(part.tolerated());
    let start = start_of(part.body(), input);
    let inner = part.multipart().ok();
    json!({
        "contentType": part.content_type(),
        "headers": mime::headers(part.headers()),
        "octets": [start, start + part.body().len()],
        "body": if inner.is_none() { mime::text(part.body()) } else { None },
        "parts": inner.map(|inner| parts(&inner, input, part.body(), findings)),
    })
}

/// Where a slice of the input starts.
fn start_of(part: &[u8], input: &[u8]) -> usize {
    part.as_ptr().addr().saturating_sub(input.as_ptr().addr()).min(input.len())
}
