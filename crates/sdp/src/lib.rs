//! Session descriptions: what two sides tell each other before they speak MSRP
//! (RFC 4975 section 8, and 5547, 6135, 6714, 7701, 8122, 8873).
//!
//! Plain values and pure functions. Where SIP, or whatever carries descriptions,
//! is at home, there is an SDP parser most often: it makes a [`MediaDescription`]
//! of what it has read, and writes what it gets as one. Without one,
//! [`SessionDescription`] reads and writes the text.
//!
//! ```text
//!   MediaDescription ── MsrpMedia::read ──▶ MsrpMedia ── answer ──▶ MsrpMedia, SessionPlan
//!     text and back                         what one side says    ▲       │ session_config
//!   Offer ── description                          complete ───────┘       ▼
//!     of a Local, what this side brings                             SessionConfig
//! ```
//!
//! # An INVITE and its 200
//!
//! Alice calls, Bob answers; each has a SIP stack around these calls:
//!
//! ```
//! use msrp_sdp::{Connect, Local, MediaDescription, MsrpMedia, Offer};
//! use msrp::{MediaTypes, Role};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Alice: the INVITE.
//! let alice = Local::new("msrp://192.0.2.1:7654/jshA7weztas;tcp".parse()?)
//!     .types(MediaTypes::new("message/cpim text/plain")?);
//! let offer = Offer::new(alice)?;
//! let invite = offer.description().to_string();
//!
//! // Bob: what came in, and the 200 with the answer. A section that cannot be
//! // read, or that is not to be had, is answered with `msrp_sdp::refuse`.
//! let section = MediaDescription::parse(&invite)?;
//! let bob = Local::new("msrp://192.0.2.7:12763/kjhd37s2s20w2a;tcp".parse()?);
//! let (answer, bobs_plan) = msrp_sdp::answer(&MsrpMedia::read(&section)?, bob)?;
//! let ok = answer.description().to_string();
//!
//! // Bob waits for Alice: his session goes into the table of his listener.
//! assert_eq!((bobs_plan.role(), bobs_plan.connect()), (Role::Passive, &Connect::Await));
//! let table = msrp::SessionTable::new(100);
//! table.insert(bobs_plan.session_config())?;
//!
//! // Alice: the answer says where to connect, and which session to open there.
//! let answer = MsrpMedia::read(&MediaDescription::parse(&ok)?)?;
//! let plan = msrp_sdp::complete(&offer, &answer)?;
//! let Connect::To(target) = plan.connect() else { panic!() };
//! assert_eq!((target.host(), target.port()), ("192.0.2.7", 12763));
//! let session = plan.session_config();
//! # Ok(())
//! # }
//! ```
//!
//! # Who connects
//!
//! `a=setup` says so (RFC 6135): who can be connected to offers `actpass` and, when
//! it answers, waits. Without the attribute the offerer connects (RFC 4975 section
//! 8.5). Behind a relay each side connects to its own, and `setup` says who sends
//! first. Under CEMA ([`Local::cema`]) the `c=` and `m=` lines say where to connect,
//! and each of the fall-backs of RFC 6714 is a [`Refusal`] that says what to do.
//!
//! # Files
//!
//! A section with [`FileAttributes`] is about one file (RFC 5547): offered with
//! [`Local::send_file`] and taken with [`Local::accept_file`], or asked for with
//! [`Local::ask_for_file`] and given with [`Local::send_file`]. The session then
//! carries that file and nothing else. [`AnsweredTransfers`] and
//! [`OfferedTransfer`] know which transfer an offer speaks of; what is there to do
//! with the file itself is beside them: [`safe_name`], [`ContentDisposition`].
//!
//! # Data channels
//!
//! The sections of data channels hold several sessions ([`DataChannels`], RFC
//! 8873). Each is read and made as any other, with a URI of transport `dc`.
//!
//! # Later exchanges
//!
//! Either side may offer again at any time, to refresh the session, to hold it, or
//! to change it (RFC 4975 section 8.4). Its [`Local`] then is
//! [`continuing`](Local::continuing) the last plan, whoever offers: where neither
//! side has moved, nobody connects anew. [`SessionPlan::update_of`] says whether the
//! session goes on, and whether it has changed. A session that has failed is offered
//! anew with new URIs ([`Local::with_uri`]). What ends a session is the section with
//! port 0 ([`MediaDescription::closed`]). A side that is asked what it can do says
//! that it speaks of files by an empty `file-selector`
//! ([`FileAttributes::capability`]).
//!
//! # Limits
//!
//! A text has at most [`MAX_SDP_OCTETS`], [`MAX_SECTIONS`] sections and
//! [`MAX_ATTRIBUTES`] attributes in each; a path as many URIs as
//! [`ParseOptions::path_uris`](msrp::ParseOptions::path_uris) says by default.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
// Nothing that a peer or a caller does may panic here.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr
)]

mod cema;
mod chatroom;
mod data_channel;
mod digits;
mod file;
mod fingerprint;
mod local;
mod media;
mod negotiate;
mod pairs;
mod plan;
mod setup;
mod text;
mod token;

pub use self::cema::Addresses;
pub use self::chatroom::{Chatroom, MAX_CHATROOM_TOKENS};
pub use self::data_channel::{
    ChannelSession, DataChannel, DataChannelError, DataChannels, Dcmap, DcmapError, Dcsa,
    DcsaError, MaxMessageSize, Reliability, SctpAttributeError, SctpPort, StreamId,
};
pub use self::file::{
    AnsweredTransfers, ContentDisposition, ContentDispositionError, DEFAULT_NAME,
    FileAttributeError, FileAttributes, FileDate, FileDateError, FileDisposition,
    FileDispositionError, FileFacts, FileFit, FileHash, FileHashError, FileIcon, FileIconError,
    FileProperty, FileRange, FileRangeError, FileSelector, FileSelectorBuilder, FileSelectorError,
    FileTransferId, FileTransferIdError, HashAlgorithm, MAX_HASHES, MAX_NAME_OCTETS,
    MAX_TRANSFER_ID_OCTETS, OfferedTransfer, TransferOffer, safe_name,
};
#[cfg(feature = "hash")]
pub use self::file::{FileHasher, FileMismatch, FileVerifier};
pub use self::fingerprint::{Fingerprint, FingerprintError, HashFunction};
pub use self::local::{Local, LocalError};
pub use self::media::{MediaError, MsrpMedia};
pub use self::negotiate::{Offer, Refusal, Remedy, answer, complete, refuse};
pub use self::plan::{Connect, SessionPlan, Target, Update};
pub use self::setup::Setup;
pub use self::text::{
    Attribute, MAX_ATTRIBUTES, MAX_SDP_OCTETS, MAX_SECTIONS, MediaDescription, Origin, SdpError,
    SessionDescription,
};

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
