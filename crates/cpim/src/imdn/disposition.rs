//! What a notification reports.

use crate::named::named;
use crate::xml::push_text;

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

    /// Appends the element.
    pub(super) fn push(self, out: &mut String) {
        let (kind, status) = self.kind_and_status();
        let element = kind.element();
        out.extend(["<", element, "><status><", status, "/></status></", element, ">\r\n"]);
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

/// What a notification reports in the terms of another specification: RFC 5438 lets others
/// add kinds of notifications, and statuses of its own kinds (sections 11.1 and 11.1.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherDisposition {
    pub(super) kind: Option<DispositionKind>,
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) status: Option<String>,
}

impl OtherDisposition {
    /// The kind of RFC 5438 whose status is another one. `None` if the kind is another one,
    /// too.
    #[must_use]
    pub const fn kind(&self) -> Option<DispositionKind> {
        self.kind
    }

    /// The name of the element, such as `interworking-notification`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The namespace of what RFC 5438 does not define: the element, or else its status.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name of the element in its status, such as `legacy-sms`, if there is one.
    #[must_use]
    pub fn status(&self) -> Option<&str> {
        self.status.as_deref()
    }

    /// Appends the element.
    pub(super) fn push(&self, out: &mut String) {
        let prefix = if self.kind.is_some() { "" } else { "x:" };
        out.extend(["<", prefix, &self.name, " xmlns:x=\""]);
        push_text(out, &self.namespace);
        out.extend(["\"><", prefix, "status>"]);
        if let Some(status) = &self.status {
            out.extend(["<x:", status, "/>"]);
        }
        out.extend(["</", prefix, "status></", prefix, &self.name, ">\r\n"]);
    }
}
