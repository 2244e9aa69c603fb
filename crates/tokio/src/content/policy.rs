//! What is done with each type of content: the table, and its default.

/// What is done with the content of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Treatment {
    /// It is text: shown without hidden characters.
    Text,
    /// It is HTML: converted to what is harmless of it, and shown.
    Html,
    /// It is a picture: shown if its octets are what the type says.
    Image,
    /// It becomes a file with a safe name, and nothing of it is shown.
    Save,
    /// It is neither shown nor stored.
    Refuse,
}

/// Which [`Treatment`] each type of content gets. The default:
///
/// | type | treatment |
/// |---|---|
/// | `text/plain` | [`Text`](Treatment::Text) |
/// | `text/html` | [`Html`](Treatment::Html) |
/// | `image/png`, `image/jpeg`, `image/gif`, `image/webp` | [`Image`](Treatment::Image) |
/// | `image/svg+xml`, which has scripts | [`Save`](Treatment::Save) |
/// | every other type | [`Save`](Treatment::Save) |
///
/// A `message/cpim` is treated as what it wraps. Whatever cannot be treated as the table says
/// is saved: text of an unknown charset, HTML with too many tags, an image that is none, what
/// is too large to be shown, and what its sender calls an attachment.
///
/// ```
/// use msrp_tokio::content::{Policy, Treatment};
///
/// let terminal = Policy::default()
///     .with("image/*", Treatment::Save)
///     .with("application/json", Treatment::Text)
///     .with("application/vnd.microsoft.portable-executable", Treatment::Refuse);
/// assert_eq!(terminal.treatment("Image/PNG"), Treatment::Save);
/// assert_eq!(terminal.treatment("application/pdf"), Treatment::Save);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Policy {
    /// The last row that matches counts.
    rows: Vec<(String, Treatment)>,
    max_shown: usize,
}

impl Default for Policy {
    fn default() -> Self {
        let nothing = Self { rows: Vec::new(), max_shown: 64 * 1024 };
        [
            ("*", Treatment::Save),
            ("text/plain", Treatment::Text),
            ("text/html", Treatment::Html),
            ("image/png", Treatment::Image),
            ("image/jpeg", Treatment::Image),
            ("image/gif", Treatment::Image),
            ("image/webp", Treatment::Image),
            ("image/svg+xml", Treatment::Save),
        ]
        .into_iter()
        .fold(nothing, |policy, (types, treatment)| policy.with(types, treatment))
    }
}

impl Policy {
    /// Gives a type another treatment: one type, `image/*` for all images, or `*` for all
    /// types. It overrides all rows before it that it covers.
    pub fn with(mut self, types: &str, treatment: Treatment) -> Self {
        let types = types.to_ascii_lowercase();
        self.rows.retain(|(row, _)| !covers(&types, row));
        self.rows.push((types, treatment));
        self
    }

    /// The most octets of text or HTML that are shown, 64 KiB by default. What is larger is
    /// saved. HTML of more than 64 KiB is saved in any case.
    pub const fn max_shown(mut self, octets: usize) -> Self {
        self.max_shown = octets;
        self
    }

    /// What is done with a type, by its declaration: `text/plain; charset=utf-8`. Letter case
    /// and parameters do not matter.
    #[must_use]
    pub fn treatment(&self, content_type: &str) -> Treatment {
        let wanted = msrp::mime::MimeValue::new(content_type).main().to_ascii_lowercase();
        let row = self.rows.iter().rev().find(|(types, _)| covers(types, &wanted));
        row.map_or(Treatment::Save, |(_, treatment)| *treatment)
    }

    pub(super) const fn may_show(&self, octets: usize) -> bool {
        octets <= self.max_shown
    }
}

/// Whether a row of the table speaks of a type.
fn covers(types: &str, wanted: &str) -> bool {
    match types.strip_suffix('*') {
        Some("") => true,
        Some(family) if family.ends_with('/') => wanted.starts_with(family),
        _ => types == wanted,
    }
}
