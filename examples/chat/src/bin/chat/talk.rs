//! One stay in a room: what the user types goes out, what happens is shown.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::PoisonError;
use std::time::Duration;

use msrp_chat::{Client, ClientError, Speaker, Told, words};
use msrp_tokio::content::spelled;
use tokio::time::{Instant, sleep_until};

use crate::command::{self, Command};
use crate::editor::Names;
use crate::input::{Input, Source};
use crate::screen::Screen;

/// How long without a key until the user has stopped writing (RFC 3994 section
/// 3.2).
const IDLE: Duration = Duration::from_secs(15);

/// How often the others are notified while the user keeps writing.
const REFRESH: Duration = Duration::from_secs(45);

/// How long a user who leaves at once waits for the outcome of what was said.
const FAREWELL: Duration = Duration::from_secs(2);

/// Something that the room has not taken yet.
type Saying = Pin<Box<dyn Future<Output = Result<(), ClientError>>>>;

/// What outlives a session.
pub(crate) struct Talk {
    pub(crate) screen: Screen,
    pub(crate) source: Source,
    pub(crate) names: Names,
    /// Whether a text was not delivered.
    pub(crate) has_lost: bool,
    /// Whether the user wants to leave, or the input has ended.
    pub(crate) is_over: bool,
    saying: Option<Saying>,
    /// When the others were last notified that this user is writing, and when the
    /// last key was pressed.
    typing: Option<(Instant, Instant)>,
}

impl Talk {
    pub(crate) fn new(screen: Screen, source: Source, names: Names) -> Self {
        let (saying, typing) = (None, None);
        Self { screen, source, names, has_lost: false, is_over: false, saying, typing }
    }

    /// Until the user has left, or the session has ended.
    pub(crate) async fn run(&mut self, client: &mut Client) {
        let (speaker, leave) = (client.speaker(), self.source.leave());
        let mut leaves_at = None;
        loop {
            let idle_at = self.typing.map(|(_, key)| key + IDLE);
            // While the room holds the user back, no line is taken.
            let takes_input = self.saying.is_none() && !self.is_over;
            tokio::select! {
                told = client.next() => match told {
                    Some(told) => self.told(client, &told),
                    None => break,
                },
                said = said(&mut self.saying) => {
                    self.saying = None;
                    self.result(said);
                }
                input = self.source.next(), if takes_input => {
                    self.input(client, &speaker, input);
                }
                () = leave.notified() => {
                    self.is_over = true;
                    client.leave();
                    leaves_at = Some(Instant::now() + FAREWELL);
                }
                () = sleep(leaves_at) => {
                    self.has_lost = true;
                    break;
                }
                () = sleep(idle_at) => self.set_typing(&speaker, false),
            }
        }
        let is_cut_off = !self.is_over && self.source.has_lines();
        self.has_lost |= is_cut_off || self.saying.take().is_some();
        self.screen.note("the session has ended");
    }

    /// Waits, for another attempt to join. Lines meanwhile are lost.
    pub(crate) async fn wait(&mut self, time: Duration) {
        let (until, leave) = (Instant::now() + time, self.source.leave());
        while !self.is_over {
            tokio::select! {
                () = sleep_until(until) => return,
                () = leave.notified() => self.is_over = true,
                input = self.source.next() => match input {
                    Some(Input::Line(line)) if Command::read(&line) == Command::Quit => {
                        self.is_over = true;
                    }
                    Some(Input::Line(_) | Input::TooLong) => {
                        self.lost("there is no session: nothing was sent");
                    }
                    Some(Input::Writing(_)) => {}
                    None => self.is_over = true,
                },
            }
        }
    }

    fn input(&mut self, client: &mut Client, speaker: &Speaker, input: Option<Input>) {
        match input {
            Some(Input::Line(line)) => self.command(client, speaker, &line),
            Some(Input::TooLong) => self.lost("the line is too long: nothing was sent"),
            Some(Input::Writing(is_active)) => self.set_typing(speaker, is_active),
            None => self.finish(client),
        }
    }

    fn command(&mut self, client: &mut Client, speaker: &Speaker, line: &str) {
        match Command::read(line) {
            Command::Nothing => {}
            Command::Say(text) => self.say(speaker, speaker.room(), text, "<you>"),
            Command::Whisper { name, text } => match client.find(name) {
                Ok(uri) => {
                    let head = format!("[you to {}]", client.name_of(uri));
                    self.say(speaker, uri, text, &head);
                }
                Err(error) => self.lost(&error.to_string()),
            },
            Command::Nickname(nickname) => {
                let asked = speaker.ask_nickname(nickname);
                self.explain(asked);
            }
            Command::Who => {
                for uri in client.roster().keys() {
                    self.screen.note(&format!("{} is {}", client.name_of(uri), spelled(uri)));
                }
            }
            Command::Help => command::HELP.lines().for_each(|line| self.screen.note(line)),
            Command::Quit => self.finish(client),
            Command::Unknown(name) => {
                self.screen.error(&format!("there is no {name}; /help lists the commands"));
            }
        }
    }

    fn finish(&mut self, client: &mut Client) {
        self.is_over = true;
        client.finish();
    }

    fn say(&mut self, speaker: &Speaker, to: &str, text: &str, head: &str) {
        // A message implies that its sender has stopped writing.
        self.typing = None;
        // In a terminal, the line that the user wrote is still there.
        if !self.screen.is_terminal() {
            self.screen.said(head, text);
        }
        let (speaker, to, text) = (speaker.clone(), to.to_owned(), text.to_owned());
        self.saying = Some(Box::pin(async move { speaker.say_to(&to, &text).await }));
    }

    fn result(&mut self, said: Result<(), ClientError>) {
        self.has_lost |= said.is_err();
        self.explain(said);
    }

    fn explain(&mut self, result: Result<(), ClientError>) {
        if let Err(error) = result {
            self.screen.error(&words::of_error(&error));
        }
    }

    /// Something of the user is lost.
    fn lost(&mut self, why: &str) {
        self.has_lost = true;
        self.screen.error(why);
    }

    /// Notifies the others unless they know already.
    fn set_typing(&mut self, speaker: &Speaker, is_active: bool) {
        let now = Instant::now();
        let is_known = match self.typing {
            Some((told, _)) => is_active && now < told + REFRESH,
            None => !is_active,
        };
        if !is_known && self.saying.is_none() {
            let speaker = speaker.clone();
            self.saying = Some(Box::pin(async move {
                // A lost notification does no harm.
                let _ = speaker.typing(is_active).await;
                Ok(())
            }));
        }
        let told = self.typing.map(|(told, _)| told).filter(|_| is_known);
        self.typing = is_active.then_some((told.unwrap_or(now), now));
    }

    fn told(&mut self, client: &Client, told: &Told) {
        let name = |uri: &str| client.name_of(uri);
        let screen = &mut self.screen;
        match told {
            Told::Joined { uri } | Told::Renamed { uri, .. } if client.is_me(uri) => {}
            Told::Joined { uri } => screen.note(&format!("{} is here", name(uri))),
            Told::Left { uri, nickname } => {
                let name = client.name_of_left(uri, nickname.as_deref());
                screen.note(&format!("{name} has left"));
            }
            Told::Renamed { uri, nickname: Some(nickname) } => {
                screen.note(&format!("{} is called {nickname}", spelled(uri)));
            }
            Told::Renamed { uri, nickname: None } => {
                screen.note(&format!("{} has no nickname any more", spelled(uri)));
            }
            Told::Heard { from, is_private: true, text } => {
                screen.said(&format!("[{} to you]", name(from)), text);
            }
            Told::Heard { from, text, .. } => screen.said(&format!("<{}>", name(from)), text),
            Told::Unshown { from, is_private, what } => {
                let to_whom = if *is_private { " to you" } else { "" };
                screen.note(&format!("{} has sent{to_whom} {what}", name(from)));
            }
            Told::Typing { from, is_active: true } => {
                screen.note(&format!("{} is writing", name(from)));
            }
            Told::Refused { text, why } => self.lost(&format!("\"{text}\": {why}")),
            Told::Named(Some(nickname)) => screen.note(&format!("you are called {nickname}")),
            Told::Named(None) => screen.note("you have no nickname any more"),
            Told::NotNamed { why, .. } => screen.error(why),
            _ => {}
        }
        if matches!(told, Told::Joined { .. } | Told::Left { .. } | Told::Renamed { .. }) {
            let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            *names = client.roster().keys().map(|uri| client.handle_of(uri)).collect();
        }
    }
}

async fn said(saying: &mut Option<Saying>) -> Result<(), ClientError> {
    match saying {
        Some(saying) => saying.await,
        None => pending().await,
    }
}

async fn sleep(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => pending().await,
    }
}
