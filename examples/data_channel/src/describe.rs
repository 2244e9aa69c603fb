//! Session descriptions with both parts: WebRTC's and the MSRP session's.

use msrp_sdp::data_channel::{DataChannel, MaxMessageSize, StreamId};

/// The attributes of the `m=application` section, which describes the data
/// channels: names, and the values after the colon.
pub fn section(description: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let lines = description.lines().skip_while(|line| !is_ours(line)).skip(1);
    let lines = lines.take_while(|line| !line.starts_with("m="));
    lines.filter_map(|line| line.strip_prefix("a=")).map(|attribute| {
        attribute.split_once(':').map_or((attribute, None), |(name, value)| (name, Some(value)))
    })
}

/// Adds a session to the data channel section of a WebRTC description, and sets
/// this side's limit for messages.
pub(crate) fn merged(description: &str, size: MaxMessageSize, session: &DataChannel) -> String {
    const SIZE: &str = "a=max-message-size:";
    let mut text = String::new();
    let mut is_within = false;
    let mut put = |line: &str| text.extend([line, "\r\n"]);
    for line in description.lines() {
        if is_within && line.starts_with("m=") {
            put(session.to_string().trim_end());
            is_within = false;
        }
        is_within |= is_ours(line);
        match line.starts_with(SIZE) {
            true => put(&format!("{SIZE}{size}")),
            false => put(line),
        }
    }
    if is_within {
        put(session.to_string().trim_end());
    }
    text
}

/// The next description of the same side after a session has been closed. It leaves
/// out the lines of the session and keeps the port of the section (RFC 8873 section
/// 4.6).
#[must_use]
pub fn closed(description: &str, stream: StreamId) -> String {
    let is_of_session = |line: &str| {
        ["a=dcmap:", "a=dcsa:"]
            .iter()
            .filter_map(|name| line.strip_prefix(name))
            .any(|value| value.split(' ').next().is_some_and(|number| number == stream.to_string()))
    };
    let kept = description.lines().filter(|line| !is_of_session(line));
    kept.map(|line| next_version(line) + "\r\n").collect()
}

/// Increments the version in an `o=` line. Other lines stay as they are.
fn next_version(line: &str) -> String {
    let mut words: Vec<String> = line.split(' ').map(Into::into).collect();
    if let [name, _, version, ..] = &mut *words
        && name.starts_with("o=")
        && let Ok(number) = version.parse::<u64>()
    {
        *version = number.wrapping_add(1).to_string();
    }
    words.join(" ")
}

fn is_ours(line: &str) -> bool {
    line.starts_with("m=application ") && line.ends_with(" webrtc-datachannel")
}
