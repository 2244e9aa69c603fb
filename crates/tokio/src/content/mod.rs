//! What may be shown and stored of what peers send, by its type.
//!
//! Nothing that a peer sends is harmless by what it says of itself. A text can move the cursor
//! of a terminal or write from right to left, a page can run scripts, a picture can be a
//! program, and a name can be that of somebody else. The functions here take octets and what
//! their sender says of them, and return what may be shown and what is stored. They do neither.
//!
//! ```
//! use msrp_tokio::content::{Content, Declared, Policy, hanging, visible_line};
//!
//! let policy = Policy::default();
//! let declared = Declared::new("text/plain; charset=iso-8859-1");
//! let line = match policy.read(&declared, &b"Gr\xfc\xdfe\x1b[2J".as_slice().into()) {
//!     Content::Text(text) => format!("<ada> {text}"),
//!     Content::Html(html) => format!("<ada> {}", html.to_text()),
//!     Content::Image { name, .. } | Content::File { name, .. } => format!("* ada sends {name}"),
//!     _ => format!("* ada sends something of a type that is refused"),
//! };
//! assert_eq!(hanging(&line, 80), "<ada> Grüße␛[2J");
//! ```
//!
//! - [`Policy`] is the table: which [`Treatment`] each type gets. Applications change it.
//! - [`Policy::read`] gives the [`Content`] of a whole message, also of what a `message/cpim`
//!   wraps. [`Declared::file_name`] is for a large message that is stored while it arrives.
//! - [`visible_line`], [`visible_text`] and [`hanging`] are for all text of others, also names,
//!   subjects and errors. [`visible_json`] is for the output of programs, [`look_alike`] and
//!   [`spelled`] tell names apart.
//! - [`SANDBOX`] is for what a browser shows.
//!
//! # Limits
//!
//! | of | at most | beyond it |
//! |---|---|---|
//! | text and HTML to show | [`Policy::max_shown`], 64 KiB | a file |
//! | HTML | 64 KiB and 2,048 tags | a file |
//! | a body without its Content-Encoding | 16 MiB | a file, as it came |
//! | marks on one letter | 4 | their numbers |
//! | blanks in a row | 16 | left out |
//!
//! Shown text has at most four times the octets of what came, and each function takes time in
//! proportion to them: HTML of the worst kind, within these limits, some milliseconds.

mod charset;
mod declared;
mod file_name;
mod hanging;
mod hidden;
mod html;
mod json;
mod kind;
mod names;
mod policy;
mod read;
mod sandbox;
mod visible;

pub use self::declared::Declared;
pub use self::hanging::hanging;
pub use self::html::Html;
pub use self::json::visible_json;
pub use self::names::{look_alike, spelled};
pub use self::policy::{Policy, Treatment};
pub use self::read::Content;
pub use self::sandbox::SANDBOX;
pub use self::visible::{visible_line, visible_text};
