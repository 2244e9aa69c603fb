//! The headers of RFC 5438, written.

use std::fmt::Display;

use super::{IMDN_NAMESPACE, NotifyRequest};
use crate::cpim::{Address, CpimBuildError, CpimBuilder, is_token};

/// The headers of RFC 5438 stand under whatever prefix was declared for
/// [`IMDN_NAMESPACE`], or `imdn`.
impl CpimBuilder {
    /// Asks for notifications of what becomes of the message (RFC 5438
    /// section 7.1.1), under this Message-ID: a token that nobody can guess, as
    /// [`session_id`](crate::session_id) makes them. A DateTime has to be there
    /// too.
    pub fn request_imdn(self, message_id: &str, wanted: &[NotifyRequest]) -> Self {
        let mut builder = self.imdn_message_id(message_id);
        if wanted.is_empty() {
            return builder;
        }
        builder.asks_for_imdn = true;
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

    /// A header of RFC 5438 whose value is an address: `Original-To`,
    /// `IMDN-Record-Route` or `IMDN-Route`.
    pub fn imdn_address(self, name: &str, address: &Address<'_>) -> Self {
        self.imdn_header(name, address)
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
