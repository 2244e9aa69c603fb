//! Reads requests and checks them field by field. An error names the field.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use msrp::uri::PathRef;
use msrp::uri::{Host, RECOMMENDED_PORT};
use msrp::wire::FailureReport;
use msrp::{
    MediaType, MediaTypes, MessageId, MsrpUri, OsRandom, OutgoingMessage, ParseOptions, Path,
};
use msrp_tls::{Fingerprint, server_name};
use msrp_tokio::Target as Hop;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout};

use super::error::Error;
use crate::app::App;
use crate::dial::Target;
use crate::exchange::Message;
use crate::fault::{Fault, Kind, chain};
use crate::policy::is_name;

const DEFAULT_TIMEOUT: u64 = 15_000;
/// Ten minutes, the longest that a request may run.
const MAX_TIMEOUT: u64 = 600_000;
/// How long a client may take over the body of a request.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// The most octets of a request: base64 takes four for three, an escape of
/// JSON rarely more than two for one.
pub(crate) const fn max_body(max_size: usize) -> usize {
    max_size.saturating_mul(2).saturating_add(64 * 1024)
}

/// A permit for one request, taken before its body is read, so that it also limits
/// the bodies in memory.
pub(crate) struct Permit(#[expect(dead_code, reason = "held")] OwnedSemaphorePermit);

impl FromRequestParts<Arc<App>> for Permit {
    type Rejection = Error;

    async fn from_request_parts(_: &mut Parts, app: &Arc<App>) -> Result<Self, Error> {
        Ok(Self(app.begin()?))
    }
}

/// A body in JSON.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Error> {
        // A foreign web page can send other types without a preflight request.
        let content_type = request.headers().get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            let message = "send Content-Type: application/json";
            return Err(Fault::new(Kind::UnsupportedMediaType, message).into());
        }
        let body = timeout(BODY_TIMEOUT, Bytes::from_request(request, app)).await;
        let body = body.map_err(|_| Fault::new(Kind::InvalidRequest, "the body did not arrive"))?;
        let body = body.map_err(|rejection| match rejection.status() {
            axum::http::StatusCode::PAYLOAD_TOO_LARGE => too_large(app.options.max_size),
            _ => Fault::new(Kind::InvalidRequest, "the body did not arrive completely"),
        })?;
        read(&body).map(Body).map_err(Error::from)
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let (field, problem) = (error.path().to_string(), error.into_inner());
        match field.as_str() {
            "." | "?" => Fault::new(Kind::InvalidRequest, format!("the body: {problem}")),
            field => Fault::field(field, problem),
        }
    })?;
    json.end().map_err(|error| Fault::new(Kind::InvalidRequest, format!("the body: {error}")))?;
    Ok(value)
}

/// Whether to request REPORTs or responses: true, false, or MSRP's own words.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Wanted {
    Flag(bool),
    Word(String),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SendRequest {
    host: Option<String>,
    port: Option<u64>,
    from_path: Option<String>,
    to_path: Option<String>,
    content: Option<String>,
    content_type: Option<String>,
    content_encoding: Option<String>,
    message_id: Option<String>,
    timeout: Option<u64>,
    tls: Option<bool>,
    fingerprint: Option<String>,
    success_report: Option<Wanted>,
    failure_report: Option<Wanted>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ConnectRequest {
    host: Option<String>,
    port: Option<u64>,
    from_path: Option<String>,
    to_path: Option<String>,
    timeout: Option<u64>,
    tls: Option<bool>,
    fingerprint: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SessionRequest {
    host: Option<String>,
    port: Option<u64>,
    from_path: Option<String>,
    to_path: Option<String>,
    timeout: Option<u64>,
    tls: Option<bool>,
    fingerprint: Option<String>,
    accept_types: Option<String>,
    max_size: Option<u64>,
    keep_alive: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MessageRequest {
    content: Option<String>,
    content_type: Option<String>,
    content_encoding: Option<String>,
    message_id: Option<String>,
    timeout: Option<u64>,
    success_report: Option<Wanted>,
    failure_report: Option<Wanted>,
}

/// A checked request to send.
pub(crate) struct Send {
    pub(crate) target: Target,
    /// The From-Path; `None` for one of the connection.
    pub(crate) local: Option<MsrpUri>,
    pub(crate) remote: Path,
    pub(crate) message: Message,
    pub(crate) success_report: bool,
    pub(crate) until: Instant,
}

/// A checked request to connect.
pub(crate) struct Connect {
    pub(crate) target: Target,
    pub(crate) local: Option<MsrpUri>,
    /// The session to try, if any.
    pub(crate) remote: Option<Path>,
    pub(crate) until: Instant,
}

/// A checked request for a session.
pub(crate) struct NewSession {
    pub(crate) target: Target,
    /// The From-Path; `None` for one of the connection.
    pub(crate) local: Option<MsrpUri>,
    pub(crate) remote: Path,
    pub(crate) accept: MediaTypes,
    pub(crate) max_size: u64,
    pub(crate) keep_alive: Option<Duration>,
    pub(crate) until: Instant,
}

/// A checked request to send in a session.
pub(crate) struct SessionMessage {
    pub(crate) message: Message,
    pub(crate) success_report: bool,
    pub(crate) until: Instant,
}

impl SendRequest {
    pub(crate) fn check(self, max_size: usize) -> Result<Send, Fault> {
        let local = from_path(self.from_path)?;
        let remote = path("toPath", &required("toPath", self.to_path)?)?;
        let target = target(self.host, self.port, self.tls, self.fingerprint, Some(&remote))?;
        let checked = MessageRequest {
            content: self.content,
            content_type: self.content_type,
            content_encoding: self.content_encoding,
            message_id: self.message_id,
            timeout: self.timeout,
            success_report: self.success_report,
            failure_report: self.failure_report,
        }
        .check(max_size)?;
        let SessionMessage { message, success_report, until } = checked;
        Ok(Send { target, local, remote, message, success_report, until })
    }
}

impl ConnectRequest {
    pub(crate) fn check(self) -> Result<Connect, Fault> {
        let local = from_path(self.from_path)?;
        let remote = self.to_path.map(|text| path("toPath", &text)).transpose()?;
        if local.is_some() && remote.is_none() {
            return Err(Fault::field("toPath", "give it with fromPath"));
        }
        let target = target(self.host, self.port, self.tls, self.fingerprint, remote.as_ref())?;
        Ok(Connect { target, local, remote, until: until(self.timeout)? })
    }
}

impl SessionRequest {
    pub(crate) fn check(self, most: usize) -> Result<NewSession, Fault> {
        let local = from_path(self.from_path)?;
        let remote = path("toPath", &required("toPath", self.to_path)?)?;
        let target = target(self.host, self.port, self.tls, self.fingerprint, Some(&remote))?;
        let accept = match self.accept_types {
            Some(list) => MediaTypes::new(&list).map_err(|e| Fault::field("acceptTypes", e))?,
            None => MediaTypes::any(),
        };
        let most = u64::try_from(most).unwrap_or(u64::MAX);
        let max_size = self.max_size.unwrap_or(most);
        if max_size > most {
            let problem = format!("this gateway accepts at most {most} octets; see --max-size");
            return Err(Fault::field("maxSize", problem));
        }
        let keep_alive = match self.keep_alive {
            Some(0..1000) => {
                return Err(Fault::field("keepAlive", "give 1000 milliseconds or more"));
            }
            given => given.map(Duration::from_millis),
        };
        let until = until(self.timeout)?;
        Ok(NewSession { target, local, remote, accept, max_size, keep_alive, until })
    }
}

impl MessageRequest {
    pub(crate) fn check(self, max_size: usize) -> Result<SessionMessage, Fault> {
        let content = required("content", self.content)?;
        let content = decoded(content, self.content_encoding.as_deref(), max_size)?;
        let content_type = match self.content_type {
            Some(text) => MediaType::new(&text).map_err(|e| Fault::field("contentType", e))?,
            None => MediaType::text_plain(),
        };
        let id = match self.message_id {
            Some(text) => MessageId::new(&text).map_err(|e| Fault::field("messageId", e))?,
            None => fresh_message_id()?,
        };
        let success_report = success_report(self.success_report)?;
        let failure_report = failure_report(self.failure_report)?;
        let is_partial = failure_report == FailureReport::Partial;
        let outgoing = OutgoingMessage::new(content_type, content)
            .message_id(id)
            .success_report(success_report)
            .failure_report(failure_report);
        let message = Message { id, is_partial, outgoing };
        Ok(SessionMessage { message, success_report, until: until(self.timeout)? })
    }
}

fn required(name: &str, value: Option<String>) -> Result<String, Fault> {
    value.ok_or_else(|| Fault::field(name, "is missing"))
}

fn target(
    host: Option<String>,
    port: Option<u64>,
    tls: Option<bool>,
    fingerprint: Option<String>,
    remote: Option<&Path>,
) -> Result<Target, Fault> {
    let host = bare_host(required("host", host)?)?;
    let port = match port {
        None => RECOMMENDED_PORT,
        Some(port) => u16::try_from(port)
            .ok()
            .filter(|port| *port != 0)
            .ok_or_else(|| Fault::field("port", "is a number from 1 to 65535"))?,
    };
    let is_secure = remote.is_some_and(|remote| remote.first().is_secure());
    let tls = match tls {
        Some(false) if is_secure => {
            return Err(Fault::field("tls", "the first URI of toPath is msrps, which needs TLS"));
        }
        given => given.unwrap_or(is_secure),
    };
    let fingerprint = fingerprint.map(|text| text.parse::<Fingerprint>()).transpose();
    let fingerprint = fingerprint.map_err(|error| Fault::field("fingerprint", error))?;
    if fingerprint.is_some() && !tls {
        return Err(Fault::field("fingerprint", "without TLS there is no certificate to check"));
    }
    if !tls {
        return Ok(Target { hop: Hop::tcp(&host, port), peer_name: None });
    }
    let name = certified_name(&host, remote)?;
    let hop = Hop::tls(&host, port).server_name(name.as_str());
    let hop = fingerprint.into_iter().fold(hop, Hop::fingerprint);
    Ok(Target { hop, peer_name: Some(name) })
}

/// The certificate must be valid for the host of the URI, even if the connection
/// goes to another (RFC 4975 section 5.4).
fn certified_name(host: &str, remote: Option<&Path>) -> Result<String, Fault> {
    let (field, expected) = match remote {
        Some(remote) => ("toPath", remote.view().first().host()),
        None => ("host", Host::from(host)),
    };
    let name = server_name(expected).map_err(|error| Fault::field(field, error))?;
    Ok(name.to_str().into_owned())
}

fn bare_host(text: String) -> Result<String, Fault> {
    match Host::from(text.as_str()) {
        Host::Ipv4(address) => Ok(address.to_string()),
        Host::Ipv6(address) => Ok(address.to_string()),
        Host::Name(name) if is_name(name) => Ok(text),
        _ => Err(Fault::field("host", "is neither a name nor an IP address")),
    }
}

/// A client behind relays gives its whole path as in its session description. Only
/// the last URI, its own, goes into the From-Path of its requests (RFC 4976 section
/// 5.2).
fn from_path(given: Option<String>) -> Result<Option<MsrpUri>, Fault> {
    let path = given.map(|text| path("fromPath", &text)).transpose()?;
    Ok(path.map(|path| path.last().to_uri()))
}

fn path(name: &str, text: &str) -> Result<Path, Fault> {
    let path = PathRef::parse(text, ParseOptions::default().path_uris);
    let path = path.map_err(|error| Fault::field(name, error))?;
    for uri in path.iter() {
        if uri.has_password() {
            return Err(Fault::field(name, "leave the password out (RFC 4975 section 6)"));
        }
    }
    Ok(path.to_path())
}

fn until(timeout: Option<u64>) -> Result<Instant, Fault> {
    match timeout.unwrap_or(DEFAULT_TIMEOUT) {
        millis @ 1..=MAX_TIMEOUT => Ok(Instant::now() + Duration::from_millis(millis)),
        _ => Err(Fault::field("timeout", format!("is 1 to {MAX_TIMEOUT} milliseconds"))),
    }
}

fn decoded(content: String, encoding: Option<&str>, max_size: usize) -> Result<Bytes, Fault> {
    let octets = match encoding {
        None => Bytes::from(content),
        Some("base64") => BASE64_STANDARD
            .decode(content)
            .map_err(|error| Fault::field("content", format!("is not base64: {error}")))?
            .into(),
        Some(_) => return Err(Fault::field("contentEncoding", "is \"base64\" or absent")),
    };
    if octets.len() > max_size { Err(too_large(max_size)) } else { Ok(octets) }
}

fn too_large(max_size: usize) -> Fault {
    let message = format!("the content is larger than {max_size} octets; see --max-size");
    Fault::new(Kind::TooLarge, message)
}

fn fresh_message_id() -> Result<MessageId, Fault> {
    let mut random = OsRandom::new()?;
    let id = msrp::session_id(&mut random)?;
    MessageId::new(&id).map_err(|error| Fault::new(Kind::Busy, chain(error)))
}

fn success_report(wanted: Option<Wanted>) -> Result<bool, Fault> {
    match wanted {
        None => Ok(false),
        Some(Wanted::Flag(flag)) => Ok(flag),
        Some(Wanted::Word(word)) => match word.as_str() {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err(Fault::field("successReport", "is true or false")),
        },
    }
}

fn failure_report(wanted: Option<Wanted>) -> Result<FailureReport, Fault> {
    match wanted {
        None | Some(Wanted::Flag(true)) => Ok(FailureReport::Yes),
        Some(Wanted::Flag(false)) => Ok(FailureReport::No),
        Some(Wanted::Word(word)) => match word.as_str() {
            "yes" => Ok(FailureReport::Yes),
            "no" => Ok(FailureReport::No),
            "partial" => Ok(FailureReport::Partial),
            _ => Err(Fault::field("failureReport", "is \"yes\", \"no\" or \"partial\"")),
        },
    }
}
