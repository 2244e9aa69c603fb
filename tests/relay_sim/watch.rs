//! Checks of the octets on each connection, in both directions, as they arrive.

use std::collections::{BTreeMap, HashMap};

use bytes::BytesMut;
use msrp::wire::{Decoder, Frame, HeadRef, HeaderName, Method, TransactionId};

use crate::ledger::SERIAL;
use crate::order::{Seen, What};
use crate::wire::End;

/// One direction.
#[derive(Default)]
pub struct Watch {
    decoder: Decoder,
    input: BytesMut,
    /// Requests by id: those that may get a response, and the responses so far.
    requests: HashMap<TransactionId, (u32, u32)>,
    /// How much of each message has arrived, by the length of its From-Path: a
    /// message can pass here twice.
    places: BTreeMap<(usize, usize), u64>,
    /// The message whose chunk is arriving.
    current: Option<(usize, usize)>,
    /// Whether a hostile client reads it.
    is_for_hostile: bool,
    /// What has arrived cannot be decoded.
    is_lost: bool,
}

impl Watch {
    pub fn for_reader(reader: End) -> Self {
        Self { is_for_hostile: matches!(reader, End::Hostile(_)), ..Self::default() }
    }

    /// Checks octets that have arrived; `answered` is the other direction. Returns
    /// what it has of the ledger's messages.
    pub fn arrived(
        &mut self,
        octets: &[u8],
        answered: &mut Self,
        is_sound: bool,
        may_have_gaps: bool,
    ) -> Vec<Seen> {
        let mut arrivals = Vec::new();
        if self.is_lost {
            return arrivals;
        }
        self.input.extend_from_slice(octets);
        loop {
            match self.decoder.decode(&mut self.input) {
                Ok(None) => return arrivals,
                Ok(Some(frame)) => {
                    arrivals.extend(self.frame(&frame, answered, is_sound, may_have_gaps));
                }
                Err(error) => {
                    assert!(!is_sound, "octets that cannot be read: {error}");
                    self.is_lost = true;
                    return arrivals;
                }
            }
        }
    }

    fn frame(
        &mut self,
        frame: &Frame,
        answered: &mut Self,
        is_sound: bool,
        may_have_gaps: bool,
    ) -> Option<Seen> {
        match frame {
            Frame::Head(head) => {
                let view = head.view();
                self.head(&view, answered, is_sound);
                let what = self.chunk(&view, may_have_gaps)?;
                self.seen(what)
            }
            Frame::BadHead(bad) => {
                assert!(!is_sound, "a head that is none: {}", bad.error());
                self.head(&bad.head().view(), answered, false);
                self.current = None;
                None
            }
            Frame::Body(piece) => {
                let current = self.current?;
                let place = self.places.entry(current).or_default();
                let len = piece.len() as u64;
                *place += len;
                let end = *place;
                self.seen(What::Octets { len, end })
            }
            Frame::End(flag) => {
                let seen = self.seen(What::End(*flag));
                self.current = None;
                seen
            }
            _ => None,
        }
    }

    fn seen(&self, what: What) -> Option<Seen> {
        self.current.map(|(serial, hops)| Seen { serial, hops, what })
    }

    // req: 4975-7.1-13 4976-6.4.3-1
    fn head(&mut self, head: &HeadRef<'_>, answered: &mut Self, is_sound: bool) {
        let id = head.transaction_id();
        if head.status_code().is_none() {
            if head.method().is_some_and(|method| method != Method::Report) {
                self.requests.entry(id).or_default().0 += 1;
            }
            return;
        }
        if !is_sound || answered.is_lost {
            return;
        }
        let is_stale =
            head.header(HeaderName::WwwAuthenticate).is_some_and(|it| it.contains("stale=true"));
        assert!(!is_stale || self.is_for_hostile, "the nonce of a sound client is stale");
        let Some((asked, answers)) = answered.requests.get_mut(&id) else {
            panic!("a response to {id}, which nobody has asked or is a REPORT")
        };
        *answers += 1;
        assert!(answers <= asked, "{id} is answered twice");
    }

    /// Chunks of one message arrive one after the other.
    // req: 4976-3-1
    fn chunk(&mut self, head: &HeadRef<'_>, may_have_gaps: bool) -> Option<What> {
        let serial = serial_of(head).filter(|_| head.method() == Some(Method::Send));
        self.current = serial.map(|serial| (serial, head.from_path().len()));
        let (current, range) = (self.current?, head.byte_range()?);
        let start = range.start() - 1;
        let place = self.places.entry(current).or_insert(start);
        // A loss leaves a gap, and octets on another way can be late.
        let is_next = start == *place || may_have_gaps;
        assert!(is_next, "{} goes on at {start} behind {place}", current.0);
        *place = start;
        Some(What::Head { start, has_body: head.has_body() })
    }
}

pub fn serial_of(head: &HeadRef<'_>) -> Option<usize> {
    let (_, value) = head.headers().find(|(name, _)| *name == SERIAL)?;
    Some(value.parse().unwrap())
}
