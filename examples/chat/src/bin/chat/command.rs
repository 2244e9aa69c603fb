//! The commands of the client.

/// The text that `/help` shows.
pub(crate) const HELP: &str = "\
/msg NAME TEXT    sends a text to one participant; quote a NAME with blanks
/nick NICKNAME    requests a nickname; /nick alone gives it up
/who              lists the participants
/quit             leaves
anything else     goes to all; //text sends a text that begins with a slash";

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

/// The commands.
const COMMANDS: [&str; 5] = ["/help", "/msg ", "/nick ", "/quit", "/who"];

/// Whether a line that is being written is a text for all.
pub(crate) fn is_for_all(line: &str) -> bool {
    matches!(Command::read(line), Command::Say(_))
}

/// What a line may go on with: where that begins, and the commands or names that fit.
pub(crate) fn completions(line: &str, names: &[String]) -> (usize, Vec<String>) {
    let Some(name) = line.strip_prefix("/msg ") else {
        let is_command = line.starts_with('/') && !line.contains(' ');
        let fitting = COMMANDS.iter().filter(|command| is_command && command.starts_with(line));
        return (0, fitting.map(|command| (*command).to_owned()).collect());
    };
    let written = name.trim_start_matches('"').to_lowercase();
    let quoted = |name: &String| match name.contains(char::is_whitespace) {
        true => format!("\"{name}\" "),
        false => format!("{name} "),
    };
    let fitting = names.iter().filter(|name| name.to_lowercase().starts_with(&written));
    (line.len() - name.len(), fitting.map(quoted).collect())
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

    #[test]
    fn commands_and_names_are_completed() {
        let names = ["Ada of the Pier".to_owned(), "bob".to_owned()];
        let completed = |line| completions(line, &names);
        assert_eq!(completed("/n"), (0, vec!["/nick ".to_owned()]));
        assert_eq!(completed("/msg b"), (5, vec!["bob ".to_owned()]));
        assert_eq!(completed("/msg AD"), (5, vec!["\"Ada of the Pier\" ".to_owned()]));
        assert_eq!(completed("/msg \"ad"), (5, vec!["\"Ada of the Pier\" ".to_owned()]));
        assert_eq!(completed("hello").1.len() + completed("/msg bob hi").1.len(), 0);
    }

    #[test]
    fn only_what_goes_to_all_is_announced() {
        for (line, is_announced) in [
            ("", false),
            ("Hel", true),
            ("//x", true),
            ("/", false),
            ("/msg bob se", false),
            ("/nick x", false),
        ] {
            assert_eq!(is_for_all(line), is_announced, "{line}");
        }
    }
}
