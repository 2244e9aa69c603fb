//! Reads and writes session descriptions.

use std::fs;
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use msrp_sdp::{MAX_SDP_OCTETS, SessionDescription};

use crate::failure::Failure;

/// Fails if an answer exists before the offer does: it would belong to another.
pub(crate) fn expect_answer(path: &Path) -> Result<(), Failure> {
    if is_regular(path) {
        let path = path.display();
        return Err(Failure::usage(format!("--sdp-in {path}: the file exists before the offer")));
    }
    Ok(())
}

/// Writes a session description. A file appears complete or not at all. Standard
/// output stays open, so an empty line ends the description.
pub(crate) fn write(path: &Path, description: &SessionDescription) -> Result<(), Failure> {
    let text = description.to_string();
    let result = match path.to_str() {
        Some("-") => {
            let mut out = io::stdout().lock();
            write!(out, "{text}\r\n").and_then(|()| out.flush())
        }
        // A pipe, or a device.
        _ if path.exists() && !is_regular(path) => fs::write(path, text),
        _ => {
            let mut whole = path.as_os_str().to_owned();
            whole.push(".new");
            fs::write(&whole, text).and_then(|()| fs::rename(&whole, path))
        }
    };
    result.map_err(|error| Failure::usage(format!("--sdp-out {}: {error}", path.display())))
}

/// Reads a session description up to an empty line or the end. Waits for the file.
pub(crate) fn read(path: &Path, timeout: Duration) -> Result<SessionDescription, Failure> {
    let text = if path == Path::new("-") {
        read_all(io::stdin().lock())
    } else {
        wait_for(path, timeout)?;
        fs::File::open(path).and_then(|file| read_all(io::BufReader::new(file)))
    };
    let text = text.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            Failure::Description(error.to_string())
        }
        _ => Failure::usage(format!("--sdp-in {}: {error}", path.display())),
    })?;
    text.parse().map_err(|error: msrp_sdp::Error| Failure::Description(error.to_string()))
}

fn wait_for(path: &Path, timeout: Duration) -> Result<(), Failure> {
    let start = Instant::now();
    while !path.exists() {
        if start.elapsed() > timeout {
            return Err(Failure::NoDescription(path.to_owned()));
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn read_all(stream: impl BufRead) -> io::Result<String> {
    let mut text = String::new();
    // One octet more than the limit shows that a description is too long.
    let mut stream = stream.take(MAX_SDP_OCTETS as u64 + 1);
    while stream.read_line(&mut text)? > 0 && !text.ends_with("\n\r\n") && !text.ends_with("\n\n") {
    }
    if text.len() <= MAX_SDP_OCTETS && !text.is_empty() && !text.ends_with('\n') {
        let error = "it is cut off: its last line has no end";
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, error));
    }
    Ok(text.trim_end().to_owned() + "\r\n")
}

fn is_regular(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file())
}
