//! The types of outgoing messages, and those that the peer has refused.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::mime::{is_cpim, wrapped_type};
use crate::wire::media::essence_of;
use crate::wire::{MediaType, MediaTypes};

/// The most octets of `type/subtype` (RFC 6838 section 4.2). A longer one is no media type.
const MAX_ESSENCE: usize = 255;

/// The types of a message: that of the whole, and that of what a `message/cpim` wraps, as
/// far as its octets are known.
#[derive(Clone, Debug)]
pub(super) struct MessageTypes {
    outer: MediaType,
    wrapped: Option<Arc<str>>,
}

impl MessageTypes {
    pub(super) fn of(outer: &MediaType, body: &[u8]) -> Self {
        let bounded = |essence: &str| essence.get(..essence.len().min(MAX_ESSENCE)).map(Arc::from);
        let wrapped = wrapped_type(outer.as_str(), body);
        let wrapped = wrapped.and_then(|inner| bounded(essence_of(&inner)));
        Self { outer: outer.clone(), wrapped }
    }

    /// The types of the same message, now that its octets are known.
    pub(super) fn with_body(&self, body: &[u8]) -> Self {
        Self::of(&self.outer, body)
    }

    /// `type/subtype` of each, outermost first.
    pub(super) fn essences(&self) -> impl Iterator<Item = &str> {
        [self.outer.essence()].into_iter().chain(self.wrapped.as_deref())
    }

    /// Whether it is not known what a container wraps.
    fn lacks_content(&self) -> bool {
        self.wrapped.is_none() && is_cpim(self.outer.as_str())
    }

    /// The first that `accepted` does not take at its place (RFC 4975 section 8.6).
    pub(super) fn first_outside(&self, accepted: &MediaTypes) -> Option<MediaType> {
        if !accepted.accepts(self.outer.essence()) {
            return Some(self.outer.clone());
        }
        let wrapped = self.wrapped.as_deref()?;
        (!accepted.accepts_wrapped(wrapped)).then(|| self.innermost())
    }

    /// The type of the content itself; that of the whole if the other is not a media type.
    pub(super) fn innermost(&self) -> MediaType {
        let wrapped = self.wrapped.as_deref().and_then(|inner| MediaType::new(inner).ok());
        wrapped.unwrap_or_else(|| self.outer.clone())
    }
}

/// Letter case does not count.
impl PartialEq for MessageTypes {
    fn eq(&self, other: &Self) -> bool {
        let mut others = other.essences();
        let is_next = |it: &str| others.next().is_some_and(|next| next.eq_ignore_ascii_case(it));
        self.essences().all(is_next) && others.next().is_none()
    }
}

/// The types that the peer has refused with 415 (RFC 4975 section 10.6), the latest ones.
///
/// A refused message forbids those that wrap the same type in the same container. Other
/// content in that container may still be taken; without a known one, nothing is forbidden.
#[derive(Debug, Default)]
pub(super) struct RefusedTypes {
    known: VecDeque<MessageTypes>,
}

impl RefusedTypes {
    /// A chat has a handful of types. Beyond these, the peer has to refuse one again.
    const MAX: usize = 64;

    pub(super) fn insert(&mut self, types: &MessageTypes) {
        if types.lacks_content() || self.contains(types) {
            return;
        }
        if self.known.len() == Self::MAX {
            self.known.pop_front();
        }
        self.known.push_back(types.clone());
    }

    pub(super) fn contains(&self, types: &MessageTypes) -> bool {
        self.known.contains(types)
    }

    /// A later description of the peer allows the types again that it accepts, if it names
    /// the content. A wildcard is an offer to try (section 8.6), and that has been tried.
    pub(super) fn allow_again(&mut self, accepted: &MediaTypes) {
        self.known.retain(|types| {
            let is_named = types.essences().last().is_some_and(|inner| accepted.names(inner));
            !is_named || types.first_outside(accepted).is_some()
        });
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }
}
