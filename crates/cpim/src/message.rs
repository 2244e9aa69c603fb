//! A message/cpim that was read.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use crate::address::Address;
use crate::date_time::DateTime;
use crate::format::{CORE_HEADERS, CPIM_NAMESPACE};
use crate::header::{Header, Namespace, Required, Scope};
use crate::mime::{MimeHeaders, is_content_field, lines_in_context};
use crate::tolerance::{CpimTolerance, CpimTolerances};

/// A message/cpim, or its start, in the octets from which it was read.
///
/// It is a few slices: reading copies and allocates nothing, unless the headers are folded or
/// have octets that are no UTF-8.
#[derive(Clone)]
pub struct CpimRef<'a> {
    /// What stands before the body.
    pub(crate) head: Cow<'a, str>,
    /// Where the message headers end.
    pub(crate) headers_end: usize,
    /// Where the MIME header fields are.
    pub(crate) mime: Range<usize>,
    pub(crate) body: &'a [u8],
    pub(crate) tolerated: CpimTolerances,
    /// Whether letter case matters in the names of headers.
    pub(crate) is_exact: bool,
}

impl<'a> CpimRef<'a> {
    /// The sender. Nothing proves it. `None` without a From, with one in which there is no
    /// address ([`CpimTolerance::UnreadableAddress`]), and with several that differ
    /// ([`CpimTolerance::RepeatedHeader`]).
    #[must_use]
    pub fn from(&self) -> Option<Address<'_>> {
        self.single("From")?.address()
    }

    /// The recipients.
    pub fn to(&self) -> impl Iterator<Item = Address<'_>> {
        self.addresses("To")
    }

    /// The recipients of a copy.
    pub fn cc(&self) -> impl Iterator<Item = Address<'_>> {
        self.addresses("cc")
    }

    /// When the message was sent. `None` for the same reasons as [`CpimRef::from`].
    #[must_use]
    pub fn date_time(&self) -> Option<DateTime<'_>> {
        DateTime::parse(self.single("DateTime")?.raw()).ok()
    }

    /// The subjects: the same one in several languages. Read them with
    /// [`Header::text`] and [`Header::language`].
    pub fn subjects(&self) -> impl Iterator<Item = Header<'_>> {
        self.core("Subject")
    }

    /// The headers and features that the recipient must understand (RFC 3862
    /// section 3.5).
    pub fn require(&self) -> impl Iterator<Item = Required<'_>> {
        self.core("Require").flat_map(Header::required)
    }

    /// What [`CpimRef::require`] lists beyond the headers of RFC 3862 and
    /// `known`, which are pairs of namespace URI and name. If there is any, the
    /// recipient must not act as if it understood the message.
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
    /// # Ok::<(), msrp_cpim::ParseError>(())
    /// ```
    pub fn not_understood<'k>(
        &self,
        known: &'k [(&'k str, &'k str)],
    ) -> impl Iterator<Item = Required<'_>> {
        self.require().filter(move |required| match required.namespace() {
            None => true,
            Some(CPIM_NAMESPACE) if CORE_HEADERS.contains(&required.name()) => false,
            Some(namespace) => !known.contains(&(namespace, required.name())),
        })
    }

    /// What the NS headers declare, in their order. [`Header::namespace`] says
    /// which of them applies to a header.
    pub fn namespaces(&self) -> impl Iterator<Item = Namespace<'_>> {
        let declarations = self.headers().filter(Header::is_ns);
        declarations.filter_map(|header| Some(Namespace::parse(header.raw())?.0))
    }

    /// All message headers, known and unknown, in their order.
    pub fn headers(&self) -> impl Iterator<Item = Header<'_>> {
        let is_exact = self.is_exact;
        let is_mixed = self.is_mixed();
        lines_in_context(self.blocks().0)
            .filter(move |(_, line)| !(is_mixed && is_content_field(line)))
            .filter_map(move |(before, line)| {
                Header::parse(line, Scope { before, is_exact }).map(|(header, _)| header)
            })
    }

    /// The headers of this name in the namespace of this URI, under any prefix; as in
    /// [`Header::is`], letter case matters unless it is tolerated.
    ///
    /// ```
    /// # use msrp_cpim::CpimRef;
    /// let message = CpimRef::parse(
    ///     b"NS: i <urn:ietf:params:imdn>\r\ni.Message-ID: 34jk\r\n\r\n\
    ///       Content-Type: text/plain\r\n\r\nHi",
    /// )?;
    /// let id = message.find("urn:ietf:params:imdn", "Message-ID").next();
    /// assert_eq!(id.map(|header| header.raw()), Some("34jk"));
    /// # Ok::<(), msrp_cpim::ParseError>(())
    /// ```
    pub fn find<'k>(&self, namespace: &'k str, name: &'k str) -> impl Iterator<Item = Header<'_>> {
        self.headers().filter(move |header| header.is(namespace, name))
    }

    /// The media type of the body, with its parameters.
    #[must_use]
    pub fn content_type(&self) -> Option<Cow<'_, str>> {
        self.mime_headers().get("Content-Type").map(|field| field.text())
    }

    /// The MIME header fields of the body.
    #[must_use]
    pub fn mime_headers(&self) -> MimeHeaders<'_> {
        let (headers, mime) = self.blocks();
        let fields = MimeHeaders::new(mime);
        if self.is_mixed() { fields.after(headers) } else { fields }
    }

    /// The octets of the body, still in the Content-Transfer-Encoding that a
    /// MIME header field may name. A Content-Length does not matter.
    #[must_use]
    pub const fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The deviations from RFC 3862 in the message.
    #[must_use]
    pub const fn tolerated(&self) -> CpimTolerances {
        self.tolerated
    }

    /// The headers that some reader takes for those of this name in RFC 3862:
    /// those, and the ones without a prefix in another namespace or letter case.
    pub fn resembling(&self, name: &'static str) -> impl Iterator<Item = Header<'_>> {
        self.headers().filter(move |header| {
            let has_name = header.prefix().is_none() && header.name().eq_ignore_ascii_case(name);
            has_name || header.is_core(name)
        })
    }

    /// The header of this name that RFC 3862 defines, if all that some reader takes for it
    /// say the same.
    pub(crate) fn single(&self, name: &'static str) -> Option<Header<'_>> {
        let header = self.core(name).next()?;
        self.resembling(name).all(|other| other.raw() == header.raw()).then_some(header)
    }

    /// The headers of this name that RFC 3862 defines.
    pub(crate) fn core(&self, name: &'static str) -> impl Iterator<Item = Header<'_>> {
        self.headers().filter(move |header| header.is_core(name))
    }

    fn addresses(&self, name: &'static str) -> impl Iterator<Item = Address<'_>> {
        self.core(name).filter_map(|header| header.address())
    }

    /// The message headers, and the MIME header fields.
    pub(crate) fn blocks(&self) -> (&str, &str) {
        let block = |place| self.head.get::<Range<usize>>(place).unwrap_or_default();
        (block(0..self.headers_end), block(self.mime.clone()))
    }

    /// Whether MIME header fields stand among the message headers.
    const fn is_mixed(&self) -> bool {
        self.tolerated.contains(CpimTolerance::MissingBlankLine)
    }
}

/// What was not needed does not count: the same text with the same deviations is equal.
impl PartialEq for CpimRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.blocks() == other.blocks()
            && self.body == other.body
            && self.tolerated == other.tolerated
    }
}

impl Eq for CpimRef<'_> {}

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
