//! Which side connects (RFC 4145, RFC 6135 section 4.2).

/// The value of `a=setup`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Setup {
    /// This side connects.
    Active,
    /// The other side connects. Never in an offer.
    Passive,
    /// Either; the answer says which. In offers alone.
    Actpass,
}

impl Setup {
    /// The value of that name. `None` for `holdconn`, which counts as if no
    /// attribute were there (RFC 6135 section 4.2.1), and for others.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name.trim() {
            "active" => Some(Self::Active),
            "passive" => Some(Self::Passive),
            "actpass" => Some(Self::Actpass),
            _ => None,
        }
    }

    /// The value as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Passive => "passive",
            Self::Actpass => "actpass",
        }
    }
}
