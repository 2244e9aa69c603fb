//! File transfer (RFC 5547): the attributes that describe a file, names and hashes.
//!
//! One media section of a session description is one MSRP session and carries one
//! file. [`FileAttributes`] are what the section says of that file:
//!
//! ```
//! use msrp_sdp::file::{FileFacts, FileFit, FileSelector};
//!
//! let wanted: FileSelector = r#"name:"My report.pdf" size:4092"#.parse()?;
//! assert_eq!((wanted.name(), wanted.size()), (Some("My report.pdf"), Some(4092)));
//!
//! let file = FileFacts { name: Some("My report.pdf"), size: Some(17), ..FileFacts::default() };
//! assert!(matches!(wanted.fit(&file), FileFit::Differs(_)));
//! # Ok::<(), msrp_sdp::Error>(())
//! ```
//!
//! Values are read leniently: in any order and letter case, with extra blanks, and with
//! unknown parts. They are written in one way, which reads back the same.
//!
//! # A session for a file
//!
//! One side offers a file with [`Local::send_file`](crate::Local::send_file), the other
//! accepts it with [`Local::accept_file`](crate::Local::accept_file). Or one side asks
//! for it with [`Local::ask_for_file`](crate::Local::ask_for_file), and the other gives
//! it with `send_file`. The session then carries that file and nothing else.
//!
//! The file-transfer-id says whether an offer starts a transfer, is about a running one
//! or ends it (section 8.1). [`AnsweredTransfers`] keeps count for the answerer,
//! [`OfferedTransfer`] for the offerer. A transfer without id, from a stack that gives
//! none, is known by its media line alone.
//!
//! A side that is asked for its capabilities supports files if it answers an empty
//! `file-selector` ([`FileAttributes::capability`]).
//!
//! # The file itself
//!
//! Nothing here opens a file. A receiver uses
//!
//! 1. [`safe_name`] to turn the name in the offer into one for its file system;
//! 2. `FileVerifier` (feature `hash`) to check whether the file is the one that was
//!    offered. It needs all octets of the file, including those that were there before
//!    a transfer resumed;
//! 3. [`FileRange::missing`] to find what to ask for after an interruption.
//!
//! A sender feeds its file to `FileHasher` (feature `hash`) once, and repeats in the
//! message what the offer says of the file ([`ContentDisposition`]).

mod attributes;
mod date;
mod disposition;
mod fit;
mod hash;
mod hints;
mod name;
mod parts;
mod range;
mod selector;
mod text;
mod transfer_id;
mod transfers;
#[cfg(feature = "hash")]
mod verify;

pub use self::attributes::FileAttributes;
pub use self::date::FileDate;
pub use self::disposition::ContentDisposition;
pub use self::fit::{FileFacts, FileFit};
pub use self::hash::{FileHash, HashAlgorithm};
pub use self::hints::{FileDisposition, FileIcon};
pub use self::name::{DEFAULT_NAME, MAX_NAME_OCTETS, safe_name};
pub use self::range::FileRange;
pub use self::selector::{FileProperty, FileSelector, FileSelectorBuilder, MAX_HASHES};
pub use self::transfer_id::{FileTransferId, MAX_TRANSFER_ID_OCTETS};
pub use self::transfers::{AnsweredTransfers, OfferedTransfer, TransferOffer};
#[cfg(feature = "hash")]
pub use self::verify::{FileHasher, FileMismatch, FileVerifier};
