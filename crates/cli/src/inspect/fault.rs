//! Why something cannot be read.

use std::error::Error;
use std::fmt::{self, Debug, Display, Formatter};
use std::iter::successors;
use std::ops::Range;

use serde_json::{Value, json};

/// What is wrong, and at which octets of the input.
#[derive(Debug)]
pub(super) struct Fault {
    kind: String,
    message: String,
    octets: Range<u64>,
}

impl Fault {
    /// `kind` is a variant of the error enums of the libraries, which names the kind. The
    /// message has the causes of the error, too.
    pub(super) fn new(kind: &impl Debug, error: &dyn Error, octets: Range<u64>) -> Self {
        let causes = successors(Some(error), |error| (*error).source());
        let message = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
        Self::of_text(kind, message, octets)
    }

    pub(super) fn at(kind: &impl Debug, error: &dyn Error, octets: Range<usize>) -> Self {
        Self::new(kind, error, octets.start as u64..octets.end as u64)
    }

    /// What no error of the libraries says.
    pub(super) fn of_text(
        kind: &impl Debug,
        message: impl Into<String>,
        octets: Range<u64>,
    ) -> Self {
        Self { kind: name_of(kind), message: message.into(), octets }
    }

    pub(super) fn to_json(&self) -> Value {
        let Self { kind, message, octets } = self;
        json!({ "kind": kind, "message": message, "octets": [octets.start, octets.end] })
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The name of a variant, without its fields and in the spelling of the names of
/// tolerances: `TooLong { limit: 5 }` is `too-long`.
fn name_of(variant: &impl Debug) -> String {
    let debug = format!("{variant:?}");
    let mut name = String::new();
    for letter in debug.chars().take_while(char::is_ascii_alphanumeric) {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use msrp::wire::ParseErrorKind;

    use super::name_of;

    #[test]
    fn a_kind_is_named_after_its_variant() {
        assert_eq!(name_of(&ParseErrorKind::NotMsrp), "not-msrp");
        assert_eq!(name_of(&ParseErrorKind::HeadTooLong { limit: 5 }), "head-too-long");
        assert_eq!(name_of(&msrp_cpim::ParseErrorKind::Repeated("From")), "repeated");
    }
}
