//! The commands of the client.

/// The text that `/help` shows.
pub(crate) const HELP: &str = "\
* /msg NAME TEXT    sends a text to one participant; quote a NAME with blanks
* /nick NICKNAME    requests a nickname; /nick alone gives it up
* /who              lists the participants
* /quit             leaves
* anything else     goes to all; //text sends a text that begins with a slash";

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command<'a> {
    Nothing,
    Say(&'a str),
    Whisper { name: &'a str, text: &'a str },
    Nickname(Option<&'a str>),
    Who,
    Help,
    Quit,
    Unknown(&'a str),
}

impl<'a> Command<'a> {
    pub(crate) fn read(line: &'a str) -> Self {
        let line = line.trim();
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        match word {
            "" => Self::Nothing,
            "/msg" => whisper(rest),
            "/nick" => Self::Nickname((!rest.is_empty()).then_some(rest)),
            "/who" => Self::Who,
            "/help" => Self::Help,
            "/quit" => Self::Quit,
            _ if line.starts_with("//") => Self::Say(line.split_at(1).1),
            _ if line.starts_with('/') => Self::Unknown(word),
            _ => Self::Say(line),
        }
    }
}

fn whisper(rest: &str) -> Command<'_> {
    let quoted = rest.strip_prefix('"').and_then(|rest| rest.split_once('"'));
    let parts = quoted.or_else(|| rest.split_once(char::is_whitespace));
    match parts.map(|(name, text)| (name, text.trim())) {
        Some((name, text)) if !name.is_empty() && !text.is_empty() => {
            Command::Whisper { name, text }
        }
        _ => Command::Help,
    }
}

#[cfg(test)]
mod tests {
    use super::Command::*;
    use super::*;

    #[test]
    fn what_lines_mean() {
        for (line, expected) in [
            ("", Nothing),
            ("  \t", Nothing),
            (" Hello there ", Say("Hello there")),
            ("//nick is a command", Say("/nick is a command")),
            ("/nick", Nickname(None)),
            ("/nick  Ada of the Pier", Nickname(Some("Ada of the Pier"))),
            ("/msg bob Psst!", Whisper { name: "bob", text: "Psst!" }),
            ("/msg \"Ada of the Pier\"  Psst!", Whisper { name: "Ada of the Pier", text: "Psst!" }),
            ("/msg bob", Help),
            ("/msg \"bob\"", Help),
            ("/who", Who),
            ("/quit now", Quit),
            ("/dance", Unknown("/dance")),
        ] {
            assert_eq!(Command::read(line), expected, "{line}");
        }
    }
}
