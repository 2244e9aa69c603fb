//! The roster of a conference or a chat room (RFC 4575): `application/conference-info+xml`,
//! which the focus sends in SIP NOTIFY requests.
//!
//! It has what a list of participants shows. The nicknames are those of RFC 6501, as RFC 7701
//! section 7.4 recommends; other elements of other specifications are passed over.
//!
#![cfg_attr(feature = "xml", doc = "```")]
#![cfg_attr(not(feature = "xml"), doc = "```ignore")]
//! use msrp_cpim::conference::{ConferenceInfo, User};
//!
//! let room = ConferenceInfo::new("sip:pier@chat.example")
//!     .version(1)
//!     .subject("Boats")
//!     .user(User::new("sip:ada@example.com").nickname("Captain"));
//! let notify = room.to_xml();
//!
//! // And on the other side:
//! let read = ConferenceInfo::parse(notify.as_bytes())?;
//! assert_eq!(read.users[0].nickname.as_deref(), Some("Captain"));
//! # Ok::<(), msrp_cpim::ParseError>(())
//! ```
//!
//! # Partial documents
//!
//! A document says all of a roster, or what has changed in it: [`Extent`]. Whoever keeps a
//! roster applies the changes in the order of their versions, by the entities of users and
//! endpoints, and asks for a full document if a version is missing (RFC 4575 section 4.6).

mod endpoint;
mod extent;
mod info;
#[cfg(feature = "xml")]
mod read;
mod user;
mod write;

pub use self::endpoint::{DisconnectionMethod, Endpoint, EndpointStatus, JoiningMethod, Media};
pub use self::extent::Extent;
pub use self::info::ConferenceInfo;
pub use self::user::User;

/// The media type of the XML.
pub const CONFERENCE_INFO_TYPE: &str = "application/conference-info+xml";

const NAMESPACE: &str = "urn:ietf:params:xml:ns:conference-info";
const XCON_NAMESPACE: &str = "urn:ietf:params:xml:ns:xcon-conference-info";
