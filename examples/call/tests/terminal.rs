//! A call in two terminals, driven by `terminal.sh`. Skipped without tmux.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::process::Command;

#[test]
fn two_people_in_terminals() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/terminal.sh");
    let mut command = Command::new(script);
    let made = command.arg(env!("CARGO_BIN_EXE_msrp-call")).output().unwrap();
    let said = String::from_utf8_lossy(&made.stdout);
    println!("{said}");
    assert!(made.status.success(), "{said}{}", String::from_utf8_lossy(&made.stderr));
    assert!(said.contains("all was seen") || said.contains("skipped"));
}
