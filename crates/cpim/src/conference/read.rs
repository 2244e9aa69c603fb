//! Reading a document.

use super::endpoint::{Endpoint, Media};
use super::extent::Extent;
use super::info::ConferenceInfo;
use super::user::User;
use super::{NAMESPACE, XCON_NAMESPACE};
use crate::aside::Aside;
use crate::error::{ParseError, ParseErrorKind};
use crate::xml::{Element, Limits, Text, number};

impl ConferenceInfo {
    /// Reads a document of at most 1 MiB, 65,536 nodes and 16,384 declarations of namespaces,
    /// of which each user may have its own; of different prefixes there are at most some
    /// hundred. A number, a flag or a name that is
    /// none counts as missing, and so does a user, an endpoint or a medium without its entity
    /// or id. A state that RFC 4575 does not define is [`Extent::Full`].
    ///
    /// # Errors
    ///
    /// [`ParseErrorKind::Xml`], [`ParseErrorKind::Root`], or [`ParseErrorKind::Missing`]
    /// without the entity of the conference.
    pub fn parse(document: &[u8]) -> Result<Self, ParseError> {
        let text = Text::checked(document, &Limits::LARGE)?;
        let xml = text.parse(NAMESPACE, "conference-info")?;
        let root = xml.root();
        let missing = || xml.fault(ParseErrorKind::Missing("entity"));
        let description = root.child("conference-description");
        let state = root.child("conference-state");
        let described = |name| description?.child_text(name);
        let stated = |name| state?.child_text(name);
        let users = root.child("users");
        Ok(Self {
            entity: root.attribute("entity").ok_or_else(missing)?.to_owned(),
            state: extent(root),
            version: root.attribute("version").and_then(number),
            display_text: described("display-text"),
            subject: described("subject"),
            maximum_user_count: described("maximum-user-count").as_deref().and_then(number),
            user_count: stated("user-count").as_deref().and_then(number),
            active: stated("active").as_deref().and_then(flag),
            locked: stated("locked").as_deref().and_then(flag),
            users_state: users.map_or(Extent::Partial, extent),
            users: users.into_iter().flat_map(|it| it.children("user")).filter_map(user).collect(),
            tolerated: Aside(xml.tolerated()),
        })
    }
}

fn user(element: Element<'_>) -> Option<User> {
    let nickname =
        element.attribute((XCON_NAMESPACE, "nickname")).or(element.attribute("nickname"));
    let roles = element.child("roles").into_iter().flat_map(|roles| roles.children("entry"));
    Some(User {
        entity: element.attribute("entity")?.to_owned(),
        state: extent(element),
        display_text: element.child_text("display-text"),
        nickname: nickname.map(str::to_owned),
        roles: roles.map(|role| role.text().trim().to_owned()).collect(),
        endpoints: element.children("endpoint").filter_map(endpoint).collect(),
    })
}

fn endpoint(element: Element<'_>) -> Option<Endpoint> {
    Some(Endpoint {
        entity: element.attribute("entity")?.to_owned(),
        state: extent(element),
        display_text: element.child_text("display-text"),
        status: element.child_text("status").and_then(|text| text.parse().ok()),
        joining_method: element.child_text("joining-method").and_then(|text| text.parse().ok()),
        disconnection_method: element
            .child_text("disconnection-method")
            .and_then(|text| text.parse().ok()),
        media: element.children("media").filter_map(medium).collect(),
    })
}

fn medium(element: Element<'_>) -> Option<Media> {
    Some(Media {
        id: element.attribute("id")?.to_owned(),
        media_type: element.child_text("type"),
        status: element.child_text("status").and_then(|text| text.parse().ok()),
    })
}

fn extent(element: Element<'_>) -> Extent {
    element.attribute("state").and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// `xs:boolean`.
fn flag(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}
