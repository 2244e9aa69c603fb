//! message/cpim.

use msrp_cpim::imdn::ImdnHeaders;
use msrp_cpim::{Address, CpimRef, Header, Required};
use serde_json::{Value, json};

use super::{fault, mime, names};
use crate::Ending;
use crate::inspect::{Fault, Input, report, report_unread};
use crate::output::set;

/// Prints a message/cpim (RFC 3862).
#[derive(clap::Args)]
pub(in crate::inspect) struct Cpim {
    /// The message; - for standard input.
    file: Input,
}

impl Cpim {
    pub(in crate::inspect) fn run(&self) -> anyhow::Result<Ending> {
        let octets = self.file.read()?;
        Ok(match CpimRef::parse(&octets) {
            Ok(message) => show(&message, octets.len()),
            Err(error) => report_unread(Vec::new(), &fault(&error, 0)),
        })
    }
}

/// Prints a message of so many octets. A body that cannot be decoded leaves the headers.
fn show(message: &CpimRef<'_>, octets: usize) -> Ending {
    let mut object = describe(message);
    let text = mime::text(message.mime_headers(), message.body());
    let start = octets - message.body().len();
    let fault = text.as_ref().err().map(|error| Fault::at(error, error, start..octets));
    set(&mut object, "body", text.unwrap_or_default());
    report(object, names(message.tolerated()), fault.as_ref());
    fault.is_none().into()
}

fn describe(message: &CpimRef<'_>) -> Value {
    json!({
        "from": message.from().map(address),
        "to": message.to().map(address).collect::<Vec<_>>(),
        "cc": message.cc().map(address).collect::<Vec<_>>(),
        "dateTime": message.date_time().map(|date_time| date_time.as_str().to_owned()),
        "subjects": message.subjects().map(subject).collect::<Vec<_>>(),
        "require": message.require().map(required).collect::<Vec<_>>(),
        "headers": message.headers().map(header).collect::<Vec<_>>(),
        "imdn": imdn(message),
        "mimeHeaders": mime::headers(message.mime_headers()),
        "contentType": message.content_type(),
        "bodyOctets": message.body().len(),
    })
}

/// The headers of RFC 5438.
fn imdn(message: &CpimRef<'_>) -> Value {
    let headers = ImdnHeaders::of(message);
    json!({
        "messageId": headers.message_id(),
        "requests": headers.requests().map(|request| request.as_str()).collect::<Vec<_>>(),
        "originalTo": headers.original_to().map(address),
        "recordRoute": headers.record_route().map(address).collect::<Vec<_>>(),
        "route": headers.route().map(address).collect::<Vec<_>>(),
    })
}

fn address(address: Address<'_>) -> Value {
    json!({ "name": address.display_name(), "uri": address.uri() })
}

fn subject(subject: Header<'_>) -> Value {
    json!({ "text": subject.text(), "language": subject.language() })
}

fn required(required: Required<'_>) -> Value {
    json!({
        "prefix": required.prefix(),
        "name": required.name(),
        "namespace": required.namespace(),
    })
}

fn header(header: Header<'_>) -> Value {
    json!({
        "prefix": header.prefix(),
        "name": header.name(),
        "namespace": header.namespace(),
        "value": header.raw(),
    })
}
