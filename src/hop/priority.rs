//! The priority of a message.

/// How urgent an outgoing message is. On a connection, the messages of a higher
/// priority leave before those of a lower one, which they interrupt (RFC 4975 section
/// 7.1.1). Messages of the same priority take turns. Responses and REPORTs leave before
/// all of them.
///
/// A lower priority waits for as long as messages of a higher one have octets to send.
/// `a > b` means that `a` is more urgent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Priority {
    /// Nobody waits for it: files.
    Bulk,
    /// The default.
    #[default]
    Normal,
    /// Somebody waits for it: text, notifications.
    Interactive,
}
