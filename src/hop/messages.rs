//! The messages of a connection that have not left completely.

use std::collections::{BTreeMap, BTreeSet};
#[cfg(feature = "auth")]
use std::ops::RangeInclusive;

use super::{Outgoing, Owner};

/// The messages by their key, and in a relay, which ends those of one source among many
/// others, by their source.
#[derive(Debug)]
pub(super) struct Messages<O: Owner> {
    /// Boxed, since a map moves its entries, and has room for more than most connections need.
    by_key: BTreeMap<O::Message, Box<Outgoing<O>>>,
    by_source: Option<BTreeSet<(O::Source, O::Message)>>,
}

impl<O: Owner> Messages<O> {
    pub(super) const fn new() -> Self {
        Self { by_key: BTreeMap::new(), by_source: None }
    }

    /// They are found by their source, too.
    pub(super) const fn by_source() -> Self {
        Self { by_key: BTreeMap::new(), by_source: Some(BTreeSet::new()) }
    }

    pub(super) fn insert(&mut self, key: O::Message, message: Box<Outgoing<O>>) {
        if let Some(by_source) = &mut self.by_source {
            by_source.insert((message.source, key));
        }
        self.by_key.insert(key, message);
    }

    pub(super) fn remove(&mut self, key: O::Message) -> Option<Box<Outgoing<O>>> {
        let message = self.by_key.remove(&key)?;
        if let Some(by_source) = &mut self.by_source {
            by_source.remove(&(message.source, key));
        }
        Some(message)
    }

    /// Takes all of them, in the order of their keys.
    pub(super) fn take(&mut self) -> BTreeMap<O::Message, Box<Outgoing<O>>> {
        self.by_source.iter_mut().for_each(BTreeSet::clear);
        std::mem::take(&mut self.by_key)
    }

    pub(super) fn clear(&mut self) {
        drop(self.take());
    }

    pub(super) fn get(&self, key: O::Message) -> Option<&Outgoing<O>> {
        self.by_key.get(&key).map(Box::as_ref)
    }

    pub(super) fn get_mut(&mut self, key: O::Message) -> Option<&mut Outgoing<O>> {
        self.by_key.get_mut(&key).map(Box::as_mut)
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    #[cfg(feature = "auth")]
    pub(super) fn iter(&self) -> impl Iterator<Item = (O::Message, &Outgoing<O>)> {
        self.by_key.iter().map(|(key, message)| (*key, &**message))
    }

    /// Those of a source with keys in this range, in the order of their keys. Only in a relay.
    #[cfg(feature = "auth")]
    pub(super) fn of_source(
        &self,
        source: O::Source,
        keys: RangeInclusive<O::Message>,
    ) -> impl Iterator<Item = (O::Message, &Outgoing<O>)> {
        let range = (source, *keys.start())..=(source, *keys.end());
        let keys = self.by_source.iter().flat_map(move |it| it.range(range.clone()));
        keys.filter_map(|(_, key)| Some((*key, self.get(*key)?)))
    }
}
