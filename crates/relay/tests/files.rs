//! The limit of open files, and connections that take places without using them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use common::certificates::{Authority, Signed};
use common::client::Client;
use common::http::{get, metric};
use common::process::{PROGRAM, Process, with_users};
use common::{ALICE, Scratch, users};
use rlimit::{Resource, prlimit};
use tokio::time::timeout;

/// Files that the relay of these tests may open, fewer than the connections that come.
const FILES: u64 = 256;
const SILENT: usize = 400;
/// Shorter than the time after which what is silent is closed.
const PROMPT: Duration = Duration::from_secs(5);
const SECURE_ALICE: &str = "msrps://alice.invalid:7654/jshA7weztas;tcp";

/// A relay over TLS and TCP with a limit of files from its start.
struct World {
    authority: Authority,
    relay: Process,
    metrics: SocketAddr,
    _files: (Signed, Scratch),
}

impl World {
    fn new(files: u64) -> Self {
        let (authority, users) = (Authority::new(), Scratch::new("users", &users()));
        let signed = authority.certify("localhost");
        let mut relay = Process::start(
            Command::new("sh")
                .args(["-c", &format!("ulimit -n {files} && exec \"$0\" \"$@\""), PROGRAM])
                .args(["--tls-listen", "127.0.0.1:0", "--name", "localhost"])
                .args(["--cert".as_ref(), signed.cert.0.as_os_str()])
                .args(["--key".as_ref(), signed.key.0.as_os_str()])
                .args(["--listen", "127.0.0.1:0", "--plain-auth", "--metrics", "127.0.0.1:0"])
                .args(with_users(&users)),
            2,
        );
        let metrics = relay.logs("http://").trim().strip_suffix("/metrics").unwrap().parse();
        Self { authority, relay, metrics: metrics.unwrap(), _files: (signed, users) }
    }

    fn tls(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.relay.port(0)).into()
    }

    fn tcp(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.relay.port(1)).into()
    }

    async fn alice(&self) -> Client {
        let stream = self.authority.connect(self.tls(), None).await.unwrap();
        let mut alice = Client::over(stream, SECURE_ALICE);
        alice.authenticate(self.relay.uri(0), "alice").await.unwrap();
        alice
    }

    /// A client that was there before still is, and another one gets in, at once.
    async fn still_serves(&self, alice: &mut Client) {
        let served = async {
            alice.authenticate(self.relay.uri(0), "alice").await.unwrap();
            self.alice().await;
        };
        timeout(PROMPT, served).await.expect("room");
    }
}

fn silent(address: SocketAddr) -> Vec<TcpStream> {
    (0..SILENT).map(|_| TcpStream::connect(address).unwrap()).collect()
}

#[tokio::test]
async fn the_limit_of_files_is_raised_and_told_where_it_is_low() {
    let mut world = World::new(FILES);
    let told = world.relay.told().join("\n");
    assert!(told.contains("WARN") && told.contains(&FILES.to_string()), "{told}");
    // The soft limit alone is no limit.
    let users = Scratch::new("users", &users());
    let soft = format!("ulimit -S -n {FILES} && exec \"$0\" \"$@\"");
    let raised = Process::start(
        Command::new("sh")
            .args(["-c", &soft, PROGRAM, "--listen", "127.0.0.1:0", "--plain-auth"])
            .args(["--max-connections", "300"])
            .args(with_users(&users)),
        1,
    );
    let mut now = 0;
    prlimit(raised.child.id() as i32, Resource::NOFILE, None, Some((&mut now, &mut 0))).unwrap();
    assert!(now > 300, "{now}");
    assert!(!raised.told().iter().any(|line| line.contains("files")), "{:?}", raised.told());
    let _ = world.relay.child.kill();
}

#[tokio::test]
async fn silent_connections_shut_nobody_out() {
    let world = World::new(FILES);
    let mut alice = world.alice().await;
    let _silent = silent(world.tcp());
    world.still_serves(&mut alice).await;
}

#[tokio::test]
async fn handshakes_that_do_not_go_on_shut_nobody_out() {
    let world = World::new(FILES);
    let mut alice = world.alice().await;
    let _half_open = silent(world.tls());
    world.still_serves(&mut alice).await;
    let metrics = get(world.metrics, "/metrics");
    assert_eq!(metric(&metrics, "msrp_relay_accept_errors_total"), 0, "{metrics}");
    // They count as connections, and only so many can be open.
    assert!(metric(&metrics, "msrp_relay_connections") < FILES, "{metrics}");
}

#[tokio::test]
async fn a_process_without_files_says_so_and_recovers() {
    let mut world = World::new(1024);
    let mut alice = world.alice().await;
    let process = world.relay.child.id() as i32;
    let mut before = (0, 0);
    let limit = Some((&mut before.0, &mut before.1));
    prlimit(process, Resource::NOFILE, Some((20, 1024)), limit).unwrap();
    let _waiting: Vec<_> = (0..20).map(|_| TcpStream::connect(world.tcp()).unwrap()).collect();
    let told = world.relay.logs("cannot accept connections");
    assert!(told.contains("Too many open files"), "{told}");
    sleep(Duration::from_millis(500));
    prlimit(process, Resource::NOFILE, Some(before), None).unwrap();

    world.still_serves(&mut alice).await;
    let mut bob = world.relay.client(ALICE, 1).await;
    bob.authenticate(world.relay.uri(1), "alice").await.unwrap();
    let metrics = get(world.metrics, "/metrics");
    let errors = metric(&metrics, "msrp_relay_accept_errors_total");
    assert!(errors > 1, "{metrics}");
    // Not a line for each.
    world.relay.signal("TERM");
    let lines = world.relay.rest().matches("Too many open files").count();
    assert!(lines <= 1, "{lines} lines for {errors} errors");
}
