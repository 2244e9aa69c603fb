//! The clock type that the state machines are told the time in.

/// A point in time, as the caller reads it: `std::time::Instant`, but on
/// `wasm32-unknown-unknown`, where the standard library has no clock, that of the
/// crate `web-time`.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub use std::time::Instant;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use web_time::Instant;
