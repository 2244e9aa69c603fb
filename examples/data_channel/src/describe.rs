//! One description that both sides read: WebRTC's part and the session's.

use msrp_sdp::data_channel::{DataChannel, MaxMessageSize, StreamId};

/// The attributes of the `m=application` section of a description, which is
/// that of the data channels: names, and what is behind their colons.
pub fn section(description: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let lines = description.lines().skip_while(|line| !is_ours(line)).skip(1);
    let lines = lines.take_while(|line| !line.starts_with("m="));
    lines.filter_map(|line| line.strip_prefix("a=")).map(|attribute| {
        attribute.split_once(':').map_or((attribute, None), |(name, value)| (name, Some(value)))
    })
}

/// A description of WebRTC's with a session at the end of the section of data
/// channels, and with this side's own limit for messages.
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

/// The next description of the same side when a session has been closed: its
/// lines are left out, and the port of the section stays as it is (RFC 8873
/// section 4.6).
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

/// An `o=` line with the number of the next description, other lines as they
/// are.
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
