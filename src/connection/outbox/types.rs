//! The types of outgoing messages, and those that the peer has refused.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::connection::config::direction::is_control;
use crate::mime::{contained_types, is_cpim, is_multipart};
use crate::wire::media::essence_of;
use crate::wire::{MediaType, MediaTypes};

/// The most octets of `type/subtype` (RFC 6838 section 4.2). A longer one is no media type.
const MAX_ESSENCE: usize = 255;

/// Types that a message may contain and be told apart by.
const MAX_CONTAINED: usize = 16;

/// The types of a message: that of the whole, and those of what a container in it holds, as
/// far as its octets are known. Each is there once.
#[derive(Clone, Debug)]
pub(in crate::connection) struct MessageTypes {
    outer: MediaType,
    /// Of a `message/cpim`, what it wraps comes first.
    contained: Arc<[Box<str>]>,
}

impl MessageTypes {
    pub(super) fn of(outer: &MediaType, body: &[u8]) -> Self {
        let mut contained: Vec<Box<str>> = Vec::new();
        contained_types(outer.as_str(), body, &mut |found| {
            let essence = essence_of(found);
            // Nobody lists a type without a name: of too many types, only `*` takes the rest.
            let essence = if contained.len() < MAX_CONTAINED { essence } else { "" };
            let essence = essence.get(..essence.len().min(MAX_ESSENCE)).unwrap_or_default();
            if !contains(&contained, essence) {
                contained.push(essence.into());
            }
        });
        Self { outer: outer.clone(), contained: contained.into() }
    }

    /// The types of the same message, now that its octets are known.
    pub(super) fn with_body(&self, body: &[u8]) -> Self {
        Self::of(&self.outer, body)
    }

    /// The types that the message is about: those in the container, if there is one.
    fn content(&self) -> impl Iterator<Item = &str> {
        let outer = self.contained.is_empty().then(|| self.outer.essence());
        outer.into_iter().chain(self.contained.iter().map(|it| &**it))
    }

    /// Whether the message is control of others: bare or in a `message/cpim` (RFC 4975
    /// section 8.9), judged by the octets that are known.
    pub(in crate::connection) fn are_control(&self) -> bool {
        let wrapped = self.contained.first().filter(|_| self.are_wrapped());
        is_control(self.outer.essence()) || wrapped.is_some_and(|inner| is_control(inner))
    }

    /// Whether the whole is a `message/cpim`.
    pub(super) fn are_wrapped(&self) -> bool {
        is_cpim(self.outer.as_str())
    }

    /// Whether parts that are still unknown may add types.
    pub(super) fn may_grow(&self) -> bool {
        let types = || [self.outer.essence()].into_iter().chain(self.content());
        self.lacks_content() || types().any(is_multipart)
    }

    /// Whether it is not known what a container holds.
    fn lacks_content(&self) -> bool {
        self.contained.is_empty() && (self.are_wrapped() || is_multipart(self.outer.as_str()))
    }

    /// The first that `accepted` does not take at its place (RFC 4975 section 8.6).
    pub(in crate::connection) fn first_outside(&self, accepted: &MediaTypes) -> Option<MediaType> {
        if !accepted.accepts(self.outer.essence()) {
            return Some(self.outer.clone());
        }
        let outside = self.contained.iter().find(|inner| !accepted.accepts_wrapped(inner));
        outside.map(|inner| self.named(inner))
    }

    /// The type in this message that the refusal of `other` was about: that of its content,
    /// or that of the whole if it contained several.
    fn refused_as(&self, other: &Self) -> MediaType {
        let only = other.contained.first().filter(|_| other.contained.len() == 1);
        let is_it = |it: &&str| only.is_some_and(|only| only.eq_ignore_ascii_case(it));
        let found = self.contained.iter().map(|it| &**it).find(is_it);
        found.map_or_else(|| self.outer.clone(), |it| self.named(it))
    }

    /// That of the whole if the other is not a media type.
    fn named(&self, inner: &str) -> MediaType {
        MediaType::new(inner).unwrap_or_else(|_| self.outer.clone())
    }

    /// Whether the whole is of the same type, and everything that `other` contains is in
    /// this, too. Letter case does not count.
    fn include(&self, other: &Self) -> bool {
        self.outer.essence().eq_ignore_ascii_case(other.outer.essence())
            && other.contained.iter().all(|inner| contains(&self.contained, inner))
    }
}

fn contains(types: &[Box<str>], essence: &str) -> bool {
    types.iter().any(|it| it.eq_ignore_ascii_case(essence))
}

/// The types that the peer has refused with 415 (RFC 4975 section 10.6), the latest ones.
///
/// A refused message forbids those with the same content in the same container, alone or
/// beside other parts. Other content in that container may still be taken; without a known
/// one, nothing is forbidden.
#[derive(Debug, Default)]
pub(in crate::connection) struct RefusedTypes {
    known: VecDeque<MessageTypes>,
}

impl RefusedTypes {
    /// A chat has a handful of types. Beyond these, the peer has to refuse one again.
    const MAX: usize = 64;

    pub(in crate::connection) fn insert(&mut self, types: &MessageTypes) {
        if types.lacks_content() || self.first_in(types).is_some() {
            return;
        }
        if self.known.len() == Self::MAX {
            self.known.pop_front();
        }
        self.known.push_back(types.clone());
    }

    /// What the peer has refused of a message of these types.
    pub(in crate::connection) fn first_in(&self, types: &MessageTypes) -> Option<MediaType> {
        let refused = self.known.iter().find(|refused| types.include(refused));
        refused.map(|refused| types.refused_as(refused))
    }

    /// A later description of the peer allows the types again that it accepts, if it names
    /// all of the content. A wildcard is an offer to try (section 8.6), and that has been tried.
    pub(in crate::connection) fn allow_again(&mut self, accepted: &MediaTypes) {
        self.known.retain(|types| {
            let is_named = types.content().all(|inner| accepted.names(inner));
            !is_named || types.first_outside(accepted).is_some()
        });
    }

    pub(in crate::connection) fn len(&self) -> usize {
        self.known.len()
    }
}
