//! A message/cpim that was read.

use std::borrow::Cow;
use std::fmt;

use msrp::mime::{MimeHeaders, is_content_field, logical_lines};

use crate::address::Address;
use crate::date_time::DateTime;
use crate::format::{CORE_HEADERS, CPIM_NAMESPACE};
use crate::header::{Header, Namespace, Required, Scope};
use crate::tolerance::{CpimTolerance, CpimTolerances};

/// A message/cpim, or its start, in the octets it was read from.
///
/// It is a few slices; nothing is copied or allocated. Copying one is cheap.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CpimRef<'a> {
    pub(super) headers: &'a str,
    pub(super) mime: &'a str,
    pub(super) body: &'a [u8],
    pub(super) tolerated: CpimTolerances,
}

impl<'a> CpimRef<'a> {
    /// Who has sent the message. Nothing proves it.
    #[must_use]
    pub fn from(&self) -> Option<Address<'a>> {
        self.addresses("From").next()
    }

    /// Whom the message is for.
    pub fn to(&self) -> impl Iterator<Item = Address<'a>> + use<'a> {
        self.addresses("To")
    }

    /// Who gets a copy.
    pub fn cc(&self) -> impl Iterator<Item = Address<'a>> + use<'a> {
        self.addresses("cc")
    }

    /// When the message was sent.
    #[must_use]
    pub fn date_time(&self) -> Option<DateTime<'a>> {
        self.core("DateTime").find_map(|header| DateTime::parse(header.raw_value()).ok())
    }

    /// The subjects, each with [`Header::text`] and [`Header::language`]. They
    /// are the same in several languages.
    pub fn subjects(&self) -> impl Iterator<Item = Header<'a>> + use<'a> {
        self.core("Subject")
    }

    /// The headers and features which the recipient has to understand (RFC 3862
    /// section 3.5).
    pub fn require(&self) -> impl Iterator<Item = Required<'a>> + use<'a> {
        self.core("Require").flat_map(Header::required)
    }

    /// What of [`CpimRef::require`] is not among `known`, which are pairs of
    /// namespace URI and name. The headers of RFC 3862 are known here. Where
    /// anything is left, the message is not understood and must not be taken
    /// for what it seems to say.
    ///
    /// ```
    /// # use msrp_cpim::CpimRef;
    /// let message = CpimRef::parse(
    ///     b"NS: x <urn:example:secrecy>\r\nRequire: x.Burn,x.Mask\r\n\
    ///       x.Burn: 5\r\n\r\nContent-Type: text/plain\r\n\r\nHi",
    /// )?;
    /// let known = [("urn:example:secrecy", "Burn")];
    /// let missing: Vec<_> = message.not_understood(&known).map(|it| it.name()).collect();
    /// assert_eq!(missing, ["Mask"]);
    /// # Ok::<(), msrp_cpim::CpimError>(())
    /// ```
    pub fn not_understood<'k>(
        &self,
        known: &'k [(&'k str, &'k str)],
    ) -> impl Iterator<Item = Required<'a>> + use<'a, 'k> {
        self.require().filter(move |required| match required.namespace() {
            None => true,
            Some(CPIM_NAMESPACE) if CORE_HEADERS.contains(&required.name()) => false,
            Some(namespace) => !known.contains(&(namespace, required.name())),
        })
    }

    /// What the NS headers declare, in their order. Which of them a name
    /// belongs to, [`Header::namespace`] says.
    pub fn namespaces(&self) -> impl Iterator<Item = Namespace<'a>> + use<'a> {
        let declarations = self.headers().filter(Header::is_ns);
        declarations.filter_map(|header| Namespace::read(header.raw_value()))
    }

    /// All message headers, known and unknown, in their order.
    pub fn headers(&self) -> impl Iterator<Item = Header<'a>> + use<'a> {
        let message = *self;
        let mut lines = logical_lines(message.headers);
        let next = move || {
            let end = message.headers.len() - lines.rest().len();
            let before = message.headers.get(..end).unwrap_or_default();
            lines.next().map(|line| (before, line))
        };
        let is_exact = !self.tolerated.contains(CpimTolerance::HeaderNameCase);
        let is_mixed = self.is_mixed();
        std::iter::from_fn(next)
            .filter(move |(_, line)| !(is_mixed && is_content_field(line)))
            .filter_map(move |(before, line)| {
                Header::read(line, Scope { before, is_exact }).ok().map(|(header, _)| header)
            })
    }

    /// The headers of this name in the namespace of this URI, whatever prefix
    /// the sender has chosen.
    ///
    /// ```
    /// # use msrp_cpim::CpimRef;
    /// let message = CpimRef::parse(
    ///     b"NS: i <urn:ietf:params:imdn>\r\ni.Message-ID: 34jk\r\n\r\n\
    ///       Content-Type: text/plain\r\n\r\nHi",
    /// )?;
    /// let id = message.find("urn:ietf:params:imdn", "Message-ID").next();
    /// assert_eq!(id.map(|header| header.raw_value()), Some("34jk"));
    /// # Ok::<(), msrp_cpim::CpimError>(())
    /// ```
    pub fn find<'k>(
        &self,
        namespace: &'k str,
        name: &'k str,
    ) -> impl Iterator<Item = Header<'a>> + use<'a, 'k> {
        self.headers().filter(move |header| header.is(namespace, name))
    }

    /// The media type of the body, with its parameters.
    #[must_use]
    pub fn content_type(&self) -> Option<Cow<'a, str>> {
        self.mime_headers().get("Content-Type").map(|field| field.text())
    }

    /// The MIME header fields of the body.
    #[must_use]
    pub fn mime_headers(&self) -> MimeHeaders<'a> {
        let fields = MimeHeaders::new(self.mime);
        if self.is_mixed() { fields.after(self.headers) } else { fields }
    }

    /// The octets of the body, still in the Content-Transfer-Encoding that its
    /// MIME header fields may name. A Content-Length is not looked at.
    #[must_use]
    pub const fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The deviations from RFC 3862 which the message needed.
    #[must_use]
    pub const fn tolerated(&self) -> CpimTolerances {
        self.tolerated
    }

    fn addresses(&self, name: &'static str) -> impl Iterator<Item = Address<'a>> + use<'a> {
        self.core(name).filter_map(|header| Address::read(header.raw_value()).map(|read| read.0))
    }

    /// The headers of RFC 3862 of this name.
    pub(crate) fn core(&self, name: &'static str) -> impl Iterator<Item = Header<'a>> + use<'a> {
        self.headers().filter(move |header| header.is_core(name))
    }

    /// The headers that some reader takes for those of RFC 3862 of this name:
    /// also one without a prefix that belongs to another namespace, or is in
    /// other letter case.
    pub fn resembling(&self, name: &'static str) -> impl Iterator<Item = Header<'a>> + use<'a> {
        self.headers().filter(move |header| {
            let has_name = header.prefix().is_none() && header.name().eq_ignore_ascii_case(name);
            has_name || header.is_core(name)
        })
    }

    /// Whether MIME header fields stand among the message headers.
    const fn is_mixed(&self) -> bool {
        self.tolerated.contains(CpimTolerance::MissingBlankLine)
    }
}

impl fmt::Debug for CpimRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CpimRef")
            .field("headers", &self.headers().collect::<Vec<_>>())
            .field("content_type", &self.content_type())
            .field("body_octets", &self.body.len())
            .field("tolerated", &self.tolerated)
            .finish()
    }
}
