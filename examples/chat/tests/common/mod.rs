//! A running room, and clients of it.
#![allow(dead_code, unreachable_pub)]

use std::thread::JoinHandle;
use std::time::Duration;

use msrp_chat::{Addresses, Client, Handle, Options, Server, Speaker, Told};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// The longest wait in these tests.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A room that runs on its own thread. Dropping it ends the room.
pub struct Running {
    pub addresses: Addresses,
    pub handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    pub fn start() -> Self {
        Self::with(Options::any_port())
    }

    pub fn with(options: Options) -> Self {
        let (sender, started) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let server = Server::bind(options).await.unwrap();
                sender.send((server.addresses(), server.handle())).unwrap();
                server.run().await;
            });
        });
        let (addresses, handle) = started.recv().unwrap();
        Self { addresses, handle, thread: Some(thread) }
    }

    pub async fn client(&self, name: &str) -> Client {
        let uri = format!("sip:{name}@example.com");
        let client = Client::join(self.addresses.rendezvous, &uri);
        timeout(PATIENCE, client).await.unwrap().unwrap()
    }

    pub async fn join(&self, name: &str) -> Person {
        Person::new(self.client(name).await)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.handle.stop();
        // A panic of the room fails the test.
        let ended = self.thread.take().unwrap().join();
        if !std::thread::panicking() {
            ended.unwrap();
        }
    }
}

type Job = Box<dyn FnOnce(&mut Client) + Send>;

/// A client in its own task, so that it runs while the test waits for something
/// else.
pub struct Person {
    pub speaker: Speaker,
    jobs: mpsc::UnboundedSender<Job>,
    told: mpsc::UnboundedReceiver<Told>,
}

impl Person {
    fn new(mut client: Client) -> Self {
        let speaker = client.speaker();
        let (jobs, mut waiting) = mpsc::unbounded_channel::<Job>();
        let (teller, told) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    told = client.next() => match told {
                        Some(told) => drop(teller.send(told)),
                        None => return,
                    },
                    job = waiting.recv() => match job {
                        Some(job) => job(&mut client),
                        None => return,
                    },
                }
            }
        });
        Self { speaker, jobs, told }
    }

    /// Runs an action on the client.
    pub async fn does<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Client) -> T + Send + 'static,
    ) -> T {
        let (sender, done) = oneshot::channel();
        let job = Box::new(move |client: &mut Client| drop(sender.send(job(client))));
        assert!(self.jobs.send(job).is_ok(), "the session is open");
        done.await.unwrap()
    }

    pub async fn says(&self, text: &'static str) {
        self.speaker.say(text).await.unwrap();
    }

    pub async fn says_to(&self, uri: &'static str, text: &'static str) {
        self.speaker.say_to(uri, text).await.unwrap();
    }

    /// The next event for which `is_it` holds. Skips those before it.
    pub async fn until(&mut self, is_it: impl Fn(&Told) -> bool) -> Told {
        let told = async {
            loop {
                let told = self.told.recv().await.expect("the session is open");
                if is_it(&told) {
                    return told;
                }
            }
        };
        timeout(PATIENCE, told).await.expect("the event happens in time")
    }

    /// Waits until the client knows `count` participants.
    pub async fn sees(&mut self, count: usize) {
        while self.does(|client| client.roster().len()).await < count {
            self.until(|_| true).await;
        }
    }

    /// The next message: from whom, whether privately, and the text.
    pub async fn hears(&mut self) -> (String, bool, String) {
        match self.until(|told| matches!(told, Told::Heard { .. })).await {
            Told::Heard { from, is_private, text } => (from, is_private, text),
            _ => unreachable!(),
        }
    }

    /// The room's response to a nickname request.
    pub async fn asks(&mut self, nickname: Option<&'static str>) -> Told {
        self.speaker.ask_nickname(nickname).unwrap();
        self.until(|told| matches!(told, Told::Named(_) | Told::NotNamed { .. })).await
    }

    /// Waits until the session has ended.
    pub async fn ends(&mut self) {
        timeout(PATIENCE, async { while self.told.recv().await.is_some() {} }).await.unwrap();
    }

    pub async fn leaves(mut self) {
        self.does(Client::leave).await;
        self.ends().await;
    }
}
