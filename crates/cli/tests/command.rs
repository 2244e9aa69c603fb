//! The command itself: version, help, completions, man pages, exit statuses.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod processes;

use std::process::Output;

use processes::{Receiver, Running, command, run};

const SUBCOMMANDS: [&str; 6] = ["send", "receive", "connect", "inspect", "completions", "man"];

fn output(subcommand: &str, arguments: &[&str]) -> Output {
    Running(command(subcommand, arguments).spawn().unwrap()).output()
}

/// The output of a successful command.
fn printed(subcommand: &str, arguments: &[&str]) -> String {
    let output = output(subcommand, arguments);
    assert_eq!(output.status.code(), Some(0), "{subcommand} {arguments:?}");
    assert!(output.stderr.is_empty(), "{subcommand} {arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_version_is_that_of_the_package() {
    assert_eq!(printed("--version", &[]), concat!("msrp ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn help_names_every_subcommand() {
    let help = printed("--help", &[]);
    for subcommand in SUBCOMMANDS {
        assert!(help.contains(&format!("\n  {subcommand}")), "{help}");
        let own = printed(subcommand, &["--help"]);
        assert!(own.contains(&format!("Usage: msrp {subcommand} ")), "{own}");
    }
}

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = printed("completions", &[shell]);
        for word in ["connect", "success-report"] {
            assert!(script.contains(word), "{shell}: {word} is missing");
        }
    }
}

#[test]
fn every_subcommand_has_a_man_page() {
    let page = printed("man", &[]);
    assert!(page.contains(".TH msrp 1"), "{page}");
    for subcommand in SUBCOMMANDS {
        assert!(page.contains(&format!("msrp\\-{subcommand}(1)")), "{page}");
        let own = printed("man", &[subcommand]);
        assert!(own.contains(&format!(".TH msrp-{subcommand} 1")), "{own}");
    }
    assert!(printed("man", &["send"]).contains("success\\-report"));
    assert!(printed("man", &["inspect", "frames"]).contains(".TH msrp-inspect-frames 1"));
}

#[test]
fn the_exit_status_says_how_it_ended() {
    let receiver = Receiver::start(&[]);
    assert_eq!(run("connect", &["--to", &receiver.path]).0, 0);
    assert_eq!(run("connect", &["--to", &format!("msrp://{}/no;tcp", receiver.address)]).0, 1);
    let wrong: [(&str, &[&str]); 7] = [
        ("receive", &[]),
        ("connect", &[]),
        ("send", &["--no-such-option"]),
        ("completions", &["no-such-shell"]),
        ("man", &["no-such-subcommand"]),
        ("no-such-subcommand", &[]),
        ("--no-such-option", &[]),
    ];
    for (subcommand, arguments) in wrong {
        let output = output(subcommand, arguments);
        assert_eq!(output.status.code(), Some(2), "{subcommand} {arguments:?}");
        assert!(output.stdout.is_empty(), "{subcommand} {arguments:?}");
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.starts_with("error: "), "{message}");
    }
}
