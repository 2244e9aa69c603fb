//! Writing a message/cpim to the letter of RFC 3862.

use std::fmt::{Display, Write};

use bytes::{Bytes, BytesMut};
use msrp::MediaType;

use crate::address::Address;
use crate::date_time::DateTime;
use crate::error::BuildError;
use crate::escape::write_escaped;
use crate::format::CORE_HEADERS;
use crate::grammar::{header_name, is_language, is_name, is_uri};
use crate::limits::{MAX_HEAD_OCTETS, MAX_HEADERS};
use crate::mime::{is_content_field, is_field_name, is_field_value};

/// Writes a message/cpim, header by header.
///
/// It always writes From, To (RFC 4975 section 13) and the blank line before the
/// MIME header fields, and escapes text where needed (RFC 3862 section 2.3). It
/// keeps the first error for [`CpimBuilder::build`] to return.
///
/// ```
/// use msrp::MediaType;
/// use msrp_cpim::{Address, CpimBuilder};
///
/// let message = CpimBuilder::new(
///     &Address::new("sip:alice@example.com")?,
///     &Address::new("sip:team@example.com")?.with_display_name("The team"),
/// )
/// .namespace("x", "urn:example:secrecy")
/// .require("x.Burn")
/// .header("x.Burn", "5")
/// .build(&MediaType::text_plain(), b"Psst")?;
/// assert_eq!(
///     message,
///     "From: <sip:alice@example.com>\r\nTo: The team <sip:team@example.com>\r\n\
///      NS: x <urn:example:secrecy>\r\nx.Burn: 5\r\nRequire: x.Burn\r\n\r\n\
///      Content-Type: text/plain\r\n\r\nPsst",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a message is written when `build` or `head` ends it"]
pub struct CpimBuilder {
    headers: Lines,
    mime: Lines,
    /// The declared prefixes, and their namespaces.
    prefixes: Vec<(String, String)>,
    required: Vec<String>,
    /// The headers so far that may occur once.
    single: Vec<&'static str>,
    /// What extensions demand of the whole message.
    rules: Vec<Rule>,
    fault: Option<BuildError>,
}

/// A condition on the whole message, which an extension brings along with one
/// of its headers.
pub(crate) type Rule = fn(&Written<'_>) -> Result<(), BuildError>;

/// A message whose headers are complete.
pub(crate) struct Written<'a> {
    single: &'a [&'static str],
    pub(crate) content_type: &'a MediaType,
}

impl Written<'_> {
    /// Whether the message has this header, one of those that occur once.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.single.contains(&name)
    }
}

/// The lines so far, and their number.
#[derive(Clone, Debug, Default)]
struct Lines {
    text: String,
    count: usize,
}

impl Lines {
    fn push(&mut self, name: &str, value: impl Display) {
        self.count += 1;
        // Writing to a `String` cannot fail.
        let _ = write!(self.text, "{name}: {value}\r\n");
    }
}

impl CpimBuilder {
    /// A message from one address to another.
    pub fn new(from: &Address<'_>, to: &Address<'_>) -> Self {
        let mut headers = Lines::default();
        headers.push("From", from);
        headers.push("To", to);
        Self {
            headers,
            mime: Lines::default(),
            prefixes: Vec::new(),
            required: Vec::new(),
            single: Vec::new(),
            rules: Vec::new(),
            fault: None,
        }
    }

    /// Adds a recipient.
    pub fn to(mut self, to: &Address<'_>) -> Self {
        self.headers.push("To", to);
        self
    }

    /// Adds a recipient of a copy.
    pub fn cc(mut self, cc: &Address<'_>) -> Self {
        self.headers.push("cc", cc);
        self
    }

    /// Sets the time at which the message is sent.
    pub fn date_time(self, date_time: &DateTime<'_>) -> Self {
        let mut builder = self.once("DateTime");
        builder.headers.push("DateTime", date_time);
        builder
    }

    /// Sets the subject, without its language.
    pub fn subject(self, text: &str) -> Self {
        self.subject_line("Subject:", text)
    }

    /// Sets the subject, and the tag of its language (RFC 3066).
    pub fn subject_in(self, language: &str, text: &str) -> Self {
        if !is_language(language) {
            return self.wrong(BuildError::Language);
        }
        self.subject_line(&format!("Subject:;lang={language}"), text)
    }

    /// Declares a prefix for a namespace. It holds for what follows.
    pub fn namespace(mut self, prefix: &str, uri: &str) -> Self {
        if !is_name(prefix) {
            return self.wrong(BuildError::Name);
        }
        if !is_uri(uri) {
            return self.wrong(BuildError::Namespace);
        }
        if self.declares(prefix) {
            return self.wrong(BuildError::RepeatedPrefix(prefix.to_owned()));
        }
        self.prefixes.push((prefix.to_owned(), uri.to_owned()));
        self.headers.push("NS", format_args!("{prefix} <{uri}>"));
        self
    }

    /// Adds a header or a feature that the recipient must understand. All of
    /// them go into one Require, the last header.
    pub fn require(mut self, name: &str) -> Self {
        match header_name(name) {
            None => return self.wrong(BuildError::Name),
            Some((Some(prefix), _)) if !self.declares(prefix) => {
                return self.wrong(BuildError::UnknownPrefix(prefix.to_owned()));
            }
            Some(_) => self.required.push(name.to_owned()),
        }
        self
    }

    /// Adds a header that RFC 3862 does not define, under a name with its prefix
    /// such as `imdn.Message-ID`. Control characters and backslashes in the value
    /// become escapes.
    pub fn header(self, name: &str, value: &str) -> Self {
        match escaped(value) {
            Ok(value) => self.extension(name, value),
            Err(wrong) => self.wrong(wrong),
        }
    }

    /// Adds a header as [`CpimBuilder::header`] does, with an address as its
    /// value.
    pub fn address_header(self, name: &str, address: &Address<'_>) -> Self {
        self.extension(name, address)
    }

    /// Adds a MIME header field of the body, such as Content-Disposition. It has
    /// no escapes. The Content-Type comes from [`CpimBuilder::build`].
    pub fn mime_header(mut self, name: &str, value: &str) -> Self {
        let is_type = name.eq_ignore_ascii_case("Content-Type");
        if is_type || !is_field_name(name) || !is_field_value(value) {
            return self.wrong(BuildError::MimeHeader);
        }
        self.mime.push(name, value);
        self
    }

    /// The message with its body.
    ///
    /// # Errors
    ///
    /// The first [`BuildError`].
    pub fn build(self, content_type: &MediaType, body: &[u8]) -> Result<Bytes, BuildError> {
        let head = self.text(content_type)?;
        let mut message = BytesMut::with_capacity(head.len() + body.len());
        message.extend_from_slice(head.as_bytes());
        message.extend_from_slice(body);
        Ok(message.freeze())
    }

    /// Everything before the body, for a body that is streamed.
    ///
    /// # Errors
    ///
    /// The first [`BuildError`].
    pub fn head(self, content_type: &MediaType) -> Result<Bytes, BuildError> {
        self.text(content_type).map(Bytes::from)
    }

    fn text(mut self, content_type: &MediaType) -> Result<String, BuildError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let written = Written { single: &self.single, content_type };
        self.rules.iter().try_for_each(|rule| rule(&written))?;
        if !self.required.is_empty() {
            self.headers.push("Require", self.required.join(","));
        }
        self.mime.push("Content-Type", content_type);
        let text = format!("{}\r\n{}\r\n", self.headers.text, self.mime.text);
        let is_readable = self.headers.count <= MAX_HEADERS
            && self.mime.count <= MAX_HEADERS
            && self.required.len() <= MAX_HEADERS
            && text.len() <= MAX_HEAD_OCTETS;
        is_readable.then_some(text).ok_or(BuildError::TooLong)
    }

    fn subject_line(self, name: &str, text: &str) -> Self {
        let mut builder = self.once("Subject");
        match escaped(text) {
            Ok(text) => {
                builder.headers.count += 1;
                builder.headers.text.extend([name, " ", &text, "\r\n"]);
                builder
            }
            Err(wrong) => builder.wrong(wrong),
        }
    }

    /// Notes a header that must not occur again.
    pub(crate) fn once(mut self, name: &'static str) -> Self {
        if self.single.contains(&name) {
            return self.wrong(BuildError::Repeated(name));
        }
        self.single.push(name);
        self
    }

    /// Adds a condition on the whole message.
    pub(crate) fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Adds a header whose value needs no escapes.
    pub(crate) fn extension(mut self, name: &str, value: impl Display) -> Self {
        let is_core = |name: &str| CORE_HEADERS.iter().any(|core| core.eq_ignore_ascii_case(name));
        match header_name(name) {
            None => self.wrong(BuildError::Name),
            Some((None, name)) if is_core(name) || is_content_field(name) => {
                self.wrong(BuildError::Reserved(name.to_owned()))
            }
            Some((Some(prefix), _)) if !self.declares(prefix) => {
                self.wrong(BuildError::UnknownPrefix(prefix.to_owned()))
            }
            // A reader could take it for a field of MIME.
            Some((Some(_), _)) if is_content_field(name) => {
                self.wrong(BuildError::Reserved(name.to_owned()))
            }
            Some(_) => {
                self.headers.push(name, value);
                self
            }
        }
    }

    /// The prefix that stands for this namespace.
    pub(crate) fn prefix_of(&self, namespace: &str) -> Option<&str> {
        let declared = self.prefixes.iter().find(|(_, uri)| uri == namespace);
        declared.map(|(prefix, _)| prefix.as_str())
    }

    fn declares(&self, prefix: &str) -> bool {
        self.prefixes.iter().any(|(declared, _)| declared == prefix)
    }

    pub(crate) fn wrong(mut self, fault: BuildError) -> Self {
        self.fault.get_or_insert(fault);
        self
    }
}

/// The value with the escapes that it needs.
fn escaped(value: &str) -> Result<String, BuildError> {
    if value.is_empty() || value.starts_with(' ') || value.ends_with(' ') {
        return Err(BuildError::Value);
    }
    let mut out = String::with_capacity(value.len());
    // Writing to a `String` cannot fail.
    let _ = write_escaped(&mut out, value, None);
    Ok(out)
}
