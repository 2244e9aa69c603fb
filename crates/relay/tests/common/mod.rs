//! A relay under test, its certificates, and scripted clients.
#![allow(dead_code, unreachable_pub)]

pub mod certificates;
pub mod client;
pub mod http;
pub mod process;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use msrp_relay::{Addresses, Handle, Options, Server, user_line};

pub const REALM: &str = "relay.test";
pub const ALICE: &str = "msrp://alice.invalid:7654/jshA7weztas;tcp";
pub const BOB: &str = "msrp://bob.invalid:7655/kjhd37s2s20w2a;tcp";
/// The longest wait in these tests.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A relay that runs on its own thread. Dropping it ends the relay.
pub struct Running {
    pub addresses: Addresses,
    pub handle: Handle,
    /// Its URIs in this order: TLS, wss, TCP, ws. Some may be missing.
    pub uris: Vec<String>,
    thread: Option<JoinHandle<()>>,
    _users: Scratch,
}

impl Running {
    /// Over plain TCP and WebSockets.
    pub fn plain() -> Self {
        Self::with(plain_options())
    }

    pub fn with(mut options: Options) -> Self {
        let users = Scratch::new("users", &users());
        options.users = Some(users.0.clone());
        let server = Server::bind(options).unwrap();
        let (addresses, handle) = (server.addresses(), server.handle());
        let uris = server.uris().iter().map(ToString::to_string).collect();
        let thread = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(server.run()).unwrap();
        });
        Self { addresses, handle, uris, thread: Some(thread), _users: users }
    }

    /// Its URI with that suffix.
    pub fn uri(&self, scheme: &str, transport: &str) -> &str {
        let is_it =
            |uri: &&String| uri.starts_with(&format!("{scheme}:")) && uri.ends_with(transport);
        self.uris.iter().find(is_it).unwrap()
    }

    pub fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.handle.drain();
        // A panic of the relay fails the test.
        let ended = self.thread.take().unwrap().join();
        if !std::thread::panicking() {
            ended.unwrap();
        }
    }
}

/// Options with loopback only, and no waiting at the end.
pub fn options() -> Options {
    let mut options = Options::new(REALM);
    options.connect_to = vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
    options.drain_seconds = Duration::ZERO;
    options
}

pub fn plain_options() -> Options {
    let mut options = options();
    options.listen = "127.0.0.1:0".parse().ok();
    options.ws_listen = "127.0.0.1:0".parse().ok();
    options.plain_auth = true;
    options
}

/// Alice and Bob, each with the name as the password.
pub fn users() -> String {
    let line = |user| user_line(user, REALM, user).unwrap();
    format!("# of a test\n{}\n{}\n", line("alice"), line("bob"))
}

/// A file that is removed when it is dropped.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(kind: &str, text: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("msrp-relay-{}-{number}-{kind}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
