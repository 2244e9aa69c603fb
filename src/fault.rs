//! The errors of readers: what is wrong, and where.

use std::ops::Range;

/// Defines the error of a reader as a kind and a place in the input.
macro_rules! reader_error {
    ($(#[$meta:meta])* $name:ident of $kind:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
        #[error("{kind}")]
        pub struct $name {
            kind: $kind,
            start: usize,
            end: usize,
        }

        impl $name {
            pub(crate) const fn new(kind: $kind, place: std::ops::Range<usize>) -> Self {
                Self { kind, start: place.start, end: place.end }
            }

            /// The same error of an input that begins `offset` octets earlier.
            #[allow(dead_code, reason = "not every reader reads parts of something larger")]
            pub(crate) const fn shifted(self, offset: usize) -> Self {
                Self { kind: self.kind, start: self.start + offset, end: self.end + offset }
            }

            /// What is wrong.
            #[must_use]
            pub const fn kind(&self) -> $kind {
                self.kind
            }

            /// Where in the input: octets counted from zero. Empty where something
            /// is missing, and for a value that was not read from text.
            #[must_use]
            pub const fn place(&self) -> std::ops::Range<usize> {
                self.start..self.end
            }
        }

        impl From<$kind> for $name {
            /// An error without a place, of a value that was not read from text.
            fn from(kind: $kind) -> Self {
                Self::new(kind, 0..0)
            }
        }
    };
}

pub(crate) use reader_error;

/// The place of the character at `at`, whole, so that a text can be cut there.
pub(crate) fn character(input: &[u8], at: usize) -> Range<usize> {
    let is_continuation = |octet: &&u8| **octet & 0b1100_0000 == 0b1000_0000;
    let is_ascii = input.get(at).is_none_or(u8::is_ascii);
    let after = input.iter().skip(at + 1).take_while(is_continuation).count();
    at..at + 1 + if is_ascii { 0 } else { after }
}
