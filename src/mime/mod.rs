//! MIME header fields and their parameters, as far as MSRP's bodies need them
//! (RFC 2045, RFC 2183, RFC 2231).

mod fields;
mod value;
mod write;

pub(crate) use self::fields::{
    Block, TooLong, head_block, is_content_field, logical_line, logical_lines,
};
pub use self::fields::{MimeHeader, MimeHeaders};
pub use self::value::MimeValue;
pub(crate) use self::value::closing_quote;
pub use self::write::{MimeError, MimeValueBuilder};
pub(crate) use self::write::{is_field_name, is_field_value};
