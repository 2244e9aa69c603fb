//! The attributes that describe a file to be transferred (RFC 5547).
//!
//! One media section of a session description is one MSRP session, and in it one
//! file. [`FileAttributes`] are what its attributes say of that file; each value
//! reads and writes itself:
//!
//! ```
//! use msrp_sdp::{FileFacts, FileFit, FileSelector};
//!
//! let asked: FileSelector = r#"name:"My report.pdf" size:4092"#.parse()?;
//! assert_eq!((asked.name(), asked.size()), (Some("My report.pdf"), Some(4092)));
//!
//! let file = FileFacts { name: Some("My report.pdf"), size: Some(17), ..FileFacts::default() };
//! assert!(matches!(asked.fit(&file), FileFit::Differs(_)));
//! # Ok::<(), msrp_sdp::FileSelectorError>(())
//! ```
//!
//! What a peer writes is read leniently: any order and letter case, more blanks,
//! missing quotes, unknown parts. It is written in one way, which reads back the
//! same.
//!
//! Nothing here opens a file. A receiver does this:
//!
//! 1. [`safe_name`] makes of the name in the offer one for its file system.
//! 2. `FileVerifier` (feature `hash`) gets the octets of the file as they are
//!    stored and says at the end whether it is the file that was offered. The hash
//!    is over the whole file: octets that were there before a transfer was resumed
//!    go in first.
//! 3. [`FileRange::missing`] is what to ask for when the transfer broke.
//!
//! A sender reads its file once for `FileHasher` (feature `hash`), and
//! [`ContentDisposition`] says in the message what the offer said of the file.
//!
//! Which offer begins a transfer, goes on with one or ends it is told by the
//! file-transfer-id (section 8.1): [`AnsweredTransfers`] keeps count for the side
//! that answers, [`OfferedTransfer`] for the side that offers.

mod attributes;
mod date;
mod disposition;
mod fit;
mod hash;
mod hints;
mod name;
mod range;
mod selector;
mod text;
mod transfer_id;
mod transfers;
#[cfg(feature = "hash")]
mod verify;

pub use self::attributes::{FileAttributeError, FileAttributes};
pub use self::date::{FileDate, FileDateError};
pub use self::disposition::{ContentDisposition, ContentDispositionError};
pub use self::fit::{FileFacts, FileFit, FileProperty};
pub use self::hash::{FileHash, FileHashError, HashAlgorithm};
pub use self::hints::{FileDisposition, FileDispositionError, FileIcon, FileIconError};
pub use self::name::{DEFAULT_NAME, MAX_NAME_OCTETS, safe_name};
pub use self::range::{FileRange, FileRangeError};
pub use self::selector::{FileSelector, FileSelectorBuilder, FileSelectorError, MAX_HASHES};
pub use self::transfer_id::{FileTransferId, FileTransferIdError, MAX_TRANSFER_ID_OCTETS};
pub use self::transfers::{AnsweredTransfers, OfferedTransfer, TransferOffer};
#[cfg(feature = "hash")]
pub use self::verify::{FileHasher, FileMismatch, FileVerifier};
