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
    pub(super) fn read(&self) -> anyhow::Result<Vec<u8>> {
        if self.0.as_os_str() != "-" {
            return fs::read(&self.0).with_context(|| self.0.display().to_string());
        }
        let mut octets = Vec::new();
        io::stdin().read_to_end(&mut octets).context("standard input")?;
        Ok(octets)
    }
}
