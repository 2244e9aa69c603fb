//! Reading a document.

use roxmltree::Node;

use super::endpoint::{Endpoint, Media};
use super::extent::Extent;
use super::info::ConferenceInfo;
use super::user::User;
use super::{NAMESPACE, XCON_NAMESPACE};
use crate::error::{ParseError, ParseErrorKind};
use crate::xml::{Limits, Text, child, child_text, children, number, text_of};

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
        let description = child(root, "conference-description");
        let state = child(root, "conference-state");
        let described = |name| child_text(description?, name);
        let stated = |name| child_text(state?, name);
        let users = child(root, "users");
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
            users: users.into_iter().flat_map(|it| children(it, "user")).filter_map(user).collect(),
        })
    }
}

fn user(node: Node<'_, '_>) -> Option<User> {
    let nickname = node.attribute((XCON_NAMESPACE, "nickname")).or(node.attribute("nickname"));
    let roles = child(node, "roles").into_iter().flat_map(|roles| children(roles, "entry"));
    Some(User {
        entity: node.attribute("entity")?.to_owned(),
        state: extent(node),
        display_text: child_text(node, "display-text"),
        nickname: nickname.map(str::to_owned),
        roles: roles.map(|role| text_of(role).trim().to_owned()).collect(),
        endpoints: children(node, "endpoint").filter_map(endpoint).collect(),
    })
}

fn endpoint(node: Node<'_, '_>) -> Option<Endpoint> {
    Some(Endpoint {
        entity: node.attribute("entity")?.to_owned(),
        state: extent(node),
        display_text: child_text(node, "display-text"),
        status: child_text(node, "status").and_then(|text| text.parse().ok()),
        joining_method: child_text(node, "joining-method").and_then(|text| text.parse().ok()),
        disconnection_method: child_text(node, "disconnection-method")
            .and_then(|text| text.parse().ok()),
        media: children(node, "media").filter_map(medium).collect(),
    })
}

fn medium(node: Node<'_, '_>) -> Option<Media> {
    Some(Media {
        id: node.attribute("id")?.to_owned(),
        media_type: child_text(node, "type"),
        status: child_text(node, "status").and_then(|text| text.parse().ok()),
    })
}

fn extent(node: Node<'_, '_>) -> Extent {
    node.attribute("state").and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// `xs:boolean`.
fn flag(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}
