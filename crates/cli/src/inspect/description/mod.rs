//! Session descriptions: their sections, answers, and what is agreed on.

mod lines;
mod negotiate;
mod peer;
mod sections;
mod values;

pub(super) use self::negotiate::{Answer, Complete};
pub(super) use self::sections::Sections;
