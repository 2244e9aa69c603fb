//! What is inspected.

use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;

use anyhow::Context;

/// A file, or `-` for standard input.
#[derive(Clone, Debug)]
pub(super) struct Input(PathBuf);

impl From<&str> for Input {
    fn from(path: &str) -> Self {
        Self(path.into())
    }
}

impl Input {
    fn is_standard(&self) -> bool {
        self.0.as_os_str() == "-"
    }

    /// Reads two inputs, of which one may be standard input.
    pub(super) fn read_both(&self, other: &Self) -> anyhow::Result<(Vec<u8>, Vec<u8>)> {
        let is_twice = self.is_standard() && other.is_standard();
        anyhow::ensure!(!is_twice, "only one of the two can be standard input");
        Ok((self.read()?, other.read()?))
    }

    pub(super) fn read(&self) -> anyhow::Result<Vec<u8>> {
        if !self.is_standard() {
            return fs::read(&self.0).with_context(|| self.0.display().to_string());
        }
        let mut octets = Vec::new();
        io::stdin().read_to_end(&mut octets).context("standard input")?;
        Ok(octets)
    }
}
