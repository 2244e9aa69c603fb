//! The sections for MSRP in the description of one side.

use msrp_sdp::{ErrorKind, MsrpMedia, SdpTolerance, SdpTolerances, SessionDescription};

use super::lines::Lines;
use crate::inspect::Fault;

/// A description, and those of its sections that MSRP can use.
pub(super) struct Peer {
    pub(super) description: SessionDescription,
    /// Each section, if MSRP can use it.
    sections: Vec<Option<MsrpMedia>>,
    /// Of the other section that is most likely meant for MSRP.
    fault: Fault,
}

/// A description without a section that can be used.
pub(super) struct Unread {
    pub(super) tolerated: SdpTolerances,
    pub(super) fault: Fault,
}

impl Peer {
    pub(super) fn read(octets: &[u8]) -> Result<Self, Unread> {
        let lines = Lines::new(octets);
        let none = SdpTolerances::none();
        let description = SessionDescription::from_octets(octets, SdpTolerances::all())
            .map_err(|error| Unread { tolerated: none, fault: lines.fault(&error) })?;
        let (mut sections, mut faults) = (Vec::new(), Vec::new());
        for (index, section) in description.media().iter().enumerate() {
            let media = MsrpMedia::parse(section);
            if let Err(error) = &media {
                let is_msrp = section.media().eq_ignore_ascii_case("message");
                let rank = (!is_msrp, error.kind() == ErrorKind::NotMsrp);
                faults.push((rank, lines.fault_in(index, error)));
            }
            sections.push(media.ok());
        }
        let fault = faults.into_iter().min_by_key(|(rank, _)| *rank).map(|(_, fault)| fault);
        let fault = fault.unwrap_or_else(|| lines.no_section());
        Ok(Self { description, sections, fault })
    }

    /// The sections that MSRP can use, each with its index.
    pub(super) fn sections(&self) -> impl Iterator<Item = (usize, &MsrpMedia)> {
        let sections = self.sections.iter().enumerate();
        sections.filter_map(|(index, media)| Some((index, media.as_ref()?)))
    }

    /// The section with this index, if MSRP can use it.
    pub(super) fn section(&self, index: usize) -> Option<&MsrpMedia> {
        self.sections.get(index)?.as_ref()
    }

    /// What was read over in the session and in a section.
    pub(super) fn tolerated(&self, index: usize) -> [SdpTolerances; 2] {
        let none = SdpTolerances::none();
        [self.description.tolerated(), self.section(index).map_or(none, MsrpMedia::tolerated)]
    }

    /// Why the section that is needed cannot be used.
    pub(super) fn unread(self) -> Unread {
        Unread { tolerated: self.description.tolerated(), fault: self.fault }
    }
}

/// What was read over before the first section.
pub(super) fn of_session(description: &SessionDescription) -> SdpTolerances {
    let is_of_section = |tolerance: &SdpTolerance| {
        description.media().iter().any(|section| section.tolerated().contains(*tolerance))
    };
    let rest = description.tolerated().iter().filter(|it| !is_of_section(it));
    rest.fold(SdpTolerances::none(), SdpTolerances::with)
}
