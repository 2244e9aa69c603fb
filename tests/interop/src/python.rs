//! A client in Python that keeps to less than the RFCs allow its peers.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::{InteropError, PASSWORD, USER};

/// `client.py` of this package as a process. Dropping it stops it.
#[derive(Debug)]
pub struct PythonClient {
    process: Child,
    output: BufReader<ChildStdout>,
}

impl PythonClient {
    /// Starts it with these variables in its environment and these arguments, and gives it a
    /// line.
    ///
    /// # Errors
    ///
    /// [`InteropError::Missing`] without `python3`, other errors if it does not start.
    pub fn start(
        variables: &[(&str, &str)],
        arguments: &[&str],
        input: &str,
    ) -> Result<Self, InteropError> {
        let spawned = Command::new("python3")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/client.py"))
            .args(arguments)
            .envs(variables.iter().copied())
            .env("USER", USER)
            .env("PASSWORD", PASSWORD)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut process = match spawned {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(InteropError::Missing("python3 is not installed".into()));
            }
            process => process?,
        };
        if let Some(mut stdin) = process.stdin.take() {
            writeln!(stdin, "{input}")?;
        }
        let output = process.stdout.take();
        let output = output.ok_or_else(|| InteropError::Failed("no standard output".into()))?;
        Ok(Self { process, output: BufReader::new(output) })
    }

    /// The next line that it prints; empty when it has ended.
    ///
    /// # Errors
    ///
    /// [`InteropError::Io`] if the line cannot be read.
    pub fn line(&mut self) -> Result<String, InteropError> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for PythonClient {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
