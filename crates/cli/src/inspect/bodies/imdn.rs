//! message/imdn+xml.

use msrp_cpim::imdn::{Notification, OtherDisposition};
use serde_json::{Value, json};

use super::report_document;
use crate::Ending;
use crate::inspect::Input;

/// Prints a disposition notification (message/imdn+xml, RFC 5438).
#[derive(clap::Args)]
pub(in crate::inspect) struct Imdn {
    /// The document; - for standard input.
    file: Input,
}

impl Imdn {
    pub(in crate::inspect) fn run(&self) -> anyhow::Result<Ending> {
        let notification = Notification::parse(&self.file.read()?);
        Ok(report_document(notification.map(|it| (describe(&it), it.tolerated()))))
    }
}

fn describe(notification: &Notification) -> Value {
    let disposition = notification.disposition();
    json!({
        "messageId": notification.message_id(),
        "dateTime": notification.date_time(),
        "recipient": notification.recipient(),
        "originalRecipient": notification.original_recipient(),
        "subject": notification.subject(),
        "subjectLanguage": notification.subject_language(),
        "disposition": disposition.map(|disposition| disposition.as_str()),
        "kind": disposition.map(|disposition| disposition.kind().as_str()),
        "otherDisposition": notification.other_disposition().map(other),
    })
}

/// A disposition of another specification.
fn other(disposition: &OtherDisposition) -> Value {
    json!({
        "kind": disposition.kind().map(|kind| kind.as_str()),
        "name": disposition.name(),
        "namespace": disposition.namespace(),
        "status": disposition.status(),
    })
}
