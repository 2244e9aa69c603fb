//! A client of a chat room, for a terminal or a pipe.

mod command;
mod editor;
mod input;
mod screen;
mod talk;
mod terminal;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use msrp_chat::{Client, words};

use editor::{LineEditor, Names};
use input::Source;
use screen::Screen;
use talk::Talk;
use terminal::Restored;

/// Joins a chat room.
///
/// Exit status: 0 if all that was said was delivered, 1 if a part of it was lost or the room
/// cannot be joined, 2 for wrong arguments.
#[derive(Debug, Parser)]
#[command(version, name = "chat")]
struct Options {
    /// Where the room listens for calls.
    #[arg(value_name = "ADDRESS:PORT", default_value = "127.0.0.1:2856")]
    room: String,

    /// Your URI.
    #[arg(long = "as", value_name = "URI", default_value = "sip:guest@chat.invalid")]
    uri: String,

    /// The nickname to request.
    #[arg(long, value_name = "NICKNAME")]
    nick: Option<String>,
}

/// The longest time between two attempts to join again.
const MAX_WAIT: Duration = Duration::from_secs(30);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = Options::parse();
    let client = match Client::join(&options.room, &options.uri).await {
        Ok(client) => client,
        Err(error) => {
            Screen::new(None).error(&words::of_error(&error));
            return ExitCode::FAILURE;
        }
    };
    let (mut talk, _restored) = start();
    stay(&mut talk, client, &options).await;
    if talk.has_lost { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Begins to read, and to show.
fn start() -> (Talk, Option<Restored>) {
    let names = Names::default();
    match LineEditor::new(Names::clone(&names)) {
        Some((editor, printer)) => {
            let restored = Restored::later();
            let source = Source::start(|keyboard| editor.read(keyboard));
            (Talk::new(Screen::new(Some(printer)), source, names), Some(restored))
        }
        None => (Talk::new(Screen::new(None), Source::start(input::pipe), names), None),
    }
}

/// Stays in the room. In a terminal, joins again when the way to the room breaks.
async fn stay(talk: &mut Talk, mut client: Client, options: &Options) {
    loop {
        talk.screen.note(&format!("you are in {}; /help lists the commands", client.room()));
        if let Some(nickname) = &options.nick
            && let Err(error) = client.speaker().ask_nickname(Some(nickname))
        {
            talk.screen.error(&words::of_error(&error));
        }
        talk.run(&mut client).await;
        if client.has_left() || talk.is_over || !talk.screen.is_terminal() {
            return;
        }
        drop(client);
        match again(talk, options).await {
            Some(joined) => client = joined,
            None => return,
        }
    }
}

/// Joins again, sooner or later. `None` if the user leaves before.
async fn again(talk: &mut Talk, options: &Options) -> Option<Client> {
    let mut wait = Duration::from_secs(1);
    talk.screen.note("joining again; /quit or Ctrl-C leaves");
    loop {
        talk.wait(wait).await;
        if talk.is_over {
            return None;
        }
        match Client::join(&options.room, &options.uri).await {
            Ok(client) => return Some(client),
            Err(error) => talk.screen.error(&words::of_error(&error)),
        }
        wait = (wait * 2).min(MAX_WAIT);
    }
}
