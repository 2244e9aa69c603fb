//! Which files the user accepts.

use msrp::{MediaType, MediaTypes};
use msrp_sdp::Local;
use msrp_sdp::file::FileSelector;

use crate::failure::Failure;
use crate::options;
use crate::wrapper::{CPIM, MAX_WRAPPER_OCTETS};

/// Which files the user accepts.
#[derive(Clone)]
pub(crate) struct Policy {
    /// The accepted media types, as listed.
    types: MediaTypes,
    /// The same for session descriptions, with the types of wrapped files.
    described: MediaTypes,
    size: Option<u64>,
}

impl Policy {
    pub(crate) fn new(options: &options::Fetch) -> Result<Self, Failure> {
        let types = options.accept_type.clone().listed_only();
        let list = types.types().collect::<Vec<_>>().join(" ");
        let described = if types.accepts(CPIM) {
            MediaTypes::new(&list).map_err(Failure::local)?
        } else {
            let types = MediaTypes::new(&format!("{list} {CPIM}"));
            types.and_then(|types| types.wrapped(&list)).map_err(Failure::local)?
        };
        Ok(Self { types, described, size: options.accept_size })
    }

    /// Adds the accepted types and size to a session for a file.
    pub(crate) fn say(&self, local: Local, file: &FileSelector) -> Local {
        let local = local.with_types(self.described.clone());
        // A message may have a wrapper around the file.
        let most = self.most(file.size());
        local.with_max_size(most.map_or(u64::MAX, |most| most.saturating_add(MAX_WRAPPER_OCTETS)))
    }

    /// The most octets of a file with this known size.
    pub(crate) fn most(&self, size: Option<u64>) -> Option<u64> {
        self.size.into_iter().chain(size).min()
    }

    /// Checks a file as far as it is described.
    pub(crate) fn check(&self, file: &FileSelector) -> Result<(), Failure> {
        self.check_size(file.size())?;
        file.media_type().map_or(Ok(()), |media_type| self.check_type(media_type.essence()))
    }

    pub(crate) fn check_size(&self, size: Option<u64>) -> Result<(), Failure> {
        match (self.size, size) {
            (Some(most), Some(size)) if size > most => {
                Err(Failure::Unwanted(format!("it is larger than {most} octets")))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn check_type(&self, media_type: &str) -> Result<(), Failure> {
        if self.types.accepts(media_type) {
            return Ok(());
        }
        let media_type = MediaType::new(media_type);
        let essence = media_type.as_ref().map_or("its type", MediaType::essence);
        Err(Failure::Unwanted(format!("{essence} is not wanted")))
    }
}
