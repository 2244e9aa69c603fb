//! Writing the headers of RFC 5438.

use std::fmt::Display;

use super::headers::{NotifyRequest, is_notification_type};
use crate::address::Address;
use crate::builder::{CpimBuilder, Written};
use crate::error::BuildError;
use crate::format::IMDN_NAMESPACE;
use crate::grammar::is_token;

/// The headers of RFC 5438 use the prefix that was declared for
/// [`IMDN_NAMESPACE`], or else declare `imdn`.
impl CpimBuilder {
    /// Asks for notifications about the message (RFC 5438 section 7.1.1), under
    /// this Message-ID: a random token, such as
    /// [`session_id`](msrp::session_id) makes. The message needs a DateTime too.
    pub fn request_imdn(self, message_id: &str, wanted: &[NotifyRequest]) -> Self {
        let builder = self.imdn_message_id(message_id);
        if wanted.is_empty() {
            return builder;
        }
        let names: Vec<_> = wanted.iter().map(|request| request.as_str()).collect();
        builder
            .rule(has_date_time)
            .rule(is_no_notification)
            .imdn_header("Disposition-Notification", names.join(", "))
    }

    /// Sets the Message-ID of RFC 5438 section 6.3.
    pub fn imdn_message_id(self, message_id: &str) -> Self {
        if !is_token(message_id) {
            return self.wrong(BuildError::MessageId);
        }
        self.imdn_header("Message-ID", message_id)
    }

    /// Sets the original recipient, if an intermediary sends the message to
    /// another one (RFC 5438 section 6.4).
    pub fn original_to(self, address: &Address<'_>) -> Self {
        self.once("Original-To").imdn_header("Original-To", address)
    }

    /// Adds an intermediary that notifications must pass (RFC 5438 section 6.5).
    pub fn imdn_record_route(self, address: &Address<'_>) -> Self {
        self.rule(is_no_notification).imdn_header("IMDN-Record-Route", address)
    }

    /// Adds an intermediary on the route of this notification (RFC 5438 section
    /// 6.6). A [`Notifier`](super::Notifier) does so by itself.
    pub fn imdn_route(self, address: &Address<'_>) -> Self {
        self.imdn_header("IMDN-Route", address)
    }

    fn imdn_header(self, name: &str, value: impl Display) -> Self {
        match self.prefix_of(IMDN_NAMESPACE).map(|prefix| format!("{prefix}.{name}")) {
            Some(name) => self.extension(&name, value),
            None => {
                self.namespace("imdn", IMDN_NAMESPACE).extension(&format!("imdn.{name}"), value)
            }
        }
    }
}

/// A message that asks for notifications has a DateTime (RFC 5438 section
/// 7.1.1.2).
fn has_date_time(written: &Written<'_>) -> Result<(), BuildError> {
    written.has("DateTime").then_some(()).ok_or(BuildError::Missing("DateTime"))
}

/// A notification neither asks for notifications nor records their route (RFC
/// 5438 section 7.2.1).
fn is_no_notification(written: &Written<'_>) -> Result<(), BuildError> {
    let is_notification = is_notification_type(written.content_type.as_str());
    if is_notification { Err(BuildError::NotificationOfNotification) } else { Ok(()) }
}
