//! Clients fill a relay by every means they have. What it really holds, counted by the
//! allocator, stays below what `RelayLimits` documents.
#![cfg(feature = "auth")]
#![allow(
    unsafe_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

#[path = "../common/mod.rs"]
mod common;
// The endurance worlds use all of it.
#[allow(dead_code)]
#[path = "../endurance/heap.rs"]
mod heap;

mod attacks;
mod flood;
mod lives;

use attacks::ATTACKS;
use flood::Flood;

#[test]
fn no_means_alone_takes_more_than_is_documented() {
    for (name, attack) in ATTACKS {
        let mut flood = Flood::new();
        attack(&mut flood);
        flood.stays_within_its_bound(name);
    }
}

#[test]
fn all_means_together_take_no_more_than_is_documented() {
    let mut flood = Flood::new();
    for (_, attack) in ATTACKS {
        attack(&mut flood);
    }
    flood.stays_within_its_bound("all");
}
