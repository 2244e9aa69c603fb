//! Each section of a description.

use msrp_sdp::{ErrorKind, MediaDescription, MsrpMedia, SdpTolerances, SessionDescription};
use serde_json::Value;

use super::lines::Lines;
use super::{peer, values};
use crate::Ending;
use crate::inspect::{Input, report, report_unread};
use crate::output::set;

/// Prints each media section of a session description.
///
/// `msrp` is null for a section of other media, and for one with port 0. The exit status
/// speaks of the sections of media `message`.
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
            let is_read = show(&lines, &description, *index, section);
            !is_read && section.media().eq_ignore_ascii_case("message")
        });
        Ok((unread.count() == 0).into())
    }
}

/// Prints one section. Returns whether it can be read, or is none for MSRP.
fn show(
    lines: &Lines<'_>,
    description: &SessionDescription,
    index: usize,
    section: &MediaDescription,
) -> bool {
    let mut object = values::lines(section);
    set(&mut object, "section", index);
    set(&mut object, "msrp", Value::Null);
    // What is read over before the sections is told with the first.
    let of_session = if index == 0 { peer::of_session(description) } else { SdpTolerances::none() };
    let mut tolerated = vec![of_session, section.tolerated()];
    let error = match MsrpMedia::parse(section) {
        Ok(media) => {
            tolerated.push(media.tolerated());
            set(&mut object, "msrp", values::media(&media));
            None
        }
        Err(error) if matches!(error.kind(), ErrorKind::NotMsrp | ErrorKind::Closed) => None,
        Err(error) => Some(lines.fault_in(index, &error)),
    };
    report(object, values::names(tolerated), error.as_ref());
    error.is_none()
}
