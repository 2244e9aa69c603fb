//! Forwarding requests and responses (RFC 4976 section 6.4).

use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::Relay;
use super::event::{ConnectionId, RelayClose, TokenId, Usage};
use super::links::{Current, Link};
use super::requests::paths::Paths;
use super::requests::{Forwarded, Passed, Purpose, Relayed, write_passed};
use super::route::{NoWay, Way};
use crate::hop::Outgoing;
use crate::offset::Offset;
use crate::time::Instant;
use crate::tolerance::Tolerance;
use crate::uri::{PathRef, UriRef};
use crate::wire::{BadHead, Frame};
use crate::wire::{
    ByteRange, Continuation, FailureReport, Head, HeadRef, HeadWriter, HeaderName, Method, Status,
    StatusCode,
};

impl Relay {
    pub(super) fn frame(&mut self, now: Instant, source: ConnectionId, frame: Frame) {
        match frame {
            Frame::Head(head) => self.head(now, source, head),
            Frame::BadHead(bad) => self.bad_head(source, &bad),
            Frame::Body(piece) => self.piece(now, source, piece),
            Frame::End(flag) => self.end(now, source, flag),
        }
    }

    fn head(&mut self, now: Instant, source: ConnectionId, head: Head) {
        let view = head.view();
        let current = if view.method() == Some(Method::Send) {
            self.begin_chunk(now, source, head)
        } else {
            // Few of these have a large body: it is held until it is complete.
            let body = view.has_body().then(BytesMut::new);
            Current::Whole { head, body }
        };
        if let Some(link) = self.links.get_mut(source) {
            link.last_used = now;
            link.current = current;
        }
    }

    /// Responds to a malformed request in intact framing, and drops a malformed
    /// response (section 6.4.3).
    fn bad_head(&mut self, source: ConnectionId, bad: &BadHead) {
        let view = bad.head().view();
        match bad.error().kind().status() {
            Some(status) if view.status_code().is_none() => self.refuse(source, &view, status),
            _ => self.useless(source),
        }
    }

    /// Begins to forward a SEND before its body arrives. One without a body has its
    /// place among the chunks of its message, too.
    fn begin_chunk(&mut self, now: Instant, source: ConnectionId, head: Head) -> Current {
        let view = head.view();
        let way = match self.route(now, source, &view) {
            Ok(way) => way,
            Err(no_way) => {
                self.no_way(source, &view, no_way);
                return Current::Skipped;
            }
        };
        let Way { paths, destination, flow, sender, account, tokens, peer } = way;
        self.remember(peer, &account);
        let Some(link) = self.links.get_mut(source) else { return Current::Skipped };
        link.is_proven = true;
        link.sends_to = Some(destination);
        let on_way = self.flows.send(flow);
        let relayed = Relayed::new(source, flow, &view, &paths, &account, on_way);
        let relayed = Arc::new(relayed);
        let waits = link.pending.begin_send(&relayed);
        let range = view.byte_range().unwrap_or(UNKNOWN_RANGE);
        let Some(link) = self.links.get_mut(destination) else { return Current::Skipped };
        let key = link.next_key(source);
        let heading = Forwarded::new(Arc::clone(&relayed), waits);
        let chunk = Outgoing::chunk(flow, sender, heading, relayed.overhead(), range);
        link.hop.insert(key, Box::new(chunk));
        Current::Passing { head, destination, key, relayed, tokens }
    }

    fn piece(&mut self, now: Instant, source: ConnectionId, piece: Bytes) {
        let limits = self.config.limits;
        let Some(link) = self.links.get_mut(source) else { return };
        if matches!(link.current, Current::Passing { .. }) {
            link.carries(now, piece.len(), &self.config);
        }
        match &mut link.current {
            Current::Skipped | Current::Lost { .. } => {}
            Current::Whole { body: Some(body), .. } => {
                // One octet above the limit shows that the body is too large.
                let room =
                    limits.whole(link.is_proven).saturating_add(1).saturating_sub(body.len());
                body.extend_from_slice(piece.get(..room.min(piece.len())).unwrap_or_default());
            }
            Current::Whole { body: None, .. } => {}
            Current::Passing { destination, key, relayed, tokens, .. } => {
                let (destination, key, flow) = (*destination, *key, relayed.flow());
                let octets = piece.len() as u64;
                self.counters.octets += octets;
                self.tokens.count(tokens, Usage { chunks: 0, octets });
                let Some(next) = self.links.get_mut(destination) else {
                    return self.lose_arriving(source);
                };
                let Some(passing) = next.hop.message_ref(key) else {
                    return self.lose_arriving(source);
                };
                if passing.end_with(piece.len()).is_none() {
                    return self.refuse_passing(source);
                }
                let has_to_wait = next.in_flight.is_some() || next.hop.waiting() > piece.len();
                next.hop.push(key, if has_to_wait { detached(piece) } else { piece });
                self.has_octets(destination);
                self.hold_back(now, source, flow, destination);
            }
        }
    }

    /// Refuses a chunk whose octets no Byte-Range can count. The next hop gets the
    /// end of it with `#`.
    fn refuse_passing(&mut self, source: ConnectionId) {
        let Some(link) = self.links.get_mut(source) else { return };
        let Current::Passing { head, destination, key, .. } = std::mem::take(&mut link.current)
        else {
            return;
        };
        if let Some(next) = self.links.get_mut(destination) {
            next.hop.abort(key, true);
        }
        self.has_octets(destination);
        self.refuse(source, &head.view(), StatusCode::BAD_REQUEST);
    }

    fn end(&mut self, now: Instant, source: ConnectionId, flag: Continuation) {
        let Some(link) = self.links.get_mut(source) else { return };
        match std::mem::take(&mut link.current) {
            Current::Skipped => {}
            Current::Passing { head, destination, key, relayed, tokens } => {
                self.message_ended(relayed.flow(), relayed.message_id(), flag);
                let next = self.links.get_mut(destination);
                let Some(end) = next.and_then(|next| next.hop.finish_chunk(key, flag)) else {
                    relayed.set_reported();
                    return self.refuse(source, &head.view(), StatusCode::TIMEOUT);
                };
                relayed.set_end(end);
                self.has_octets(destination);
                self.hold_back(now, source, relayed.flow(), destination);
                self.count_chunk(&tokens);
                self.take_request(now, source, &head.view());
            }
            Current::Lost { head, flow } => {
                self.message_ended(flow, head.view().message_id().as_ref(), flag);
                self.refuse(source, &head.view(), StatusCode::TIMEOUT);
            }
            Current::Whole { head, body } => self.whole(now, source, &head, body),
        }
    }

    /// Handles a response, or a request other than SEND.
    fn whole(&mut self, now: Instant, source: ConnectionId, head: &Head, body: Option<BytesMut>) {
        let view = head.view();
        if let Some(status) = view.status_code() {
            return self.response(now, source, &view, status);
        }
        let is_proven = self.is_proven(source);
        let is_too_large =
            body.as_ref().is_some_and(|body| body.len() > self.config.limits.whole(is_proven));
        let is_blocked = !self.config.forward_unknown_methods;
        match view.method() {
            _ if is_too_large => self.refuse(source, &view, StatusCode::STOP_SENDING),
            Some(Method::Report) if self.says_for_whom(&view) => {
                self.note_for_whom(source, view.from_path().first());
            }
            Some(Method::Auth) if view.to_path().len() == 1 => self.auth(now, source, head),
            Some(Method::Other(_)) if is_blocked => {
                self.refuse(source, &view, StatusCode::UNKNOWN_METHOD);
            }
            // A SEND is forwarded while it arrives.
            None | Some(Method::Send) => {}
            Some(Method::Report | Method::Auth | Method::Nickname | Method::Other(_)) => {
                self.pass(now, source, &view, body.as_deref());
            }
        }
    }

    /// Forwards a complete request, to which the far end responds (section 6.4.2).
    fn pass(
        &mut self,
        now: Instant,
        source: ConnectionId,
        head: &HeadRef<'_>,
        body: Option<&[u8]>,
    ) {
        let way = match self.route(now, source, head) {
            Ok(way) => way,
            Err(no_way) => return self.no_way(source, head, no_way),
        };
        if head.method() == Some(Method::Report) {
            // Nobody waits for a REPORT, least of all a peer that reads nothing.
            if self.owes_octets(way.destination) {
                self.counters.dropped_reports += 1;
                return;
            }
        } else if self.owes_responses(&way) || self.owes_octets(way.destination) {
            // Chunks wait instead: their flows are watched, so that none waits for long.
            return self.refuse(source, head, StatusCode::TIMEOUT);
        }
        let has_passed = self.pass_whole(source, head, &way, body);
        self.has_octets(way.destination);
        if has_passed.is_none() {
            return self.refuse(source, head, StatusCode::TIMEOUT);
        }
        self.remember(way.peer, &way.account);
        self.counters.passed += 1;
        self.take_request(now, source, head);
    }

    /// Whether too many responses to complete requests of this sender are missing.
    fn owes_responses(&self, way: &Way<'_>) -> bool {
        let max = self.config.limits.transactions;
        let next = self.links.get(way.destination);
        next.is_some_and(|next| next.hop.open_requests_of(way.flow) >= max)
    }

    /// Queues the request for its next hop. `None` if no transaction id can be drawn, and
    /// its next hop is closed.
    fn pass_whole(
        &mut self,
        source: ConnectionId,
        head: &HeadRef<'_>,
        way: &Way<'_>,
        body: Option<&[u8]>,
    ) -> Option<()> {
        let link = self.links.get_mut(source)?;
        let waits = link.pending.begin();
        let back = way.paths.way_back();
        let charge = way.account.charge(back.len());
        let next = self.links.get_mut(way.destination)?;
        let method = head.method()?;
        let passed = Passed {
            source,
            flow: way.flow,
            id: head.transaction_id(),
            back,
            has_credentials: head.header(HeaderName::Authorization).is_some(),
            _waits: waits,
            charge,
        };
        let is_report = head.method() == Some(Method::Report);
        let purpose = (!is_report).then_some(Purpose::Passed(passed));
        let id = next.hop.begin_control_request(purpose)?;
        let start = method.as_str().as_bytes();
        write_passed(next.hop.control(), &id, head, start, &way.paths, body);
        Some(())
    }

    /// Completes the transaction of a response. The response to a forwarded
    /// request goes further back, under the id of that request (section 6.4.3).
    fn response(
        &mut self,
        now: Instant,
        source: ConnectionId,
        head: &HeadRef<'_>,
        status: StatusCode,
    ) {
        let is_ours = self.is_own(head.to_path().first());
        let link = self.links.get_mut(source).filter(|_| is_ours);
        let transaction = link.and_then(|link| link.hop.answered(&head.transaction_id(), now));
        let Some(transaction) = transaction else {
            self.counters.dropped_responses += 1;
            return self.useless(source);
        };
        self.has_octets(source);
        let origin = transaction.purpose.source();
        if let Purpose::Relayed(forwarded) = &transaction.purpose {
            self.answered(forwarded.relayed.flow(), source);
        }
        match transaction.purpose {
            Purpose::Relayed(_) if status.is_success() => {}
            Purpose::Relayed(forwarded) => {
                self.report_failure(&forwarded.relayed, transaction.octets, status);
            }
            Purpose::Passed(passed) => self.pass_response(&passed, head, status),
        }
        self.settled(now, origin);
    }

    fn pass_response(&mut self, passed: &Passed, head: &HeadRef<'_>, status: StatusCode) {
        let Some(to) = self.way_of_response(passed, head) else { return };
        let Some((own, to)) = self.beyond_own(to) else { return };
        let paths = Paths { own, to, from: head.from_path() };
        let back = passed.source;
        let Some(link) = self.link_back(passed) else { return };
        let comment = head.comment().unwrap_or_else(|| status.reason());
        let start = format!("{status} {comment}");
        write_passed(link.hop.control(), &passed.id, head, start.as_bytes(), &paths, None);
        self.counters.passed += 1;
        self.has_octets(back);
        self.hold_back_itself(back);
        if passed.has_credentials && status == StatusCode::UNAUTHORIZED && !is_stale(head) {
            self.auth_failed(back);
        }
    }

    /// Responds to a request that was passed on, in place of the far end.
    pub(super) fn refuse_passed(&mut self, passed: &Passed, status: StatusCode) {
        let Ok(back) = PathRef::parse(&passed.back, usize::MAX) else { return };
        let Some((own, to)) = self.beyond_own(back) else { return };
        let Some(from) = own.last().copied() else { return };
        self.counters.refused += 1;
        let Some(link) = self.link_back(passed) else { return };
        let control = link.hop.control();
        let comment = status.reason();
        let written = HeadWriter::response(control, &passed.id, status, comment, to, from.into())
            .bodiless(Continuation::Complete);
        debug_assert!(written.is_ok(), "what was read can be written");
        self.has_octets(passed.source);
        self.hold_back_itself(passed.source);
    }

    /// The URIs of the relay at the front of a path, and what follows them.
    fn beyond_own<'a>(&self, mut path: PathRef<'a>) -> Option<(Vec<UriRef<'a>>, PathRef<'a>)> {
        let mut own = Vec::new();
        while self.is_own(path.first()) {
            own.push(path.first());
            path = path.without_first()?;
        }
        Some((own, path))
    }

    /// The connection that sent a request, which may have closed, or does not read.
    fn link_back(&mut self, passed: &Passed) -> Option<&mut Link> {
        let is_deaf = self.owes_octets(passed.source);
        let link = self.links.get_mut(passed.source).filter(|link| link.is_up() && !is_deaf);
        if link.is_none() {
            self.counters.dropped_responses += 1;
        }
        link
    }

    /// The To-Path of a response that goes further back. A next hop that responds
    /// to an AUTH as to a SEND names this relay only.
    fn way_of_response<'a>(&self, passed: &'a Passed, head: &HeadRef<'a>) -> Option<PathRef<'a>> {
        let to = head.to_path();
        let is_tolerated = self.config.parse.tolerances.contains(Tolerance::ShortPathInResponse);
        match to.len() {
            1 if is_tolerated => PathRef::parse(&passed.back, usize::MAX).ok(),
            _ => Some(to),
        }
    }

    /// Accepts a request, and responds to it if it is a SEND (section 6.4.1).
    fn take_request(&mut self, now: Instant, source: ConnectionId, head: &HeadRef<'_>) {
        let Some(link) = self.links.get_mut(source) else { return };
        link.is_proven = true;
        link.carries(now, head.size(), &self.config);
        if head.method() == Some(Method::Send) {
            link.hop.respond(head, StatusCode::OK, head.to_path().first());
            self.has_octets(source);
            self.hold_back_itself(source);
        }
    }

    fn count_chunk(&mut self, tokens: &[TokenId]) {
        self.counters.chunks += 1;
        self.tokens.count(tokens, Usage { chunks: 1, octets: 0 });
    }

    fn no_way(&mut self, source: ConnectionId, head: &HeadRef<'_>, no_way: NoWay) {
        match no_way {
            NoWay::NotForThisRelay => {
                self.counters.refused += 1;
                self.shut(source, RelayClose::NotForThisRelay);
            }
            NoWay::Refused(status) => self.refuse(source, head, status),
        }
    }

    pub(super) fn refuse(&mut self, source: ConnectionId, head: &HeadRef<'_>, status: StatusCode) {
        self.counters.refused += 1;
        let Some(link) = self.links.get_mut(source) else { return };
        if head.has_paths() {
            link.hop.respond(head, status, head.to_path().first());
        }
        self.has_octets(source);
        self.hold_back_itself(source);
        self.useless(source);
    }

    /// Counts a frame that is of no use to anybody. An unproven connection may send only
    /// few of them (section 6.1).
    pub(super) fn useless(&mut self, source: ConnectionId) {
        let max = self.config.max_failures;
        let Some(link) = self.links.get_mut(source) else { return };
        link.refused = link.refused.saturating_add(1);
        if !link.is_proven && link.refused >= max {
            self.shut(source, RelayClose::Probation);
        }
    }

    /// Sends a failure REPORT on octets of a SEND to its original sender, unless
    /// its Failure-Report is `no` (sections 6.4.1 and 6.4.3).
    pub(super) fn report_failure(
        &mut self,
        relayed: &Relayed,
        octets: Range<Offset>,
        status: StatusCode,
    ) {
        let Some(message_id) = relayed.message_id() else { return };
        if relayed.failure_report() == FailureReport::No || relayed.is_reported() {
            return;
        }
        let own = UriRef::parse(relayed.own());
        let back = PathRef::parse(relayed.way_back(), usize::MAX);
        let (Ok(own), Ok(back)) = (own, back) else { return };
        let Some(to) = self.way_of_report(relayed.source(), own, back) else {
            self.counters.dropped_reports += 1;
            return;
        };
        let Some(link) = self.links.get_mut(to) else { return };
        // An empty range can only be written at the start of a message.
        let end =
            (octets.start == Offset::START || octets.start < octets.end).then_some(octets.end);
        let Some(id) = link.hop.begin_control_request(None) else {
            return self.has_octets(to);
        };
        let control = link.hop.control();
        let written = HeadWriter::request(control, &id, Method::Report, back, own.into())
            .message_id(message_id)
            .byte_range(ByteRange::from_offsets(octets.start, end, None))
            .status(Status::new(status))
            .bodiless(Continuation::Complete);
        debug_assert!(written.is_ok(), "what was read can be written");
        self.counters.reports += 1;
        self.has_octets(to);
        self.hold_back_itself(to);
    }
}

/// Copies a piece that waits, which would otherwise keep a whole read buffer alive.
fn detached(piece: Bytes) -> Bytes {
    Bytes::copy_from_slice(&piece)
}

/// The range of a SEND without a Byte-Range.
const UNKNOWN_RANGE: ByteRange = ByteRange::from_offsets(Offset::START, None, None);

/// Whether a 401 only asks for a fresh nonce.
fn is_stale(head: &HeadRef<'_>) -> bool {
    head.headers()
        .filter(|(name, _)| HeaderName::of(name.as_bytes()) == Some(HeaderName::WwwAuthenticate))
        .any(|(_, value)| crate::auth::Challenge::parse(value).is_ok_and(|found| found.is_stale()))
}
