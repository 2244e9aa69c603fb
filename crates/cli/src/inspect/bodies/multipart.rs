//! Bodies of several parts.

use msrp::MediaType;
use msrp_cpim::multipart::{self, Part};
use msrp_cpim::{CpimTolerances, ParseErrorKind};
use serde_json::{Value, json};

use super::boundary::found_type;
use super::{fault, mime, names};
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

    /// What was found, unless that is a fault.
    fn unless<T>(&mut self, found: Result<T, Fault>) -> Option<T> {
        found.map_err(|fault| self.faults.push(fault)).ok()
    }
}

/// Prints a body. A part that cannot be read leaves the others as they are.
fn show(multipart: &multipart::Multipart<'_>, input: &[u8], body: &[u8]) -> Ending {
    let mut findings = Findings::default();
    let parts = parts(multipart, input, body, &mut findings);
    let object = json!({ "contentType": multipart.essence(), "parts": parts });
    report(object, names(findings.tolerated), findings.faults.first());
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
    let octets = start..start + part.body().len();
    let (text, inner) = match part.multipart() {
        Ok(inner) => (None, Some(parts(&inner, input, part.body(), findings))),
        Err(error) if error.kind() == ParseErrorKind::NotMultipart => {
            let text = mime::text(part.headers(), part.body());
            let found = text.map_err(|error| Fault::at(&error, &error, octets.clone()));
            (findings.unless(found).flatten(), None)
        }
        // Its place is one in the Content-Type.
        Err(error) => {
            findings.faults.push(Fault::at(&error.kind(), &error, octets.clone()));
            (None, None)
        }
    };
    json!({
        "contentType": part.content_type(),
        "headers": mime::headers(part.headers()),
        "octets": [octets.start, octets.end],
        "body": text,
        "parts": inner,
    })
}

/// Where a slice of the input starts.
fn start_of(part: &[u8], input: &[u8]) -> usize {
    part.as_ptr().addr().saturating_sub(input.as_ptr().addr()).min(input.len())
}
