//! The headers of RFC 5438, written.

use std::fmt::Display;

use super::{IMDN_NAMESPACE, NotifyRequest};
use crate::{Address, CpimBuildError, CpimBuilder, is_token};

/// What of RFC 5438 a message has that is being written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ImdnParts {
    pub(crate) is_requested: bool,
    has_record_route: bool,
    has_original_to: bool,
}

impl ImdnParts {
    /// Whether there is something that a notification must not have.
    pub(crate) const fn is_of_message(self) -> bool {
        self.is_requested || self.has_record_route
    }
}

/// The headers of RFC 5438 stand under whatever prefix was declared for
/// [`IMDN_NAMESPACE`], or `imdn`.
impl CpimBuilder {
    /// Asks for notifications of what becomes of the message (RFC 5438
    /// section 7.1.1), under this Message-ID: a token that nobody can guess, as
    /// [`session_id`](msrp::session_id) makes them. A DateTime has to be there
    /// too.
    pub fn request_imdn(self, message_id: &str, wanted: &[NotifyRequest]) -> Self {
        let mut builder = self.imdn_message_id(message_id);
        if wanted.is_empty() {
            return builder;
        }
        builder.imdn.is_requested = true;
        let names: Vec<_> = wanted.iter().map(|request| request.as_str()).collect();
        builder.imdn_header("Disposition-Notification", names.join(", "))
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
    pub fn original_to(mut self, address: &Address<'_>) -> Self {
        if std::mem::replace(&mut self.imdn.has_original_to, true) {
            return self.wrong(CpimBuildError::Repeated("Original-To"));
        }
        self.imdn_header("Original-To", address)
    }

    /// An intermediary that wants to see the notifications (RFC 5438
    /// section 6.5).
    pub fn imdn_record_route(mut self, address: &Address<'_>) -> Self {
        self.imdn.has_record_route = true;
        self.imdn_header("IMDN-Record-Route", address)
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
