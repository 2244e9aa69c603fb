//! message/cpim: what is read, what is tolerated, and what is written.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod reading;
mod vectors;

use msrp::cpim::*;

fn address(uri: &str) -> Address<'_> {
    Address::new(uri).unwrap()
}
