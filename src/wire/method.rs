//! Methods: the first word after the transaction id of a request.

use std::fmt;

macro_rules! methods {
    ($($(#[$doc:meta])* $method:ident = $name:literal;)*) => {
        /// The method of a request (RFC 4975 section 9; AUTH RFC 4976; NICKNAME
        /// RFC 7701). Names are case-sensitive.
        ///
        /// ```
        /// use msrp::wire::Method;
        ///
        /// assert_eq!(Method::from("SEND"), Method::Send);
        /// assert_eq!(Method::from("send"), Method::Other("send"));
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Method<'a> {
            $($(#[$doc])* $method,)*
            /// Any other method, as the start line names it.
            Other(&'a str),
        }

        impl<'a> Method<'a> {
            /// The name, as the start line has it.
            #[must_use]
            pub const fn as_str(&self) -> &'a str {
                match self {
                    $(Self::$method => $name,)*
                    Self::Other(name) => name,
                }
            }
        }

        impl<'a> From<&'a str> for Method<'a> {
            fn from(name: &'a str) -> Self {
                Self::known(name.as_bytes()).unwrap_or(Self::Other(name))
            }
        }

        impl Method<'_> {
            /// The method with this name, if it is a known one.
            pub(crate) fn known(name: &[u8]) -> Option<Self> {
                $(if name == $name.as_bytes() {
                    return Some(Self::$method);
                })*
                None
            }
        }
    };
}

methods! {
    /// SEND: carries a message or a chunk of one.
    Send = "SEND";
    /// REPORT: says what became of a message.
    Report = "REPORT";
    /// AUTH: asks a relay for a URI (RFC 4976).
    Auth = "AUTH";
    /// NICKNAME: asks a chat room for a nickname (RFC 7701).
    Nickname = "NICKNAME";
}

impl fmt::Display for Method<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
