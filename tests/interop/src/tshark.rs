//! tshark as a decoder of MSRP.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value};

use crate::InteropError;

/// The fields that tshark finds in one message, by name without the prefix `msrp.`,
/// each with all its values in unspecified order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dissected(Vec<(String, String)>);

impl Dissected {
    /// The values of a field; empty without it.
    pub fn values(&self, field: &str) -> Vec<&str> {
        let found = self.0.iter().filter(|(name, _)| name == field);
        found.map(|(_, value)| value.as_str()).collect()
    }

    fn collect(&mut self, tree: &Map<String, Value>) {
        for (name, value) in tree {
            match name.strip_prefix("msrp.") {
                Some(field) => self.take(field, value),
                None => self.descend(value),
            }
        }
    }

    fn take(&mut self, field: &str, value: &Value) {
        match value {
            Value::String(text) => self.0.push((field.to_owned(), text.clone())),
            Value::Array(values) => values.iter().for_each(|value| self.take(field, value)),
            _ => self.descend(value),
        }
    }

    fn descend(&mut self, value: &Value) {
        if let Value::Object(tree) = value {
            self.collect(tree);
        }
    }
}

/// Dissects these messages in one run of tshark, each in a packet as [`capture`] writes it.
///
/// # Errors
///
/// [`InteropError::Missing`] without `tshark` and `text2pcap`, other errors if they
/// fail.
pub fn dissect(messages: &[Vec<u8>]) -> Result<Vec<Dissected>, InteropError> {
    let folder = tempfile::tempdir()?;
    let packets = folder.path().join("packets");
    capture(messages, &packets)?;
    let read = dissect_capture(&packets)?;
    if read.len() != messages.len() {
        let why = format!("tshark read {} packets of {}", read.len(), messages.len());
        return Err(InteropError::Failed(why));
    }
    Ok(read)
}

/// Writes a capture. Each message is one TCP segment of the same connection, and must be
/// smaller than 65,000 octets to fit into a packet.
///
/// # Errors
///
/// [`InteropError::Missing`] without `text2pcap`, other errors if it fails.
pub fn capture(messages: &[Vec<u8>], packets: &Path) -> Result<(), InteropError> {
    let folder = tempfile::tempdir()?;
    let dump = folder.path().join("dump");
    fs::write(&dump, hex_dump(messages))?;
    run(Command::new("text2pcap").args(["-q", "-T", "40000,2855"]).arg(&dump).arg(packets))?;
    Ok(())
}

/// Dissects the packets of a capture, in their order.
///
/// # Errors
///
/// [`InteropError::Missing`] without `tshark`, other errors if it fails.
pub fn dissect_capture(packets: &Path) -> Result<Vec<Dissected>, InteropError> {
    let mut tshark = Command::new("tshark");
    tshark.arg("-r").arg(packets).args(["-T", "json", "-J", "msrp", "--no-duplicate-keys"]);
    let json: Vec<Value> = serde_json::from_slice(&run(&mut tshark)?)
        .map_err(|error| InteropError::Failed(format!("the output of tshark: {error}")))?;
    let layers = |packet: &Value| packet.pointer("/_source/layers/msrp").cloned();
    Ok(json
        .iter()
        .map(|packet| {
            let mut dissected = Dissected::default();
            dissected.descend(&layers(packet).unwrap_or_default());
            dissected
        })
        .collect())
}

fn run(command: &mut Command) -> Result<Vec<u8>, InteropError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = match command.output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(InteropError::Missing(format!("{program} is not installed")));
        }
        output => output?,
    };
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(InteropError::Failed(format!("{program}: {errors}")));
    }
    Ok(output.stdout)
}

/// A dump for `text2pcap`: each message starts at offset zero.
fn hex_dump(messages: &[Vec<u8>]) -> String {
    let mut dump = String::new();
    for message in messages {
        for (line, octets) in message.chunks(16).enumerate() {
            // Writing to a string does not fail.
            let _ = write!(dump, "{:06x}", line * 16);
            for octet in octets {
                let _ = write!(dump, " {octet:02x}");
            }
            dump.push('\n');
        }
    }
    dump
}
