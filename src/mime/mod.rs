//! MIME header fields and their parameters, as far as MSRP's bodies need them
//! (RFC 2045, RFC 2183, RFC 2231).

mod fields;
mod value;
mod wrapped;
mod write;

pub use self::fields::{
    Block, LogicalLines, MimeHeader, MimeHeaders, TooLong, head_block, is_content_field,
    logical_lines,
};
pub use self::value::{MimeValue, closing_quote};
pub(crate) use self::wrapped::is_cpim;
pub use self::wrapped::wrapped_type;
pub use self::write::{MimeValueBuilder, is_field_name, is_field_value};
