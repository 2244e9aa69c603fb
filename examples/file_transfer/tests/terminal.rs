//! The question in a terminal, driven by `terminal.sh`. Skipped without tmux.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::process::Command;

#[test]
fn a_person_in_a_terminal_is_asked() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/terminal.sh");
    let mut command = Command::new(script);
    let made = command.arg(env!("CARGO_BIN_EXE_msrp-file-transfer")).output().unwrap();
    let said = String::from_utf8_lossy(&made.stdout);
    println!("{said}");
    assert!(made.status.success(), "{said}{}", String::from_utf8_lossy(&made.stderr));
    assert!(said.contains("all was seen") || said.contains("skipped"));
}
