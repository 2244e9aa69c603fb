//! How much a part of a document says.

use crate::named::named;

named! {
    /// How much a document, its list of users, a user or an endpoint says (RFC 4575 section
    /// 4.1).
    #[derive(Default)]
    #[non_exhaustive]
    pub enum Extent: "state of an element" {
        /// All of it.
        #[default]
        Full = "full",
        /// What has changed.
        Partial = "partial",
        /// That it exists no more.
        Deleted = "deleted",
    }
}
