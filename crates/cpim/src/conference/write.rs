//! Writing a document, in the order of the schema of RFC 4575 section 6.

use super::endpoint::{Endpoint, Media};
use super::extent::Extent;
use super::info::ConferenceInfo;
use super::user::User;
use super::{NAMESPACE, XCON_NAMESPACE};
use crate::xml::{push_element, push_text};

impl ConferenceInfo {
    /// The document, an [`application/conference-info+xml`](super::CONFERENCE_INFO_TYPE) in
    /// UTF-8.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n");
        out.push_str("<conference-info");
        push_attribute(&mut out, "xmlns", NAMESPACE);
        push_attribute(&mut out, "xmlns:xcon", XCON_NAMESPACE);
        push_attribute(&mut out, "entity", &self.entity);
        push_attribute(&mut out, "state", self.state.as_str());
        if let Some(version) = self.version {
            push_attribute(&mut out, "version", &version.to_string());
        }
        out.push_str(">\r\n");
        push_parent(&mut out, "conference-description", |out| self.push_description(out));
        push_parent(&mut out, "conference-state", |out| self.push_state(out));
        if self.users_state != Extent::Partial || !self.users.is_empty() {
            self.push_users(&mut out);
        }
        out.push_str("</conference-info>");
        out
    }

    fn push_description(&self, out: &mut String) {
        push_optional(out, "display-text", self.display_text.as_deref());
        push_optional(out, "subject", self.subject.as_deref());
        let maximum = self.maximum_user_count.map(|count| count.to_string());
        push_optional(out, "maximum-user-count", maximum.as_deref());
    }

    fn push_state(&self, out: &mut String) {
        let count = self.user_count.map(|count| count.to_string());
        push_optional(out, "user-count", count.as_deref());
        let text = |is: Option<bool>| is.map(|is| if is { "true" } else { "false" });
        push_optional(out, "active", text(self.active));
        push_optional(out, "locked", text(self.locked));
    }

    fn push_users(&self, out: &mut String) {
        out.push_str("<users");
        push_attribute(out, "state", self.users_state.as_str());
        out.push_str(">\r\n");
        self.users.iter().for_each(|user| push_user(out, user));
        out.push_str("</users>\r\n");
    }
}

fn push_user(out: &mut String, user: &User) {
    out.push_str("<user");
    push_attribute(out, "entity", &user.entity);
    push_attribute(out, "state", user.state.as_str());
    if let Some(nickname) = &user.nickname {
        push_attribute(out, "xcon:nickname", nickname);
    }
    out.push_str(">\r\n");
    push_optional(out, "display-text", user.display_text.as_deref());
    push_parent(out, "roles", |out| {
        user.roles.iter().for_each(|role| push_element(out, "entry", role));
    });
    user.endpoints.iter().for_each(|endpoint| push_endpoint(out, endpoint));
    out.push_str("</user>\r\n");
}

fn push_endpoint(out: &mut String, endpoint: &Endpoint) {
    out.push_str("<endpoint");
    push_attribute(out, "entity", &endpoint.entity);
    push_attribute(out, "state", endpoint.state.as_str());
    out.push_str(">\r\n");
    push_optional(out, "display-text", endpoint.display_text.as_deref());
    push_optional(out, "status", endpoint.status.map(|it| it.as_str()));
    push_optional(out, "joining-method", endpoint.joining_method.map(|it| it.as_str()));
    let left = endpoint.disconnection_method.map(|it| it.as_str());
    push_optional(out, "disconnection-method", left);
    endpoint.media.iter().for_each(|medium| push_medium(out, medium));
    out.push_str("</endpoint>\r\n");
}

fn push_medium(out: &mut String, medium: &Media) {
    out.push_str("<media");
    push_attribute(out, "id", &medium.id);
    out.push_str(">\r\n");
    push_optional(out, "type", medium.media_type.as_deref());
    push_optional(out, "status", medium.status.map(|it| it.as_str()));
    out.push_str("</media>\r\n");
}

fn push_attribute(out: &mut String, name: &str, value: &str) {
    out.extend([" ", name, "=\""]);
    push_text(out, value);
    out.push('"');
}

fn push_optional(out: &mut String, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        push_element(out, name, text);
    }
}

/// An element with what `push` puts into it, and nothing if that is nothing.
fn push_parent(out: &mut String, name: &str, push: impl FnOnce(&mut String)) {
    let mut inner = String::new();
    push(&mut inner);
    if !inner.is_empty() {
        out.extend(["<", name, ">\r\n", &inner, "</", name, ">\r\n"]);
    }
}
