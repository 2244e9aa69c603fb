//! What people may be shown of a message.

use bytes::Bytes;
use msrp::Received;
use msrp_tokio::content::{Content, Declared, Policy};

/// The text of a message without anything hidden, or the safe name of what is no text.
pub(super) fn shown(message: &Received, body: &Bytes) -> String {
    match Policy::default().read(&Declared::of(message), body) {
        Content::Text(text) => text,
        Content::Html(html) => html.to_text(),
        Content::Image { name, octets, .. } | Content::File { name, octets } => {
            format!("[{name}, {} octets]", octets.len())
        }
        Content::Refused | _ => "[nothing that may be shown]".to_owned(),
    }
}
