//! Data channels in session descriptions: what is read is written so that it
//! reads the same, and what is in order stays so.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use msrp::Framing;
use msrp_sdp::SdpTolerances;
use msrp_sdp::data_channel::{DataChannel, DataChannels, Dcmap, Dcsa, MaxMessageSize};

/// The attributes of a section, one a line.
pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for value in attributes(text).filter_map(|(_, value)| value) {
        read_back::<Dcmap>(value);
        read_back::<Dcsa>(value);
        read_back::<MaxMessageSize>(value);
    }
    let Ok(section) = DataChannels::parse(attributes(text)) else { return };
    if let Some(framing) = section.max_message_size().framing(100_000) {
        let Framing::Message { max_octets } = framing else { panic!("{framing:?}") };
        assert!((Framing::MIN_MESSAGE..=100_000).contains(&max_octets));
    }
    let written: String = section.channels().iter().map(ToString::to_string).collect();
    let again = DataChannels::parse(attributes(&written)).unwrap();
    assert!(section.closed_by(&again).next().is_none());
    for (channel, again) in section.channels().iter().zip(again.channels()) {
        assert!(channel.attributes().eq(again.attributes()));
        assert_checked(channel, again);
    }
    assert_leaves(section);
}

fn attributes(text: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    text.lines().map(|line| line.strip_prefix("a=").unwrap_or(line)).map(|attribute| {
        attribute.split_once(':').map_or((attribute, None), |(name, value)| (name, Some(value)))
    })
}

fn read_back<T: FromStr<Err: Debug> + Display + PartialEq + Debug>(text: &str) {
    let Ok(value) = text.parse::<T>() else { return };
    let written = value.to_string();
    assert!(!written.contains(['\r', '\n', '\0']), "{written:?}");
    assert_eq!(written.parse::<T>().unwrap(), value);
    assert_eq!(written.parse::<T>().unwrap().to_string(), written);
}

/// What is strictly in order is so leniently, and this side could have written
/// such a session itself.
fn assert_checked(channel: &DataChannel, again: &DataChannel) {
    let strict = channel.session(SdpTolerances::none());
    let lenient = channel.session(SdpTolerances::all());
    let Ok(session) = lenient else {
        // What is tolerated may hide what is wrong besides.
        assert!(strict.is_err());
        return;
    };
    assert_eq!(strict.is_ok(), session.tolerated() == SdpTolerances::none());
    assert_eq!(again.session(SdpTolerances::all()).as_ref(), Ok(&session));
    let media = &session;
    if media.path().last().transport() == "dc" {
        let own = DataChannel::new(channel.stream(), "", media).unwrap();
        assert_eq!(&own.session(SdpTolerances::none()).unwrap(), media);
    }
}

/// Each session leaves, and no other with it.
fn assert_leaves(mut section: DataChannels) {
    let streams: Vec<_> = section.channels().iter().map(DataChannel::stream).collect();
    for (index, stream) in streams.iter().enumerate() {
        let before = section.clone();
        assert!(section.remove(*stream) && !section.remove(*stream));
        assert!(before.closed_by(&section).eq([*stream]));
        assert_eq!(section.channels().len(), streams.len() - index - 1);
    }
}
