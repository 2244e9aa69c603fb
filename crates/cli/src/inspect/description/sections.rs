//! Each section of a description.

use msrp_sdp::data_channel::{DataChannels, Dcmap};
use msrp_sdp::{Error, ErrorKind, MediaDescription, MsrpMedia, SdpTolerances, SessionDescription};
use serde_json::{Value, json};

use super::lines::Lines;
use super::{peer, values};
use crate::Ending;
use crate::inspect::{Fault, Input, report, report_unread};
use crate::output::set;

/// Prints each media section of a session description.
///
/// `msrp` is null for a section of other media, and for one with port 0. `channels` are the
/// sessions on the data channels of a section. The exit status speaks of the sections for MSRP.
#[derive(clap::Args)]
pub(in crate::inspect) struct Sections {
    /// The description; - for standard input.
    file: Input,
}

impl Sections {
    pub(in crate::inspect) fn run(&self) -> anyhow::Result<Ending> {
        let octets = self.file.read()?;
        let lines = Lines::new(&octets);
        let description = match SessionDescription::from_octets(&octets, SdpTolerances::all()) {
            Ok(description) => description,
            Err(error) => return Ok(report_unread(Vec::new(), &lines.fault(&error))),
        };
        if description.media().is_empty() {
            let tolerated = values::names([description.tolerated()]);
            return Ok(report_unread(tolerated, &lines.no_section()));
        }
        let sections = description.media().iter().enumerate();
        let unread = sections.filter(|(index, section)| {
            let read = Section::of(section, &lines, *index);
            // What is read over before the sections is told with the first.
            let session = (*index == 0).then(|| peer::of_session(&description));
            let tolerated = values::names(read.tolerated.into_iter().chain(session));
            let mut object = read.object;
            set(&mut object, "section", *index);
            report(object, tolerated, read.fault.as_ref());
            read.is_msrp && read.fault.is_some()
        });
        Ok((unread.count() == 0).into())
    }
}

/// What is read in one section.
struct Section {
    object: Value,
    tolerated: Vec<SdpTolerances>,
    fault: Option<Fault>,
    is_msrp: bool,
}

impl Section {
    fn of(section: &MediaDescription, lines: &Lines<'_>, index: usize) -> Self {
        let mut read = Self {
            object: values::lines(section),
            tolerated: vec![section.tolerated()],
            fault: None,
            is_msrp: section.media().eq_ignore_ascii_case("message"),
        };
        let media = read.media(MsrpMedia::parse(section), |error| lines.fault_in(index, error));
        let channels = read.channels(section, lines, index);
        set(&mut read.object, "msrp", media);
        set(&mut read.object, "channels", channels);
        read
    }

    /// What a session says. Of the faults of a section, the first is reported.
    fn media(
        &mut self,
        media: Result<MsrpMedia, Error>,
        fault: impl FnOnce(&Error) -> Fault,
    ) -> Value {
        match media {
            Ok(media) => {
                self.tolerated.push(media.tolerated());
                return values::media(&media);
            }
            Err(error) if matches!(error.kind(), ErrorKind::NotMsrp | ErrorKind::Closed) => {}
            Err(error) => _ = self.fault.get_or_insert_with(|| fault(&error)),
        }
        Value::Null
    }

    /// The sessions on data channels (RFC 8873).
    fn channels(
        &mut self,
        section: &MediaDescription,
        lines: &Lines<'_>,
        index: usize,
    ) -> Vec<Value> {
        if !section.media().eq_ignore_ascii_case("application") {
            return Vec::new();
        }
        self.is_msrp = section.parts().any(is_channel);
        let channels = match DataChannels::parse(section.parts()) {
            Ok(channels) => channels,
            Err(error) => {
                self.fault.get_or_insert_with(|| lines.fault_in(index, &error));
                return Vec::new();
            }
        };
        self.tolerated.push(channels.tolerated());
        let channels = channels.channels().iter();
        channels
            .map(|channel| {
                let session = channel.session(SdpTolerances::all());
                let fault = |error: &_| lines.fault_of_channel(index, channel.stream(), error);
                json!({
                    "stream": channel.stream().number(),
                    "label": channel.map().label(),
                    "msrp": self.media(session, fault),
                })
            })
            .collect()
    }
}

/// Whether an attribute says that a data channel carries MSRP.
fn is_channel((name, value): (&str, Option<&str>)) -> bool {
    let map = value.and_then(|value| value.parse::<Dcmap>().ok());
    let is_msrp = |map: &Dcmap| map.subprotocol().is_some_and(|it| it.eq_ignore_ascii_case("msrp"));
    name.eq_ignore_ascii_case("dcmap") && map.as_ref().is_some_and(is_msrp)
}
