//! Names of files from a peer.

use std::path::{Component, Path};

use msrp_sdp::file::{DEFAULT_NAME, MAX_NAME_OCTETS, safe_name};
use proptest::prelude::*;

use super::hostile_text;

/// What must hold for every name from a peer.
fn assert_safe(name: &str) {
    let safe = safe_name(name);
    assert!(!safe.is_empty() && safe.len() <= MAX_NAME_OCTETS, "{name:?}: {safe:?}");
    assert!(!safe.contains(['/', '\\', ':', '<', '>', '"', '|', '?', '*']), "{safe:?}");
    assert!(!safe.contains(|letter: char| letter.is_control()), "{safe:?}");
    assert!(!safe.starts_with(['.', '-', ' ']) && !safe.ends_with(['.', ' ']), "{safe:?}");
    let joined = Path::new("out").join(&safe);
    let parts: Vec<_> = joined.components().collect();
    assert_eq!(parts, [Component::Normal("out".as_ref()), Component::Normal(safe.as_ref())]);
    assert_eq!(safe_name(&safe), safe, "a safe name is one");
}

// req: 5547-10-2
#[test]
fn hostile_names_become_harmless() {
    for (name, safe) in [
        ("../../etc/passwd", "passwd"),
        ("/etc/passwd", "passwd"),
        ("..", DEFAULT_NAME),
        (".", DEFAULT_NAME),
        ("", DEFAULT_NAME),
        ("   ", DEFAULT_NAME),
        ("/", DEFAULT_NAME),
        ("a/", "a"),
        ("a/..", "a"),
        ("C:\\x", "x"),
        ("C:x", "C_x"),
        ("\\\\host\\share\\y.txt", "y.txt"),
        ("x.txt:stream", "x.txt_stream"),
        ("a\0b", "a_b"),
        ("a\r\nb", "a__b"),
        ("a\u{7f}\u{9b}b", "a__b"),
        (".bashrc", "bashrc"),
        ("...hidden", "hidden"),
        ("x.txt. . ", "x.txt"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("nul .tar.gz", "_nul .tar.gz"),
        ("COM1", "_COM1"),
        ("lpt9.x", "_lpt9.x"),
        ("COM¹", "_COM¹"),
        ("CONIN$", "_CONIN$"),
        ("COM10", "COM10"),
        ("console", "console"),
        ("-rf", "_-rf"),
        ("photo\u{202e}gpj.exe", "photogpj.exe"),
        ("..\u{2044}..\u{2215}etc\u{ff0f}passwd", "_.._etc_passwd"),
        ("\u{ff0e}\u{ff0e}", "__"),
        ("a\u{2028}b", "a_b"),
        ("<script>?*|\"", "_script_____"),
        ("%2e%2e%2fpasswd", "%2e%2e%2fpasswd"),
        ("日本語.txt", "日本語.txt"),
        ("نامه\u{200c}ها.txt", "نامه\u{200c}ها.txt"),
    ] {
        assert_eq!(safe_name(name), safe, "{name:?}");
        assert_safe(name);
    }
}

#[test]
fn long_names_keep_their_ending() {
    for stem in ["x", "é", "日", "😀", "a."] {
        for ending in [".tar.gz", ".", "", ".jpeg", ".日本"] {
            let name = format!("{}{ending}", stem.repeat(300));
            let safe = safe_name(&name);
            assert_safe(&name);
            assert!(safe.len() > MAX_NAME_OCTETS - 16, "{safe}");
            let last = ending.rfind('.').map_or("", |dot| &ending[dot..]);
            assert!(last == "." || safe.ends_with(last), "{safe}");
        }
    }
    // The prefix of a device name counts towards the limit.
    for len in 230..250 {
        assert_safe(&format!("NUL.{}.gz", "x".repeat(len)));
    }
    let no_ending = format!("a.{}", "b".repeat(400));
    assert_eq!(safe_name(&no_ending).len(), MAX_NAME_OCTETS);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_name_becomes_harmless(name in hostile_text()) {
        assert_safe(&name);
    }

    #[test]
    fn any_long_name_becomes_harmless(stem in hostile_text(), ending in hostile_text(), times in 1..20_usize) {
        assert_safe(&format!("{}{ending}", stem.repeat(times)));
    }

    #[test]
    fn a_device_stays_none(name in "(CON|con|Aux|nul|COM|LPT|COM[0-9²]|lpt[0-9]|CLOCK\\$)[ .]{0,3}[a-z]{0,2}") {
        assert_safe(&name);
    }
}
