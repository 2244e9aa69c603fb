//! Which side connects (RFC 4145, RFC 6135 section 4.2).

use msrp::Role;

use crate::named::named;

named! {
    /// The value of `a=setup`.
    ///
    /// `holdconn` is not among them: it counts as if the attribute were missing
    /// (RFC 6135 section 4.2.1).
    pub enum Setup ("role" of "setup") {
        /// This side connects.
        Active = "active",
        /// The other side connects. An offer never says so.
        Passive = "passive",
        /// Either side; the answer says which. Only an offer says so.
        Actpass = "actpass",
    }
}

impl Setup {
    /// The value that announces a role.
    pub(crate) const fn of(role: Role) -> Self {
        match role {
            Role::Active => Self::Active,
            Role::Passive => Self::Passive,
        }
    }
}
