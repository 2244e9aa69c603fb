//! A body of a fuzz target over its seeds, whole and cut short.

use std::path::Path;

/// Runs `body` over each seed of `folder`, a longer one cut at about `cuts` places,
/// a shorter one everywhere.
pub(crate) fn each_seed(folder: impl AsRef<Path>, cuts: usize, body: fn(&[u8])) {
    let folder = folder.as_ref();
    let mut seeds = 0;
    for entry in folder.read_dir().unwrap() {
        let seed = std::fs::read(entry.unwrap().path()).unwrap();
        let step = (seed.len() / cuts).max(1);
        for end in (0..seed.len()).step_by(step).chain([seed.len()]) {
            body(&seed[..end]);
        }
        seeds += 1;
    }
    assert!(seeds > 0, "no seeds in {}", folder.display());
}
