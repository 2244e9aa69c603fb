//! MSRP URIs and paths: RFC 4975 sections 6, 6.1 and 9.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod building;
mod comparison;
mod parts;
mod paths;
mod reading;
mod spelling;
