//! Classes of octets, one bit each in a single table, so that a rule looks at each octet
//! once.

/// A set of octets, or the union of several.
#[derive(Clone, Copy)]
pub(super) struct Class(u16);

/// What a `reg-name` holds unescaped, without the semicolon: see
/// [`reg_name`](super::grammar::reg_name).
pub(super) const REG_NAME: Class = Class(1);
/// What a userinfo holds unescaped.
pub(super) const USERINFO: Class = Class(1 << 1);
/// What a session-id holds (RFC 4975 section 9).
pub(super) const SESSION_ID: Class = Class(1 << 2);
/// Letters and digits.
pub(super) const ALPHANUM: Class = Class(1 << 3);
/// What a token holds (RFC 4975 section 9).
pub(super) const TOKEN: Class = Class(1 << 4);
/// What stands between the brackets of an IPv6 address.
pub(super) const IPV6: Class = Class(1 << 5);
/// What may follow any part: the start of the next parameter, the next URI of a path, or
/// the end of the line.
pub(super) const END: Class = Class(1 << 6);
const SLASH: Class = Class(1 << 7);
const COLON: Class = Class(1 << 8);
/// What may follow a port.
pub(super) const PORT_END: Class = END.or(SLASH);
/// What may follow a host.
pub(super) const HOST_END: Class = PORT_END.or(COLON);

impl Class {
    /// Whether `octet` is in this class.
    #[inline]
    pub(super) fn has(self, octet: u8) -> bool {
        classes_of(octet) & self.0 != 0
    }

    /// How many octets at the start of `input` are in this class.
    #[inline]
    pub(super) fn run(self, input: &[u8]) -> usize {
        // In groups of eight: the compiler unrolls a loop of fixed length.
        let (eights, rest) = input.as_chunks::<8>();
        let outside = |octet: &u8| !self.has(*octet);
        for (index, eight) in eights.iter().enumerate() {
            if let Some(place) = eight.iter().position(outside) {
                return index * 8 + place;
            }
        }
        eights.len() * 8 + rest.iter().position(outside).unwrap_or(rest.len())
    }

    /// The octets of either class.
    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Whether `octet` is `unreserved` (RFC 3986 section 2.3).
pub(super) const fn is_unreserved(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_' | b'~')
}

#[inline]
fn classes_of(octet: u8) -> u16 {
    TABLE.get(usize::from(octet)).copied().unwrap_or_default()
}

static TABLE: [u16; 256] = table();

#[expect(clippy::indexing_slicing, reason = "runs at compile time")]
const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut octet = 0_u8;
    loop {
        table[octet as usize] = classes(octet);
        if octet == u8::MAX {
            return table;
        }
        octet += 1;
    }
}

const fn classes(octet: u8) -> u16 {
    let unreserved = is_unreserved(octet);
    let reg_name = unreserved
        || matches!(octet, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b'=');
    let token = matches!(
        octet,
        b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'0'..=b'9' | b'A'..=b'Z' | b'^'..=b'~'
    );
    select(REG_NAME, reg_name)
        | select(USERINFO, reg_name || matches!(octet, b';' | b':'))
        | select(SESSION_ID, unreserved || matches!(octet, b'+' | b'=' | b'/'))
        | select(ALPHANUM, octet.is_ascii_alphanumeric())
        | select(TOKEN, token)
        | select(IPV6, octet.is_ascii_hexdigit() || matches!(octet, b':' | b'.'))
        | select(END, matches!(octet, b';' | b' ' | b'\r'))
        | select(SLASH, octet == b'/')
        | select(COLON, octet == b':')
}

const fn select(class: Class, member: bool) -> u16 {
    if member { class.0 } else { 0 }
}
