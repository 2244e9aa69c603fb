//! Session descriptions for MSRP (RFC 4975 section 8, and RFC 5547, 6135, 6714, 7701,
//! 8122 and 8873): offer and answer, file transfer, data channels.
//!
//! Plain values and pure functions: no socket, no clock, no name service. A SIP stack
//! usually has an SDP parser. It makes a [`MediaDescription`] from what it reads, and
//! writes the one it gets. Without such a parser, [`SessionDescription`] reads and
//! writes the text.
//!
//! ```text
//!   MediaDescription ── MsrpMedia::parse ──▶ MsrpMedia ── answer ──▶ MsrpMedia, SessionPlan
//!     text and back                          what one side says ▲          │ session_config
//!   Offer ── description                            complete ───┘          ▼
//!     of a Local, what this side brings                              SessionConfig
//! ```
//!
//! # An INVITE and its 200
//!
//! Alice calls and Bob answers. Each has a SIP stack around these calls:
//!
//! ```
//! use msrp::{MediaTypes, Role};
//! use msrp_sdp::{Connect, Local, MediaDescription, MsrpMedia, Offer};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Alice: the INVITE.
//! let alice = Local::new("msrp://192.0.2.1:7654/jshA7weztas;tcp".parse()?)
//!     .with_types(MediaTypes::new("message/cpim text/plain")?);
//! let offer = Offer::new(alice)?;
//! let invite = offer.description().to_string();
//!
//! // Bob: reads the offer and answers it in the 200. `msrp_sdp::refuse` answers a
//! // section that cannot be read or accepted.
//! let section: MediaDescription = invite.parse()?;
//! let bob = Local::new("msrp://192.0.2.7:12763/kjhd37s2s20w2a;tcp".parse()?);
//! let (answer, bobs_plan) = msrp_sdp::answer(&MsrpMedia::parse(&section)?, bob)?;
//! let ok = answer.description().to_string();
//!
//! // Bob waits for Alice: his session goes into the table of his listener.
//! assert_eq!((bobs_plan.role(), bobs_plan.connect()), (Role::Passive, &Connect::Await));
//! let table = msrp::SessionTable::new(100);
//! table.insert(bobs_plan.session_config())?;
//!
//! // Alice: the answer says where to connect, and which session to open there.
//! let section: MediaDescription = ok.parse()?;
//! let plan = msrp_sdp::complete(&offer, &MsrpMedia::parse(&section)?)?;
//! let Connect::To(target) = plan.connect() else { panic!() };
//! assert_eq!((target.host(), target.port()), ("192.0.2.7", 12763));
//! let session = plan.session_config();
//! # Ok(())
//! # }
//! ```
//!
//! # Who connects
//!
//! `a=setup` decides (RFC 6135): a side that accepts connections offers `actpass`, and
//! waits when it answers. Without the attribute the offerer connects (RFC 4975 section
//! 8.5). With a relay, each side connects to its own, and `setup` says which side sends
//! first. With CEMA ([`Local::with_cema`]) the `c=` and `m=` lines say where to connect,
//! and each fall-back of RFC 6714 is a [`Refusal`] that says what to do.
//!
//! A peer that gives no address, but an unspecified one, the discard port or a name under
//! `.invalid`, is never connected to. A [`Middlebox`] joins two sides that nobody can
//! connect to.
//!
//! # TLS
//!
//! An answer has the protocol of its offer (RFC 3264 section 6). The `m=` line, the path
//! and the fingerprint of one side must agree about TLS, or there is no session: whoever
//! changes one of them does not take it away. [`Target::is_secure`] follows from all of
//! them.
//!
//! # Deviations
//!
//! What deployed stacks do against the RFCs is read over by name, an [`SdpTolerance`]
//! each. [`SessionDescription::tolerated`], [`MsrpMedia::tolerated`] and
//! [`SessionPlan::tolerated`] tell. What is wrong in one section costs that section alone
//! ([`MediaDescription::fault`]).
//!
//! # Later exchanges
//!
//! Either side may offer again at any time to refresh the session, to put it on hold or
//! to change it (RFC 4975 section 8.4). Its [`Local`] is then
//! [`continuing`](Local::continuing) the last plan, whichever side offers. If neither
//! side has moved, the connection stays. [`SessionPlan::update_of`] says whether the
//! session continues and whether it has changed. After a failure, the new offer needs a
//! new URI ([`Local::with_uri`]). A section with port 0 ends a session
//! ([`MediaDescription::closed`]).
//!
//! # Files and data channels
//!
//! [`mod@file`] has the attributes of RFC 5547: a section with them is about one file.
//! [`data_channel`] has the sections of RFC 8873, which hold several sessions.
//!
//! # Errors
//!
//! Every reader and builder gives an [`Error`], which names the attribute or line.
//! [`answer`](answer()) and [`complete`] give a [`Refusal`]: why there is no session,
//! and what to answer.
//!
//! # Limits
//!
//! | what                                                | most                                |
//! |-----------------------------------------------------|-------------------------------------|
//! | octets of a session description                     | [`MAX_SDP_OCTETS`] (64 KiB)         |
//! | media sections                                      | [`MAX_SECTIONS`] (64)               |
//! | attributes of a `message` or `application` section  | [`MAX_ATTRIBUTES`] (256)            |
//! | URIs of a path                                      | [`ParseOptions::path_uris`] (16)    |
//! | extension tokens of `a=chatroom`                    | [`MAX_CHATROOM_TOKENS`] (32)        |
//! | hashes of a file-selector                           | [`file::MAX_HASHES`] (8)            |
//! | octets of a file-transfer-id                        | [`file::MAX_TRANSFER_ID_OCTETS`] (255) |
//! | octets of a safe file name                          | [`file::MAX_NAME_OCTETS`] (240)     |
//! | file transfers of a call                            | [`file::AnsweredTransfers::new`]    |
//!
//! [`ParseOptions::path_uris`]: msrp::ParseOptions::path_uris
//!
//! # Features
//!
//! - `auth` (default): `Local::relayed`, sessions through relays (RFC 4976).
//! - `hash`: `file::FileHasher` and `file::FileVerifier`, the hashes of files.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
// Nothing that a peer or a caller does may panic here.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::wildcard_enum_match_arm
)]

mod aside;
mod cema;
mod chatroom;
pub mod data_channel;
mod description;
mod digits;
mod error;
pub mod file;
mod fingerprint;
mod local;
mod media;
mod named;
mod negotiate;
mod pairs;
mod path;
mod place;
mod plan;
mod protocol;
mod setup;
mod token;
mod tolerance;

pub use self::cema::Addresses;
pub use self::chatroom::{Chatroom, MAX_CHATROOM_TOKENS};
pub use self::description::{
    Attribute, MAX_ATTRIBUTES, MAX_SDP_OCTETS, MAX_SECTIONS, MediaDescription, Origin,
    SessionDescription,
};
pub use self::error::{Error, ErrorKind};
pub use self::fingerprint::{Fingerprint, HashFunction};
pub use self::local::Local;
pub use self::media::MsrpMedia;
pub use self::negotiate::{Joined, Middlebox, Offer, Refusal, Remedy, answer, complete, refuse};
pub use self::plan::{Connect, SessionPlan, Target, Update};
pub use self::setup::Setup;
pub use self::tolerance::{SdpTolerance, SdpTolerances};

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
