//! URIs found by their session-id alone.

use std::collections::HashMap;

use crate::uri::MsrpUri;

/// The URIs of each session-id: one, unless the application reuses them.
#[derive(Debug, Default)]
pub(super) struct SessionIds {
    uris: HashMap<Box<str>, Vec<MsrpUri>>,
}

impl SessionIds {
    /// Adds a URI that is not there.
    pub(super) fn insert(&mut self, uri: &MsrpUri) {
        if let Some(session_id) = uri.session_id() {
            self.uris.entry(session_id.into()).or_default().push(uri.clone());
        }
    }

    pub(super) fn remove(&mut self, uri: &MsrpUri) {
        if let Some(session_id) = uri.session_id()
            && let Some(uris) = self.uris.get_mut(session_id)
        {
            uris.retain(|known| known != uri);
            if uris.is_empty() {
                self.uris.remove(session_id);
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.uris.len()
    }

    /// The URIs with that session-id.
    pub(super) fn find(&self, session_id: &str) -> &[MsrpUri] {
        self.uris.get(session_id).map_or(&[], Vec::as_slice)
    }
}

/// The only URI among these. `None` if there are several or none.
pub(super) fn only<'a>(uris: impl IntoIterator<Item = &'a MsrpUri>) -> Option<&'a MsrpUri> {
    let mut uris = uris.into_iter();
    let first = uris.next()?;
    uris.all(|uri| uri == first).then_some(first)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeMap;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn uri(host: u8, session_id: u8) -> MsrpUri {
        format!("msrp://h{host}.example:2855/s{session_id};tcp").parse().unwrap()
    }

    proptest! {
        /// The same as a search through all URIs.
        #[test]
        fn it_finds_what_is_there(steps in vec((any::<bool>(), 0..3_u8, 0..3_u8), 0..40)) {
            let (mut ids, mut model) = (SessionIds::default(), BTreeMap::new());
            for (inserts, host, session_id) in steps {
                let key = (session_id, host);
                if inserts && model.insert(key, uri(host, session_id)).is_none() {
                    ids.insert(&uri(host, session_id));
                } else if !inserts {
                    model.remove(&key);
                    ids.remove(&uri(host, session_id));
                }
                for id in 0..3 {
                    let there: Vec<_> =
                        model.iter().filter(|(key, _)| key.0 == id).map(|it| it.1).collect();
                    let found = ids.find(&format!("s{id}"));
                    prop_assert_eq!(found.len(), there.len());
                    prop_assert!(there.iter().all(|uri| found.contains(uri)));
                    prop_assert_eq!(only(found), there.first().copied().filter(|_| found.len() == 1));
                }
            }
            prop_assert_eq!(ids.uris.len(), (0..3).filter(|id| !ids.find(&format!("s{id}")).is_empty()).count());
        }
    }

    #[test]
    fn two_spellings_of_a_uri_are_one() {
        let (one, shouted) = (uri(1, 1), "MSRP://H1.EXAMPLE:2855/s1;tcp".parse().unwrap());
        assert_eq!(only([&one, &shouted]), Some(&one));
        assert_eq!(only([&one, &uri(2, 1)]), None);
        assert_eq!(only([]), None);
    }
}
