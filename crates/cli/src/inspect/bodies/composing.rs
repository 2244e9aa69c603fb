//! application/im-iscomposing+xml.

use msrp_cpim::is_composing::IsComposing;
use serde_json::{Value, json};

use super::report_document;
use crate::Ending;
use crate::inspect::Input;

/// Prints a typing indication (application/im-iscomposing+xml, RFC 3994).
#[derive(clap::Args)]
pub(in crate::inspect) struct Composing {
    /// The document; - for standard input.
    file: Input,
}

impl Composing {
    pub(in crate::inspect) fn run(&self) -> anyhow::Result<Ending> {
        let status = IsComposing::parse(&self.file.read()?);
        Ok(report_document(status.map(|status| (describe(&status), status.tolerated()))))
    }
}

fn describe(status: &IsComposing) -> Value {
    json!({
        "state": status.state().as_str(),
        "contentType": status.content_type(),
        "lastActive": status.last_active(),
        "refresh": status.refresh(),
    })
}
