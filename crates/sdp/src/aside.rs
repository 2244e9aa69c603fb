//! What is known of a value beside what it says.

use std::hash::{Hash, Hasher};

/// Is never compared: values are equal by what they say, however they were written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Aside<T>(pub(crate) T);

impl<T> PartialEq for Aside<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T> Eq for Aside<T> {}

impl<T> Hash for Aside<T> {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
