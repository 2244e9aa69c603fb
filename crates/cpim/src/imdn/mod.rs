//! Instant message disposition notifications (RFC 5438): whether a message/cpim
//! was delivered, processed or displayed.
//!
//! The sender asks with headers of its message/cpim. The recipient sends back a
//! message/cpim that wraps a short XML document. RFC 5438 excludes MSRP (section
//! 13), but deployed services use notifications there.
//!
//! ```text
//!  CpimBuilder::request_imdn ── message ──────▶ ImdnHeaders
//!  Notification::parse       ◀─ notification ── Notifier
//! ```
//!
#![cfg_attr(feature = "xml", doc = "```")]
#![cfg_attr(not(feature = "xml"), doc = "```ignore")]
//! use msrp::MediaType;
//! use msrp_cpim::{Address, CpimBuilder, CpimRef, DateTime};
//! use msrp_cpim::imdn::{Disposition, ImdnHeaders, Notification, Notifier, NotifyRequest};
//!
//! let alice = Address::new("im:alice@example.com")?;
//! let bob = Address::new("im:bob@example.com")?;
//! let sent = DateTime::parse("2026-05-15T15:02:31-03:00")?;
//! // Use a random Message-ID, such as `msrp::session_id` makes.
//! let message = CpimBuilder::new(&alice, &bob)
//!     .date_time(&sent)
//!     .request_imdn("hx3kfq2m7a", &[NotifyRequest::PositiveDelivery, NotifyRequest::Display])
//!     .build(&MediaType::text_plain(), b"Lunch?")?;
//!
//! // Bob has received it:
//! let mut notifier = Notifier::new(&CpimRef::parse(&message)?, &bob)?;
//! assert!(notifier.wants(Disposition::Delivered));
//! let now = DateTime::parse("2026-05-15T15:02:33-03:00")?;
//! let answer = notifier.notify(Disposition::Delivered, "s7xg4n2c5e", &now)?;
//! assert_eq!(notifier.next_hop(), &alice);
//!
//! // Alice again:
//! let read = CpimRef::parse(&answer)?;
//! assert!(ImdnHeaders::of(&read).is_notification());
//! let notification = Notification::parse(read.body())?;
//! assert_eq!(notification.message_id(), "hx3kfq2m7a");
//! assert_eq!(notification.disposition(), Some(Disposition::Delivered));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod disposition;
mod headers;
mod notification;
mod notifier;
mod request;

pub use self::disposition::{Disposition, DispositionKind, OtherDisposition};
pub use self::headers::{IMDN_TYPE, ImdnHeaders, NotifyRequest};
pub use self::notification::Notification;
pub use self::notifier::Notifier;
pub use crate::format::IMDN_NAMESPACE;
