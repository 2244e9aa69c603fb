//! What stands at some octets of a stream.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use msrp::wire::{Continuation, Head};
use msrp::{Tolerance, Tolerances};
use serde_json::{Value, json};

use super::Fault;
use super::whole::deviations;
use crate::output::set;

/// The most octets of a body that are shown.
const MAX_BODY_OCTETS: usize = 64 * 1024;

/// A chunk or response, or octets that are none.
#[derive(Debug)]
pub(super) struct Record {
    /// Its place in the stream.
    pub(super) octets: Range<u64>,
    pub(super) head: Option<Head>,
    pub(super) flag: Option<Continuation>,
    pub(super) fault: Option<Fault>,
    pub(super) arrival: Option<Arrival>,
    pub(super) body: Vec<u8>,
    tolerated: Tolerances,
}

/// When the last octet of a record arrived, and between whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    /// The number of the packet in the capture, from one.
    pub(super) packet: u64,
    /// Since 1970.
    pub(super) time: Duration,
}

impl Record {
    /// A chunk or response, so far as its head goes.
    pub(super) fn of_head(head: Head, start: u64, fault: Option<Fault>) -> Self {
        let tolerated = head.view().tolerated();
        Self { head: Some(head), tolerated, ..Self::unread(start, fault) }
    }

    /// Octets from here on that are no frame. Without a fault, nothing else was to be
    /// expected.
    pub(super) fn unread(start: u64, fault: Option<Fault>) -> Self {
        Self {
            octets: start..start,
            head: None,
            flag: None,
            fault,
            arrival: None,
            body: Vec::new(),
            tolerated: Tolerances::none(),
        }
    }

    pub(super) fn push_body(&mut self, octets: &[u8]) {
        self.body.extend_from_slice(octets);
    }

    /// The end of a line belongs to what follows it.
    pub(super) fn trim_line_end(&mut self) {
        if self.body.ends_with(b"\r\n") {
            self.body.truncate(self.body.len() - 2);
        }
    }

    /// The transaction id of a chunk or response.
    pub(super) fn id(&self) -> Option<String> {
        Some(self.head.as_ref()?.view().transaction_id().as_str().to_owned())
    }

    /// Its end-line has arrived: no more octets follow.
    pub(super) fn end(&mut self, flag: Continuation) {
        self.flag = Some(flag);
        if let Some(head) = self.head.as_ref().filter(|_| self.fault.is_none()) {
            let whole = deviations(&head.view(), self.body.len() as u64, flag);
            self.tolerate(whole);
        }
    }

    /// Adds deviations.
    pub(super) fn tolerate(&mut self, more: Tolerances) {
        self.tolerated = more.iter().fold(self.tolerated, Tolerances::with);
    }

    pub(super) const fn has_tolerated(&self) -> bool {
        !self.tolerated.is_empty()
    }

    pub(super) fn tolerated(&self) -> Vec<&'static str> {
        self.tolerated.iter().map(Tolerance::as_str).collect()
    }

    pub(super) fn to_json(&self) -> Value {
        let mut object = self.head.as_ref().map_or_else(|| json!({}), describe);
        set(&mut object, "octets", vec![self.octets.start, self.octets.end]);
        set(&mut object, "from", self.arrival.map(|it| it.from.to_string()));
        set(&mut object, "to", self.arrival.map(|it| it.to.to_string()));
        set(&mut object, "packet", self.arrival.map(|it| it.packet));
        set(&mut object, "time", self.arrival.map(|it| it.time.as_secs_f64()));
        if self.head.is_some() {
            set(&mut object, "bodyOctets", self.body.len());
            set(&mut object, "body", self.text());
            set(&mut object, "continuation", self.flag.map(|flag| flag.as_str()));
        }
        object
    }

    /// The body, if it is text that is not too long.
    fn text(&self) -> Option<&str> {
        let has_body = self.head.as_ref()?.view().has_body();
        let is_shown = has_body && self.body.len() <= MAX_BODY_OCTETS;
        str::from_utf8(&self.body).ok().filter(|_| is_shown)
    }
}

fn describe(head: &Head) -> Value {
    let head = head.view();
    let uris = |path: &str| path.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let headers = head.headers().map(|(name, value)| json!({ "name": name, "value": value }));
    // A response asks for no reports. The name of a malformed start line is empty.
    let request = head.method().filter(|method| !method.as_str().is_empty());
    json!({
        "transactionId": head.transaction_id().as_str(),
        "method": request.map(|method| method.as_str()),
        "statusCode": head.status_code().map(|status| status.as_u16()),
        "comment": head.comment(),
        "toPath": uris(head.to_path().as_str()),
        "fromPath": uris(head.from_path().as_str()),
        "messageId": head.message_id().map(|id| id.as_str().to_owned()),
        "byteRange": head.byte_range().map(|range| range.to_string()),
        "successReport": request.map(|_| head.success_report()),
        "failureReport": request.map(|_| head.failure_report().as_str()),
        "reportStatus": head.status().map(|status| status.code.as_u16()),
        "contentType": head.content_type(),
        "headers": headers.collect::<Vec<_>>(),
    })
}
