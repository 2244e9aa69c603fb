//! Enums whose values have names, each made from one list.

/// Defines an enum with `ALL`, `as_str`, `Display` and `FromStr`. Variants and
/// names come from the same lines, so that no function can miss a variant. The
/// text after the colon says in an [`UnknownName`](msrp::UnknownName) what was
/// expected.
macro_rules! named {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident: $what:literal {
            $($(#[$doc:meta])* $variant:ident = $text:literal,)+
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
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = msrp::UnknownName;

            /// Finds the value of this name. Letter case matters.
            fn from_str(name: &str) -> Result<Self, Self::Err> {
                let found = Self::ALL.iter().copied().find(|value| value.as_str() == name);
                found.ok_or(msrp::UnknownName::new($what, &[$($text),+]))
            }
        }
    };
}

pub(crate) use named;
