//! Values with names, each type made from one list.

/// Defines a type whose values have names, so that the values, `ALL`, `as_str`,
/// `Display` and `FromStr` come from the same lines and none of them misses one.
///
/// A `pub enum` has these values alone. A `pub struct` has these as constants and
/// keeps any other token in lower case. The text in parentheses says what an
/// [`Error`](crate::Error) calls the value, and in which attribute (`of`) or text
/// (`of_text`). `any case` makes an enum ignore the case of ASCII letters when it is
/// read; a struct always does.
///
/// ```ignore
/// named! {
///     /// The value of `a=setup`.
///     pub enum Setup ("role" of "setup") {
///         /// This side connects.
///         Active = "active",
///     }
/// }
/// ```
macro_rules! named {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident ($part:literal $of:ident $subject:literal $(, $case:ident case)?) {
            $($(#[$doc:meta])* $value:ident = $text:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        $vis enum $name {
            $($(#[$doc])* $value,)+
        }

        #[allow(unreachable_pub, reason = "a private type has the same functions")]
        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];

            /// The name, as it is written.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $text,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::Error;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                let is_name = $crate::named::named!(@is_name $($case)?);
                let found = Self::ALL.iter().find(|value| is_name(value.as_str(), name));
                found.copied().ok_or_else(|| {
                    let kind = $crate::ErrorKind::Unknown;
                    $crate::Error::$of($subject, kind).with_part($part).within(name, name)
                })
            }
        }
    };
    (@is_name any) => { str::eq_ignore_ascii_case };
    (@is_name) => { <str as PartialEq>::eq };
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident ($part:literal of $attribute:literal) {
            $($(#[$doc:meta])* $value:ident = $text:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        $vis struct $name(std::borrow::Cow<'static, str>);

        #[allow(unreachable_pub, reason = "a private type has the same functions")]
        impl $name {
            $($(#[$doc])* pub const $value: Self = Self(std::borrow::Cow::Borrowed($text));)+

            /// Every value that has a constant.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];

            /// The name, in lower case.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let name = text.trim_matches($crate::token::is_blank);
                if !$crate::token::is_token(name) {
                    let error = $crate::Error::of($attribute, $crate::ErrorKind::Malformed);
                    return Err(error.with_part($part).within(text, name));
                }
                let known = Self::ALL.iter().find(|it| it.as_str().eq_ignore_ascii_case(name));
                Ok(known.cloned().unwrap_or_else(|| Self(name.to_ascii_lowercase().into())))
            }
        }
    };
}

pub(crate) use named;
