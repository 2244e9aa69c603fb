//! Sets of tolerances.

macro_rules! tolerance_set {
    ($(#[$doc:meta])* $set:ident of $tolerance:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub struct $set(u32);

        impl $set {
            /// Every tolerance.
            #[must_use]
            pub const fn all() -> Self {
                Self((1 << $tolerance::ALL.len()) - 1)
            }

            /// No tolerance: the RFC to the letter.
            #[must_use]
            pub const fn none() -> Self {
                Self(0)
            }

            /// This set and `tolerance`.
            #[must_use]
            pub const fn with(self, tolerance: $tolerance) -> Self {
                Self(self.0 | 1 << tolerance as u32)
            }

            /// This set less `tolerance`.
            #[must_use]
            pub const fn without(self, tolerance: $tolerance) -> Self {
                Self(self.0 & !(1 << tolerance as u32))
            }

            /// Whether `tolerance` is in this set.
            #[must_use]
            pub const fn contains(self, tolerance: $tolerance) -> bool {
                self.0 & 1 << tolerance as u32 != 0
            }

            /// Whether the set is empty.
            #[must_use]
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// The tolerances of this set, in the order of their enum.
            pub fn iter(self) -> impl Iterator<Item = $tolerance> {
                $tolerance::ALL.into_iter().filter(move |tolerance| self.contains(*tolerance))
            }

            /// What is in this set and not in `other`.
            pub(crate) const fn minus(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }

            /// What is in either set.
            pub(crate) const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }

        impl std::fmt::Debug for $set {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_set().entries(self.iter()).finish()
            }
        }
    };
}

pub(crate) use tolerance_set;
