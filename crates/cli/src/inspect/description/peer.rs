//! The section for MSRP in the description of one side.

use msrp_sdp::{ErrorKind, MsrpMedia, SdpTolerance, SdpTolerances, SessionDescription};

use super::lines::Lines;
use crate::inspect::Fault;

/// A description, and the first of its sections that MSRP can use.
pub(super) struct Peer {
    pub(super) description: SessionDescription,
    pub(super) index: usize,
    pub(super) media: MsrpMedia,
}

/// A description without such a section.
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
        let sections = description.media().iter().enumerate();
        let mut first = None;
        for (index, section) in sections {
            match MsrpMedia::parse(section) {
                Ok(media) => return Ok(Self { description, index, media }),
                Err(error) if error.kind() == ErrorKind::NotMsrp => {}
                Err(error) => {
                    first.get_or_insert_with(|| lines.fault_in(index, &error));
                }
            }
        }
        let fault = first.unwrap_or_else(|| lines.no_section());
        Err(Unread { tolerated: description.tolerated(), fault })
    }

    /// What was read over in the session and in this section.
    pub(super) fn tolerated(&self) -> [SdpTolerances; 2] {
        [self.description.tolerated(), self.media.tolerated()]
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
