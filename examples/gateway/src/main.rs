//! MSRP behind an HTTP interface.

fn main() {}
