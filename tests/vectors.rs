//! `tests/vectors` and `tests/cases` hold what their tables list, and no more.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The first column of a folder's `INDEX.tsv`.
fn listed(folder: &Path) -> BTreeSet<String> {
    let index = fs::read_to_string(folder.join("INDEX.tsv")).unwrap();
    index.lines().skip(1).map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

fn present(folder: &Path) -> BTreeSet<String> {
    let names =
        folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != "INDEX.tsv").collect()
}

#[test]
fn the_tables_list_every_file() {
    for folder in ["tests/vectors", "tests/cases"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        assert!(!listed(&folder).is_empty());
        assert_eq!(present(&folder), listed(&folder), "{}", folder.display());
    }
}
