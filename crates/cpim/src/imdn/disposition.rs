//! What a notification reports.

use crate::named::named;

named! {
    /// What happened to a message.
    #[non_exhaustive]
    pub enum Disposition: "disposition" {
        /// The message was delivered.
        Delivered = "delivered",
        /// The message could not be delivered.
        DeliveryFailed = "delivery-failed",
        /// The recipient does not disclose whether the message was delivered.
        DeliveryForbidden = "delivery-forbidden",
        /// It is unknown whether the message was delivered.
        DeliveryError = "delivery-error",
        /// The message was displayed.
        Displayed = "displayed",
        /// The recipient does not disclose whether the message was displayed.
        DisplayForbidden = "display-forbidden",
        /// It is unknown whether the message was displayed.
        DisplayError = "display-error",
        /// An intermediary processed the message.
        Processed = "processed",
        /// An intermediary stored the message for later.
        Stored = "stored",
        /// The intermediary does not disclose what it did.
        ProcessingForbidden = "processing-forbidden",
        /// It is unknown what the intermediary did.
        ProcessingError = "processing-error",
    }
}

named! {
    /// The subject of a notification. A recipient sends at most one of each kind
    /// for a message (RFC 5438 section 7.2.1).
    #[derive(PartialOrd, Ord)]
    #[non_exhaustive]
    pub enum DispositionKind: "kind of disposition" {
        /// Delivery to the recipient.
        Delivery = "delivery",
        /// Display to the user.
        Display = "display",
        /// Processing by an intermediary.
        Processing = "processing",
    }
}

impl Disposition {
    /// What the notification is about.
    #[must_use]
    pub const fn kind(self) -> DispositionKind {
        self.kind_and_status().0
    }

    /// The kind, and the name of the element of the status.
    pub(super) const fn kind_and_status(self) -> (DispositionKind, &'static str) {
        use DispositionKind::{Delivery, Display, Processing};
        match self {
            Self::Delivered => (Delivery, "delivered"),
            Self::DeliveryFailed => (Delivery, "failed"),
            Self::DeliveryForbidden => (Delivery, "forbidden"),
            Self::DeliveryError => (Delivery, "error"),
            Self::Displayed => (Display, "displayed"),
            Self::DisplayForbidden => (Display, "forbidden"),
            Self::DisplayError => (Display, "error"),
            Self::Processed => (Processing, "processed"),
            Self::Stored => (Processing, "stored"),
            Self::ProcessingForbidden => (Processing, "forbidden"),
            Self::ProcessingError => (Processing, "error"),
        }
    }
}

impl DispositionKind {
    /// The name of the element.
    pub(super) const fn element(self) -> &'static str {
        match self {
            Self::Delivery => "delivery-notification",
            Self::Display => "display-notification",
            Self::Processing => "processing-notification",
        }
    }
}
