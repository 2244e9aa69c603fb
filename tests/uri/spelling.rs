//! Other spellings of the same URI.

use std::net::Ipv6Addr;

use msrp::uri::Host;
use proptest::prelude::*;

use crate::parts::{Parts, token};

/// Another spelling of a URI.
#[derive(Clone, Debug)]
pub(crate) struct Spelling {
    capitals: Vec<bool>,
    escapes: Vec<bool>,
    zeros: usize,
    userinfo: Option<String>,
    parameters: Vec<(String, Option<String>)>,
}

prop_compose! {
    pub(crate) fn spelling()(
        capitals in prop::collection::vec(any::<bool>(), 8),
        escapes in prop::collection::vec(any::<bool>(), 5),
        zeros in 0..8_usize,
        userinfo in prop::option::of("[a-z:;]{0,4}"),
        parameters in prop::collection::vec((token(), prop::option::of(token())), 0..2),
    ) -> Spelling {
        Spelling { capitals, escapes, zeros, userinfo, parameters }
    }
}

impl Spelling {
    pub(crate) fn of(&self, parts: &Parts) -> String {
        let scheme = self.recased(parts.scheme.as_str());
        let userinfo =
            self.userinfo.as_ref().map_or(String::new(), |userinfo| format!("{userinfo}@"));
        let host = match Host::from(parts.host.as_str()) {
            Host::Ipv6(address) => self.recased(&format!("[{}]", self.expanded(address))),
            _ => self.recased(&self.escaped(&parts.host)),
        };
        let port = "0".repeat(self.zeros) + &parts.port.to_string();
        let session_id = parts.session_id.as_ref().map_or(String::new(), |id| format!("/{id}"));
        let transport = self.recased(&parts.transport);
        let mut text = format!("{scheme}://{userinfo}{host}:{port}{session_id};{transport}");
        for (name, value) in &self.parameters {
            text += &format!(";{name}");
            text += &value.as_ref().map_or(String::new(), |value| format!("={value}"));
        }
        text
    }

    fn recased(&self, text: &str) -> String {
        let change = |(char, capital): (char, &bool)| match capital {
            true => char.to_ascii_uppercase(),
            false => char.to_ascii_lowercase(),
        };
        text.chars().zip(self.capitals.iter().cycle()).map(change).collect()
    }

    fn escaped(&self, text: &str) -> String {
        // An escape must not be escaped again.
        let mut is_literal = 0;
        let mut escaped = String::new();
        for (char, escape) in text.chars().zip(self.escapes.iter().cycle()) {
            is_literal = if char == '%' { 3 } else { is_literal };
            let is_unreserved = char.is_ascii_alphanumeric() || "-._~".contains(char);
            if is_literal == 0 && *escape && is_unreserved {
                escaped += &format!("%{:02x}", u32::from(char));
            } else {
                escaped.push(char);
            }
            is_literal = i32::max(is_literal - 1, 0);
        }
        escaped
    }

    /// All eight groups, padded with leading zeros.
    fn expanded(&self, address: Ipv6Addr) -> String {
        let width = self.zeros.min(4);
        let groups = address.segments().map(|group| format!("{group:0width$x}"));
        groups.join(":")
    }
}
