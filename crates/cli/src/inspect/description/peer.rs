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
        let mut faults = Vec::new();
        for (index, section) in description.media().iter().enumerate() {
            match MsrpMedia::parse(section) {
                Ok(media) => return Ok(Self { description, index, media }),
                Err(error) => {
                    let is_msrp = section.media().eq_ignore_ascii_case("message");
                    let rank = (!is_msrp, error.kind() == ErrorKind::NotMsrp);
                    faults.push((rank, lines.fault_in(index, &error)));
                }
            }
        }
        // The fault of the section that is most likely meant for MSRP.
        let fault = faults.into_iter().min_by_key(|(rank, _)| *rank).map(|(_, fault)| fault);
        let fault = fault.unwrap_or_else(|| lines.no_section());
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
