//! The bodies of responses and events.

use std::ops::Range;
use std::time::Duration;

use axum::Json;
use axum::response::IntoResponse;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use msrp::{Finished, MessageId, Received, Response, StatusCode};
use msrp_tokio::content::visible_line;
use serde::Serialize;

use super::shown::shown;
use crate::dial::{Dialed, Target};
use crate::exchange::Sent;
use crate::fault::{Fault, Kind};

/// A response. If it has an error, that determines the HTTP status.
pub(crate) struct Reply<T>(pub(crate) T);

/// A body that may contain an error.
pub(crate) trait MayFail: Serialize {
    fn fault(&self) -> Option<&Fault>;
}

impl<T: MayFail> IntoResponse for Reply<T> {
    fn into_response(self) -> axum::response::Response {
        let status = self.0.fault().map_or(axum::http::StatusCode::OK, |f| f.kind.http_status());
        (status, Json(self.0)).into_response()
    }
}

/// The response of the peer.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answered {
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_id: Option<String>,
    /// Milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    rtt: Option<f64>,
}

impl Answered {
    pub(crate) fn new(response: &Response) -> Self {
        let text = response.comment.as_deref().unwrap_or_else(|| response.status.reason());
        Self {
            status_code: Some(response.status.as_u16()),
            status_text: Some(visible_line(text)),
            transaction_id: Some(response.transaction.to_string()),
            rtt: response.round_trip.map(millis),
        }
    }

    /// The final status of a message: that of a failure REPORT replaces the one in
    /// the response.
    fn of(finished: &Finished) -> Self {
        let answered = finished.response.as_ref().map(Self::new).unwrap_or_default();
        if let msrp::Outcome::Rejected(status) = finished.outcome {
            answered.or_status(status)
        } else {
            answered
        }
    }

    fn or_status(mut self, status: StatusCode) -> Self {
        if self.status_code != Some(status.as_u16()) {
            self.status_code = Some(status.as_u16());
            self.status_text = Some(status.reason().to_owned());
        }
        self
    }

    fn is_success(&self) -> bool {
        self.status_code == Some(StatusCode::OK.as_u16())
    }

    /// The peer's rejection as an error.
    fn rejection(&self) -> Option<Fault> {
        let code = self.status_code.filter(|_| !self.is_success())?;
        let text = self.status_text.as_deref().unwrap_or_default();
        Some(Fault::new(Kind::Rejected, format!("the peer responded {code} {text}")))
    }
}

/// A range of octets with the status of its REPORT.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReportedRange {
    #[serde(skip_serializing_if = "Option::is_none")]
    byte_range: Option<String>,
    status_code: u16,
}

/// The response to `POST /api/msrp/send`, and to a message in a session.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SendReply {
    success: bool,
    host: String,
    port: u16,
    #[serde(flatten)]
    answered: Answered,
    message_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    byte_range: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chunks: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivered: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reports: Option<Vec<ReportedRange>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Fault>,
}

impl SendReply {
    pub(crate) fn new(host: &str, port: u16, message_id: MessageId) -> Self {
        Self {
            success: false,
            host: host.to_owned(),
            port,
            answered: Answered::default(),
            message_id: message_id.to_string(),
            byte_range: None,
            chunks: None,
            delivered: None,
            reports: None,
            error: None,
        }
    }

    pub(crate) fn sent(&mut self, sent: Sent, success_report: bool) {
        let Sent { finished, fault } = sent;
        self.answered = Answered::of(&finished);
        self.byte_range = Some(byte_range(&(0..finished.octets), Some(finished.octets)));
        self.chunks = Some(finished.chunks);
        // With Failure-Report "no" the peer does not respond.
        let is_unanswered = finished.response.is_none();
        self.success =
            self.answered.is_success() || (is_unanswered && finished.outcome.is_success());
        if success_report {
            self.delivered = Some(finished.outcome == msrp::Outcome::Delivered);
            self.reports = Some(reports(&finished));
        }
        if let Some(fault) = fault {
            // An earlier response does not cover the whole message.
            self.answered = Answered::default();
            self.failed(fault);
        } else {
            let silence = || (!self.success).then(Fault::timeout);
            self.error = self.answered.rejection().or_else(silence);
        }
    }

    /// Success, because no error has arrived.
    pub(crate) fn unanswered(&mut self) {
        self.success = true;
    }

    pub(crate) fn failed(&mut self, fault: Fault) {
        self.success = false;
        self.error = Some(fault);
    }
}

impl MayFail for SendReply {
    fn fault(&self) -> Option<&Fault> {
        self.error.as_ref()
    }
}

fn reports(finished: &Finished) -> Vec<ReportedRange> {
    let success = |octets| ReportedRange {
        byte_range: Some(byte_range(octets, Some(finished.octets))),
        status_code: StatusCode::OK.as_u16(),
    };
    let mut all: Vec<_> = finished.reported.iter().map(success).collect();
    // A status that is not in the response comes from a REPORT.
    if let msrp::Outcome::Rejected(status) = finished.outcome
        && finished.response.as_ref().is_none_or(|response| response.status != status)
    {
        all.push(ReportedRange { byte_range: None, status_code: status.as_u16() });
    }
    all
}

/// The response to `POST /api/msrp/connect`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectReply {
    success: bool,
    host: String,
    port: u16,
    /// Milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    connect_time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer_name: Option<String>,
    #[serde(flatten)]
    answered: Answered,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Fault>,
}

impl ConnectReply {
    pub(crate) fn at(target: &Target) -> Self {
        Self {
            success: false,
            host: target.hop.host().to_owned(),
            port: target.hop.port(),
            connect_time: None,
            tls_version: None,
            peer_name: None,
            answered: Answered::default(),
            error: None,
        }
    }

    pub(crate) fn connected(&mut self, dialed: &Dialed, target: &Target) {
        self.success = true;
        self.connect_time = Some(millis(dialed.connect_time));
        self.tls_version = dialed.stream.tls_version();
        self.peer_name.clone_from(&target.peer_name);
    }

    /// The peer may have opened the session by its first message, without a response.
    pub(crate) fn opened(&mut self, response: Option<&Response>) {
        if let Some(response) = response {
            self.answered(Answered::new(response));
        }
    }

    pub(crate) fn answered(&mut self, answered: Answered) {
        self.success = answered.is_success();
        self.error = answered.rejection();
        self.answered = answered;
    }

    pub(crate) fn failed(&mut self, fault: Fault) {
        self.success = false;
        self.error = Some(fault);
    }
}

impl MayFail for ConnectReply {
    fn fault(&self) -> Option<&Fault> {
        self.error.as_ref()
    }
}

/// The response to `POST /api/msrp/sessions`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionReply {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(flatten)]
    connect: ConnectReply,
}

impl SessionReply {
    pub(crate) const fn new(id: Option<String>, connect: ConnectReply) -> Self {
        Self { id, connect }
    }
}

impl MayFail for SessionReply {
    fn fault(&self) -> Option<&Fault> {
        self.connect.fault()
    }
}

/// The event `message`: a message from the peer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message<'a> {
    message_id: &'a str,
    content_type: &'a str,
    content: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_encoding: Option<&'static str>,
    /// For people.
    shown: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    duplicate: bool,
}

impl<'a> Message<'a> {
    pub(crate) fn new(message: &'a Received, body: &Bytes) -> Self {
        let (content, content_encoding) = match std::str::from_utf8(body) {
            Ok(text) => (text.to_owned(), None),
            Err(_) => (BASE64_STANDARD.encode(body), Some("base64")),
        };
        Self {
            message_id: message.message_id().as_str(),
            content_type: message.content_type(),
            content,
            content_encoding,
            shown: shown(message, body),
            duplicate: message.is_duplicate(),
        }
    }
}

/// The event `outcome`: the outcome of a message that was sent.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outcome {
    message_id: String,
    outcome: &'static str,
    success: bool,
    #[serde(flatten)]
    answered: Answered,
    byte_range: String,
    chunks: u64,
}

impl Outcome {
    pub(crate) fn new(finished: &Finished) -> Self {
        Self {
            message_id: finished.message_id.to_string(),
            outcome: finished.outcome.name(),
            success: finished.outcome.is_success(),
            answered: Answered::of(finished),
            byte_range: byte_range(&(0..finished.octets), Some(finished.octets)),
            chunks: finished.chunks,
        }
    }
}

/// The event `report`: a REPORT on a message that was sent.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    message_id: String,
    #[serde(flatten)]
    range: ReportedRange,
}

impl Report {
    pub(crate) fn success(message_id: &MessageId, octets: &Range<u64>, total: Option<u64>) -> Self {
        Self::new(message_id, Some(byte_range(octets, total)), StatusCode::OK)
    }

    /// A failure of a message whose outcome has already been reported.
    pub(crate) fn failure(message_id: &MessageId, status: StatusCode) -> Self {
        Self::new(message_id, None, status)
    }

    fn new(message_id: &MessageId, byte_range: Option<String>, status: StatusCode) -> Self {
        let range = ReportedRange { byte_range, status_code: status.as_u16() };
        Self { message_id: message_id.to_string(), range }
    }
}

/// The event `refused`: a frame of the peer that is malformed, or belongs to no message.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Refused {
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<u16>,
    message: String,
}

impl Refused {
    pub(crate) fn new(refused: &msrp::Refused) -> Self {
        let status = refused.status;
        let message = match (&refused.error, &refused.message, status) {
            (Some(error), ..) => visible_line(&format!("a frame is malformed: {error}")),
            (None, Some((_, reason)), _) => format!("a message was refused: {reason}"),
            (None, None, Some(status)) => {
                format!("a request was refused: {status} {}", status.reason())
            }
            (None, None, None) => "a frame belongs to nothing here".to_owned(),
        };
        Self { status_code: status.map(StatusCode::as_u16), message }
    }
}

/// The event `closed`, the last of a session.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Closed {
    pub(crate) reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<u16>,
    message: String,
}

impl Closed {
    pub(crate) fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, status_code: None, message: message.into() }
    }

    pub(crate) fn by_status(reason: &'static str, status: StatusCode) -> Self {
        let message = format!("the peer responded {status} {}", status.reason());
        Self { reason, status_code: Some(status.as_u16()), message }
    }
}

/// A Byte-Range. Positions on the wire count from one.
fn byte_range(octets: &Range<u64>, total: Option<u64>) -> String {
    let total = total.map_or_else(|| "*".to_owned(), |total| total.to_string());
    format!("{}-{}/{total}", octets.start.saturating_add(1), octets.end)
}

/// Milliseconds, to the microsecond.
fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
