//! What URIs are made of, and texts that are nearly URIs.

use std::net::IpAddr;

use msrp::uri::{Host, MsrpUri, Scheme, UriBuilder, UriRef};
use proptest::prelude::*;

/// What a URI is made of.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) scheme: Scheme,
    pub(crate) userinfo: Option<String>,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) session_id: Option<String>,
    pub(crate) transport: String,
    pub(crate) parameters: Vec<(String, Option<String>)>,
}

impl Parts {
    pub(crate) fn builder(&self) -> UriBuilder<'_> {
        let mut builder =
            MsrpUri::builder(self.scheme, self.host.as_str(), self.port).transport(&self.transport);
        if let Some(userinfo) = &self.userinfo {
            builder = builder.userinfo(userinfo);
        }
        if let Some(session_id) = &self.session_id {
            builder = builder.session_id(session_id);
        }
        for (name, value) in &self.parameters {
            builder = builder.parameter(name, value.as_deref());
        }
        builder
    }

    pub(crate) fn build(&self) -> MsrpUri {
        self.builder().build().unwrap()
    }

    pub(crate) fn are_those_of(&self, uri: UriRef<'_>) -> bool {
        let parameters =
            self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_deref()));
        uri.scheme() == self.scheme
            && uri.userinfo() == self.userinfo.as_deref()
            && uri.host() == Host::from(self.host.as_str())
            && uri.port() == Some(self.port)
            && uri.session_id() == self.session_id.as_deref()
            && uri.transport() == self.transport
            && uri.parameters().eq(parameters)
    }
}

prop_compose! {
    pub(crate) fn parts()(
        scheme in prop_oneof![Just(Scheme::Msrp), Just(Scheme::Msrps)],
        userinfo in prop::option::of("([A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2}){0,8}"),
        host in host(),
        port in 1..=u16::MAX,
        session_id in prop::option::weighted(0.8, "[A-Za-z0-9._~+=/-]{1,24}"),
        transport in "[A-Za-z0-9]{1,5}",
        parameters in prop::collection::vec((token(), prop::option::of(token())), 0..3),
    ) -> Parts {
        Parts { scheme, userinfo, host, port, session_id, transport, parameters }
    }
}

fn host() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z][a-zA-Z0-9.-]{0,40}",
        "([A-Za-z0-9._~!$&'()*+,=-]|%[0-9A-Fa-f]{2}){1,12}",
        any::<IpAddr>().prop_map(|address| Host::from(address).to_string()),
    ]
}

pub(crate) fn token() -> impl Strategy<Value = String> {
    "[!#-'*+.0-9A-Z^-~-]{1,6}"
}

/// A URI with a few octets put in, taken out or changed.
pub(crate) fn near_uri() -> impl Strategy<Value = String> {
    let edit = (any::<prop::sample::Index>(), 0..3_u8, prop::sample::select(EDITS.to_vec()));
    (parts(), prop::collection::vec(edit, 0..4)).prop_map(|(parts, edits)| {
        let mut text: Vec<char> = parts.build().as_str().chars().collect();
        for (place, kind, edit) in edits {
            let place = place.index(text.len().max(1));
            match kind {
                0 => text.insert(place.min(text.len()), edit),
                1 if place < text.len() => text[place] = edit,
                _ if place < text.len() => drop(text.remove(place)),
                _ => {}
            }
        }
        text.into_iter().collect()
    })
}

const EDITS: &[char] = &[
    ';', ':', '/', '@', '%', '[', ']', '=', '.', '-', '+', '0', '9', 'a', 'Z', ' ', '\r', '\n',
    '\0', '\t', '"', '\\', '<', '~', '(', ',', '?', '#', '\u{7f}', '\u{e9}', '\u{20ac}',
];

/// What somebody might slip into one part to write another.
pub(crate) fn near_part() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(EDITS.to_vec()).prop_map(String::from),
        "[a-z0-9]{1,3}",
        Just("%41".to_owned()),
        Just(";tcp".to_owned()),
        Just(" msrp://h:1/a;tcp".to_owned()),
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

/// A URI of any parts.
pub(crate) fn uri() -> impl Strategy<Value = MsrpUri> {
    parts().prop_map(|parts| parts.build())
}
