//! Principals, and what each of them holds.

pub(super) mod charge;
pub(super) mod holdings;
pub(super) mod portions;
pub(super) mod principal;
mod ranking;
pub(super) mod search;
pub(super) mod shares;
