//! Names that RFC 3862 fixes.

/// The media type of the format.
pub const CPIM_TYPE: &str = "message/cpim";

/// The namespace of the headers that RFC 3862 defines. A name without a prefix
/// belongs to it unless an NS header says otherwise.
pub const CPIM_NAMESPACE: &str = "urn:ietf:params:cpim-headers:";

/// The headers that RFC 3862 defines.
pub(crate) const CORE_HEADERS: [&str; 7] =
    ["From", "To", "cc", "DateTime", "Subject", "NS", "Require"];

/// The namespace of the headers that RFC 5438 defines.
pub const IMDN_NAMESPACE: &str = "urn:ietf:params:imdn";

/// The headers that RFC 5438 defines.
pub(crate) const IMDN_HEADERS: [&str; 5] =
    ["Message-ID", "Disposition-Notification", "Original-To", "IMDN-Record-Route", "IMDN-Route"];
