//! Each sentence of ARCHITECTURE.md under "Security" names a test that exists.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;

/// The tests in the last column of the table: `FILE::NAME`, the file without `.rs`.
fn tests(page: &str) -> Vec<(&str, &str)> {
    let (_, section) = page.split_once("\n## Security\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| ") && !line.contains("| test |"));
    let cells = rows.flat_map(|row| row.rsplit('|').nth(1).unwrap().split(','));
    cells.map(|cell| cell.trim().trim_matches('`').rsplit_once("::").unwrap()).collect()
}

/// The tests that are in no file. A package of the library is without the other crates and
/// the benches.
fn missing(root: &Path, page: &str) -> Vec<String> {
    let is_here = |file: &str| {
        let folder = file.split('/').next().unwrap();
        folder == "tests" || root.join(folder).exists()
    };
    let exists = |file: &str, name: &str| {
        let source = fs::read_to_string(root.join(file).with_extension("rs"));
        source.is_ok_and(|source| source.contains(&format!("fn {name}(")))
    };
    let named = tests(page).into_iter();
    let gone = named.filter(|(file, name)| is_here(file) && !exists(file, name));
    gone.map(|(file, name)| format!("{file}::{name}")).collect()
}

#[test]
fn every_sentence_on_security_has_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    assert!(tests(&page).len() > 20);
    let missing = missing(root, &page);
    assert!(missing.is_empty(), "no such tests: {}", missing.join(", "));
}

#[test]
fn a_test_that_does_not_exist_is_missed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let row =
        |test: &str| format!("\n## Security\n\n| what holds | test |\n|---|---|\n| x | {test} |\n");
    let here = "`tests/security::a_test_that_does_not_exist_is_missed`";
    assert!(missing(root, &row(here)).is_empty());
    let gone = "`tests/security::a_test_of_nothing`";
    assert_eq!(
        missing(root, &row(&format!("{here}, {gone}"))),
        ["tests/security::a_test_of_nothing"]
    );
}
