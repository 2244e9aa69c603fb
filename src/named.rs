//! Enums whose values have names, each made from one list.

use thiserror::Error;

/// A text that names no value of an enum.
///
/// ```
/// use msrp::Tolerance;
///
/// let unknown = "ident-size".parse::<Tolerance>().unwrap_err();
/// assert!(unknown.to_string().starts_with("unknown tolerance; expected one of "));
/// assert!(unknown.expected().contains(&"ident-length"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown {what}; expected one of {}", .names.join(", "))]
pub struct UnknownName {
    what: &'static str,
    names: &'static [&'static str],
}

impl UnknownName {
    /// The error of an enum that is called `what` and has these names: for crates
    /// whose enums have names too.
    #[must_use]
    pub const fn new(what: &'static str, names: &'static [&'static str]) -> Self {
        Self { what, names }
    }

    /// Every name that is known.
    #[must_use]
    pub const fn expected(&self) -> &'static [&'static str] {
        self.names
    }
}

/// Defines an enum whose values have names: variants, documentation, names and
/// the functions that go from one to the other come from the same lines, so that
/// none of them misses a variant.
///
/// ```ignore
/// named! {
///     /// What an MSRP URI asks of its connection.
///     #[derive(PartialOrd, Ord)]
///     pub enum Scheme: "scheme", any case {
///         /// Any connection.
///         Msrp = "msrp",
///         /// A connection protected by TLS.
///         Msrps = "msrps",
///     }
/// }
/// ```
///
/// The enum is `Clone`, `Copy`, `Debug`, `PartialEq`, `Eq` and `Hash`, and has
/// `ALL`, `as_str`, `Display` and `FromStr`. The text after the colon says in an
/// [`UnknownName`] what was expected; `any case` makes reading ignore the case of
/// ASCII letters. `Display` shows the name, or the text after `=>` where a variant
/// has one: `Aborted = "aborted" => "the peer aborted the message"`.
macro_rules! named {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident: $what:literal $(, $case:ident case)? {
            $($(#[$doc:meta])* $variant:ident = $text:literal $(=> $shown:literal)?,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        $vis enum $name {
            $($(#[$doc])* #[doc = concat!("\n\nNamed `", $text, "`.")] $variant,)+
        }

        impl $name {
            /// Every value, in the order of the enum.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name, as it is written.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(match self {
                    $(Self::$variant => $crate::named::named!(@shown $text $($shown)?),)+
                })
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::named::UnknownName;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                let is_name = $crate::named::named!(@is_name $($case)?);
                let found = Self::ALL.iter().copied().find(|value| is_name(value.as_str(), name));
                found.ok_or($crate::named::UnknownName::new($what, &[$($text),+]))
            }
        }
    };
    (@shown $name:literal) => { $name };
    (@shown $name:literal $shown:literal) => { $shown };
    (@is_name any) => { str::eq_ignore_ascii_case };
    (@is_name) => { <str as PartialEq>::eq };
}

pub(crate) use named;
