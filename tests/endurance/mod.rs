//! The worlds of the endurance tests.

pub mod acting;
pub mod app;
pub mod attacks;
pub mod bound;
pub mod heap;
pub mod hostile;
pub mod ledger;
pub mod liveness;
pub mod peer;
pub mod plan;
pub mod wire;
pub mod world;
