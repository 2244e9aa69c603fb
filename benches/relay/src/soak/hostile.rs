//! The hostile clients: a quarter each says nothing, asks for challenges all the time,
//! reads nothing, and floods those who read nothing.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, copy, sink};
use tokio::net::TcpStream;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{sleep, timeout_at};

use super::sound::unblocked;
use super::{source, user};
use crate::account::{Account, connect_from};
use crate::frames::{Route, SMALL, end_line, head};

/// The network of their addresses, and the number of these.
const NETWORK: u8 = 2;
const SOURCES: usize = 16;
/// The users whose passwords they have.
const USERS: usize = 20;
/// The time before a client tries again, and between the bursts of a flood.
const PAUSE: Duration = Duration::from_millis(500);
/// How long one reads nothing. The relay closes what takes nothing for a minute.
pub(crate) const UNREAD: Duration = Duration::from_secs(90);
/// The requests of a burst.
const BURST: usize = 64;
/// A peer that nobody can reach. One burst of so many is for it.
const NOWHERE: &str = "msrp://127.0.0.1:1025/nobody;tcp";
const NOWHERE_EVERY: usize = 8;

/// The users that they need.
pub(crate) fn users() -> impl Iterator<Item = String> {
    (0..USERS).map(|number| user("hostile", number))
}

/// The paths of those who read nothing.
type Victims = Arc<Mutex<Vec<String>>>;

/// Lets that many clients be hostile until `end`.
pub(crate) async fn run(relay: SocketAddr, clients: usize, end: Instant) -> Result<()> {
    let (mut tasks, victims) = (JoinSet::new(), Victims::default());
    for number in 0..clients {
        let client = Client { relay, number, victims: Arc::clone(&victims) };
        tasks.spawn(timeout_at(end.into(), client.run()));
    }
    while tasks.join_next().await.is_some() {}
    Ok(())
}

struct Client {
    relay: SocketAddr,
    number: usize,
    victims: Victims,
}

impl Client {
    /// Begins anew whenever the relay has had enough.
    async fn run(self) {
        loop {
            // How it ends is of no interest.
            let _ = match self.number % 4 {
                0 => self.say_nothing().await,
                1 => self.ask_for_challenges().await,
                2 => self.read_nothing().await,
                _ => self.flood().await,
            };
            sleep(PAUSE).await;
        }
    }

    fn source(&self) -> IpAddr {
        source(NETWORK, self.number % SOURCES)
    }

    async fn connect(&self) -> Result<TcpStream> {
        let (source, relay) = (self.source(), self.relay);
        unblocked(spawn_blocking(move || connect_from(source, relay)).await??)
    }

    async fn account(&self) -> Result<(TcpStream, String, String)> {
        let (source, relay, user) =
            (self.source(), self.relay, user("hostile", self.number % USERS));
        let account = spawn_blocking(move || Account::open_from(source, relay, &user)).await??;
        Ok((unblocked(account.stream)?, account.token, account.own))
    }

    async fn say_nothing(&self) -> Result<()> {
        self.connect().await?.read_u8().await?;
        Ok(())
    }

    async fn ask_for_challenges(&self) -> Result<()> {
        let (mut input, mut output) = self.connect().await?.into_split();
        let request = format!(
            "MSRP auth{} AUTH\r\nTo-Path: msrp://{};tcp\r\n\
             From-Path: msrp://hostile.invalid:9/h{};tcp\r\n-------auth{0}$\r\n",
            self.number, self.relay, self.number
        );
        let burst = request.repeat(BURST);
        let asking = async {
            while output.write_all(burst.as_bytes()).await.is_ok() {
                sleep(PAUSE).await;
            }
        };
        tokio::join!(asking, read_all(&mut input));
        Ok(())
    }

    async fn read_nothing(&self) -> Result<()> {
        let (stream, token, own) = self.account().await?;
        self.victims().push(format!("{token} {own}"));
        sleep(UNREAD).await;
        drop(stream);
        self.victims().retain(|path| !path.starts_with(&token));
        Ok(())
    }

    /// Whom a burst is for.
    fn target(&self, burst: usize) -> String {
        let victims = self.victims();
        let place = (self.number + burst) % victims.len().max(1);
        let victim = victims.get(place).filter(|_| !burst.is_multiple_of(NOWHERE_EVERY));
        victim.cloned().unwrap_or_else(|| NOWHERE.to_owned())
    }

    fn victims(&self) -> MutexGuard<'_, Vec<String>> {
        self.victims.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn flood(&self) -> Result<()> {
        let (stream, token, own) = self.account().await?;
        let (mut input, mut output) = stream.into_split();
        let flooding = async {
            for number in 0.. {
                let route =
                    Route { to: format!("{token} {}", self.target(number)), from: own.clone() };
                if output.write_all(&burst(&route)).await.is_err() {
                    return;
                }
                sleep(PAUSE).await;
            }
        };
        tokio::join!(flooding, read_all(&mut input));
        Ok(())
    }
}

fn burst(route: &Route) -> Vec<u8> {
    let message = |number| {
        let id = format!("f{number:05}");
        let head = head(route, &id, &id, (1, Some(SMALL), SMALL));
        [head, vec![b'f'; SMALL], end_line(&id, '$')].concat()
    };
    (0..BURST).flat_map(message).collect()
}

async fn read_all(input: &mut (impl AsyncRead + Unpin)) {
    let _ = copy(input, &mut sink()).await;
}
