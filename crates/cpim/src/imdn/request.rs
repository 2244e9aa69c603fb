//! The headers of RFC 5438, written.

use std::fmt::Display;

use super::headers::{IMDN_NAMESPACE, NotifyRequest, is_notification_type};
use crate::address::Address;
use crate::builder::{CpimBuilder, Written};
use crate::error::CpimBuildError;
use crate::grammar::is_token;

/// The headers of RFC 5438 stand under whatever prefix was declared for
/// [`IMDN_NAMESPACE`], or `imdn`.
impl CpimBuilder {
    /// Asks for notifications of what becomes of the message (RFC 5438
    /// section 7.1.1), under this Message-ID: a token that nobody can guess, as
    /// [`session_id`](msrp::session_id) makes them. A DateTime has to be there
    /// too.
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

    /// The Message-ID of RFC 5438 section 6.3.
    pub fn imdn_message_id(self, message_id: &str) -> Self {
        if !is_token(message_id) {
            return self.wrong(CpimBuildError::MessageId);
        }
        self.imdn_header("Message-ID", message_id)
    }

    /// Whom the message was for, of an intermediary that sends it to somebody
    /// else (RFC 5438 section 6.4).
    pub fn original_to(self, address: &Address<'_>) -> Self {
        self.once("Original-To").imdn_header("Original-To", address)
    }

    /// An intermediary that wants to see the notifications (RFC 5438
    /// section 6.5).
    pub fn imdn_record_route(self, address: &Address<'_>) -> Self {
        self.rule(is_no_notification).imdn_header("IMDN-Record-Route", address)
    }

    /// An intermediary that a notification goes through (RFC 5438
    /// section 6.6). [`Notifier`](super::Notifier) writes it by itself.
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
fn has_date_time(written: &Written<'_>) -> Result<(), CpimBuildError> {
    written.has("DateTime").then_some(()).ok_or(CpimBuildError::MissingDateTime)
}

/// A notification neither asks for notifications nor records their route (RFC
/// 5438 section 7.2.1).
fn is_no_notification(written: &Written<'_>) -> Result<(), CpimBuildError> {
    let is_notification = is_notification_type(written.content_type.as_str());
    if is_notification { Err(CpimBuildError::NotificationOfNotification) } else { Ok(()) }
}
