//! A client of a chat room, for a terminal or a pipe.

mod command;
mod input;
mod screen;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use msrp_chat::{Client, Told, words};
use tokio::time::{Instant, sleep_until};

use command::Command;
use input::{Input, Source};
use screen::Screen;

/// Joins a chat room.
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

/// How long without a key until the user has stopped writing (RFC 3994 section
/// 3.2).
const IDLE: Duration = Duration::from_secs(15);

/// How often the others are notified while the user keeps writing.
const REFRESH: Duration = Duration::from_secs(45);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = Options::parse();
    let mut client = match Client::join(&options.room, &options.uri).await {
        Ok(client) => client,
        Err(error) => {
            Screen::plain().error(&words::of_error(&error));
            return ExitCode::FAILURE;
        }
    };
    let (source, screen) = (Source::start(), Screen::of_terminal());
    let mut talk = Talk { screen, typing: None };
    talk.screen.show(&format!("* you are in {}; /help lists the commands", client.room()));
    if let Some(nickname) = &options.nick {
        talk.ask_nickname(&mut client, Some(nickname));
    }
    talk.run(&mut client, source).await;
    talk.screen.end();
    ExitCode::SUCCESS
}

struct Talk {
    screen: Screen,
    /// When the others were last notified that this user is writing, and when the
    /// last key was pressed.
    typing: Option<(Instant, Instant)>,
}

impl Talk {
    async fn run(&mut self, client: &mut Client, mut source: Source) {
        let (mut is_over, mut is_leaving) = (false, false);
        loop {
            let idle_at = self.typing.map(|(_, key)| key + IDLE);
            tokio::select! {
                told = client.next() => match told {
                    Some(told) => self.told(client, &told),
                    None => return self.screen.show("* the session has ended"),
                },
                input = source.next(), if !is_over => match input {
                    Some(input) if !is_leaving => is_leaving = self.input(client, input),
                    // The user does not want to wait for the responses.
                    Some(Input::Key(key)) if self.screen.key(key) == screen::Edit::Leave => {
                        client.leave();
                    }
                    Some(_) => {}
                    None => {
                        is_over = true;
                        client.finish();
                    }
                },
                () = sleep(idle_at) => self.set_typing(client, false),
            }
        }
    }

    /// Returns whether the user leaves.
    fn input(&mut self, client: &mut Client, input: Input) -> bool {
        match input {
            Input::Line(line) => return self.command(client, &line),
            Input::Key(key) => match self.screen.key(key) {
                screen::Edit::Line(line) => return self.command(client, &line),
                screen::Edit::Text => self.set_typing(client, true),
                screen::Edit::Nothing => self.set_typing(client, false),
                screen::Edit::Leave => {
                    client.leave();
                    return true;
                }
            },
        }
        false
    }

    fn command(&mut self, client: &mut Client, line: &str) -> bool {
        // A message implies that its sender has stopped writing.
        self.typing = None;
        let result = match Command::read(line) {
            Command::Nothing => Ok(()),
            Command::Say(text) => {
                self.screen.show(&format!("<you> {text}"));
                client.say(text)
            }
            Command::Whisper { name, text } => match client.find(name).map(str::to_owned) {
                Ok(uri) => {
                    let to = client.name_of(&uri);
                    self.screen.show(&format!("[you to {to}] {text}"));
                    client.say_to(&uri, text)
                }
                Err(error) => {
                    self.screen.error(&error.to_string());
                    Ok(())
                }
            },
            Command::Nickname(nickname) => {
                self.ask_nickname(client, nickname);
                Ok(())
            }
            Command::Who => {
                let names =
                    client.roster().keys().map(|uri| format!("* {} is {uri}", client.name_of(uri)));
                names.collect::<Vec<_>>().iter().for_each(|line| self.screen.show(line));
                Ok(())
            }
            Command::Help => {
                command::HELP.lines().for_each(|line| self.screen.show(line));
                Ok(())
            }
            Command::Quit => {
                client.finish();
                return true;
            }
            Command::Unknown(name) => {
                self.screen.error(&format!("there is no {name}; /help lists the commands"));
                Ok(())
            }
        };
        if let Err(error) = result {
            self.screen.error(&words::of_error(&error));
        }
        false
    }

    fn ask_nickname(&mut self, client: &mut Client, nickname: Option<&str>) {
        if let Err(error) = client.ask_nickname(nickname) {
            self.screen.error(&words::of_error(&error));
        }
    }

    /// Notifies the others unless they know already.
    fn set_typing(&mut self, client: &mut Client, is_active: bool) {
        let now = Instant::now();
        let is_known = match self.typing {
            Some((told, _)) => is_active && now < told + REFRESH,
            None => !is_active,
        };
        if !is_known {
            // A lost notification does no harm.
            let _ = client.typing(is_active);
        }
        let told = self.typing.map(|(told, _)| told).filter(|_| is_known);
        self.typing = is_active.then_some((told.unwrap_or(now), now));
    }

    fn told(&mut self, client: &Client, told: &Told) {
        let name = |uri: &str| client.name_of(uri);
        let line = match told {
            Told::Joined { uri } if client.is_me(uri) => return,
            Told::Joined { uri } => format!("* {} is here", name(uri)),
            Told::Left { uri, nickname } => {
                format!("* {} has left", client.name_of_left(uri, nickname.as_deref()))
            }
            Told::Renamed { uri, .. } if client.is_me(uri) => return,
            Told::Renamed { uri, nickname: Some(nickname) } => {
                format!("* {uri} is called {nickname}")
            }
            Told::Renamed { uri, nickname: None } => {
                format!("* {uri} has no nickname any more")
            }
            Told::Heard { from, is_private: true, text } => {
                format!("[{} to you] {text}", name(from))
            }
            Told::Heard { from, text, .. } => format!("<{}> {text}", name(from)),
            Told::Typing { from, is_active: true } => format!("* {} is writing", name(from)),
            Told::Refused { text, why } => {
                return self.screen.error(&format!("\"{text}\": {why}"));
            }
            Told::Named(Some(nickname)) => {
                format!("* you are called {nickname}")
            }
            Told::Named(None) => "* you have no nickname any more".into(),
            Told::NotNamed { why, .. } => return self.screen.error(why),
            _ => return,
        };
        self.screen.show(&line);
    }
}

async fn sleep(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}
