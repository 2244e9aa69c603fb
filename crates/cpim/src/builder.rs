//! A message/cpim, written strictly.

use std::fmt::{Display, Write};

use bytes::{Bytes, BytesMut};
use msrp::MediaType;
use msrp::mime::{is_content_field, is_field_name, is_field_value};

use crate::address::Address;
use crate::date_time::DateTime;
use crate::error::CpimBuildError;
use crate::escape::write_escaped;
use crate::format::{CORE_HEADERS, MAX_HEAD_OCTETS, MAX_HEADERS};
use crate::grammar::{header_name, is_language, is_name, is_uri};

/// Writes a message/cpim, header by header.
///
/// From and To are always there (RFC 4975 section 13), and so is the blank line
/// before the MIME header fields. Text is escaped as it needs (RFC 3862
/// section 2.3). The first thing that is wrong is kept and returned at the end.
///
/// ```
/// use msrp::MediaType;
/// use msrp_cpim::{Address, CpimBuilder};
///
/// let message = CpimBuilder::new(
///     &Address::new("sip:alice@example.com")?,
///     &Address::new("sip:team@example.com")?.named("The team"),
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
    /// The prefixes that are declared, and their namespaces.
    prefixes: Vec<(String, String)>,
    required: Vec<String>,
    /// The headers that were written and may not come again.
    single: Vec<&'static str>,
    /// What headers of an extension demand of the whole message.
    rules: Vec<Rule>,
    fault: Option<CpimBuildError>,
}

/// A condition on the whole message, which an extension brings along with one
/// of its headers.
pub(crate) type Rule = fn(&Written<'_>) -> Result<(), CpimBuildError>;

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

/// Lines that were written, and how many.
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
    /// Begins a message from one address to another.
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

    /// One more recipient.
    pub fn to(mut self, to: &Address<'_>) -> Self {
        self.headers.push("To", to);
        self
    }

    /// Somebody who gets a copy.
    pub fn cc(mut self, cc: &Address<'_>) -> Self {
        self.headers.push("cc", cc);
        self
    }

    /// When the message is sent.
    pub fn date_time(self, date_time: &DateTime<'_>) -> Self {
        let mut builder = self.once("DateTime");
        builder.headers.push("DateTime", date_time);
        builder
    }

    /// What the message is about, in whatever language.
    pub fn subject(self, text: &str) -> Self {
        self.subject_line("Subject:", text)
    }

    /// What the message is about, and the tag of the language of that
    /// (RFC 3066).
    pub fn subject_in(self, language: &str, text: &str) -> Self {
        if !is_language(language) {
            return self.wrong(CpimBuildError::Language);
        }
        self.subject_line(&format!("Subject:;lang={language}"), text)
    }

    /// Declares what a prefix stands for, in what follows.
    pub fn namespace(mut self, prefix: &str, uri: &str) -> Self {
        if !is_name(prefix) {
            return self.wrong(CpimBuildError::Name);
        }
        if !is_uri(uri) {
            return self.wrong(CpimBuildError::Namespace);
        }
        if self.declares(prefix) {
            return self.wrong(CpimBuildError::RepeatedPrefix(prefix.to_owned()));
        }
        self.prefixes.push((prefix.to_owned(), uri.to_owned()));
        self.headers.push("NS", format_args!("{prefix} <{uri}>"));
        self
    }

    /// Names a header or a feature that the recipient has to understand. All of
    /// them go into one Require, which is the last header.
    pub fn require(mut self, name: &str) -> Self {
        match header_name(name) {
            None => return self.wrong(CpimBuildError::Name),
            Some((Some(prefix), _)) if !self.declares(prefix) => {
                return self.wrong(CpimBuildError::UnknownPrefix(prefix.to_owned()));
            }
            Some(_) => self.required.push(name.to_owned()),
        }
        self
    }

    /// A header that RFC 3862 does not define, with its prefix: a name such as
    /// `imdn.Message-ID`. Control characters and backslashes in the value are
    /// escaped.
    pub fn header(self, name: &str, value: &str) -> Self {
        match escaped(value) {
            Ok(value) => self.extension(name, value),
            Err(wrong) => self.wrong(wrong),
        }
    }

    /// A header like [`CpimBuilder::header`] whose value is an address.
    pub fn address_header(self, name: &str, address: &Address<'_>) -> Self {
        self.extension(name, address)
    }

    /// A MIME header field of the body, such as Content-Disposition. It has no
    /// escapes. Content-Type is given to [`CpimBuilder::build`].
    pub fn mime_header(mut self, name: &str, value: &str) -> Self {
        let is_type = name.eq_ignore_ascii_case("Content-Type");
        if is_type || !is_field_name(name) || !is_field_value(value) || value.is_empty() {
            return self.wrong(CpimBuildError::MimeHeader);
        }
        self.mime.push(name, value);
        self
    }

    /// The message with its body.
    ///
    /// # Errors
    ///
    /// The first thing that was wrong.
    pub fn build(self, content_type: &MediaType, body: &[u8]) -> Result<Bytes, CpimBuildError> {
        let head = self.text(content_type)?;
        let mut message = BytesMut::with_capacity(head.len() + body.len());
        message.extend_from_slice(head.as_bytes());
        message.extend_from_slice(body);
        Ok(message.freeze())
    }

    /// Everything before the body, for one that is streamed.
    ///
    /// # Errors
    ///
    /// The first thing that was wrong.
    pub fn head(self, content_type: &MediaType) -> Result<Bytes, CpimBuildError> {
        self.text(content_type).map(Bytes::from)
    }

    fn text(mut self, content_type: &MediaType) -> Result<String, CpimBuildError> {
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
        is_readable.then_some(text).ok_or(CpimBuildError::TooLong)
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

    /// Notes a header that may occur once.
    pub(crate) fn once(mut self, name: &'static str) -> Self {
        if self.single.contains(&name) {
            return self.wrong(CpimBuildError::Repeated(name));
        }
        self.single.push(name);
        self
    }

    /// Adds a condition on the whole message.
    pub(crate) fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// A header whose value is escaped already.
    pub(crate) fn extension(mut self, name: &str, value: impl Display) -> Self {
        let is_core = |name: &str| CORE_HEADERS.iter().any(|core| core.eq_ignore_ascii_case(name));
        match header_name(name) {
            None => self.wrong(CpimBuildError::Name),
            Some((None, name)) if is_core(name) || is_content_field(name) => {
                self.wrong(CpimBuildError::Reserved(name.to_owned()))
            }
            Some((Some(prefix), _)) if !self.declares(prefix) => {
                self.wrong(CpimBuildError::UnknownPrefix(prefix.to_owned()))
            }
            // A reader could take it for MIME's.
            Some((Some(_), _)) if is_content_field(name) => {
                self.wrong(CpimBuildError::Reserved(name.to_owned()))
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

    pub(crate) fn wrong(mut self, fault: CpimBuildError) -> Self {
        self.fault.get_or_insert(fault);
        self
    }
}

/// The value with the escapes it needs.
fn escaped(value: &str) -> Result<String, CpimBuildError> {
    if value.is_empty() || value.starts_with(' ') || value.ends_with(' ') {
        return Err(CpimBuildError::Blanks);
    }
    let mut out = String::with_capacity(value.len());
    // Writing to a `String` cannot fail.
    let _ = write_escaped(&mut out, value, None);
    Ok(out)
}
