//! A relay among clients of which half are hostile, for minutes: no message of a sound
//! client is lost, its connection stays, and the relay's memory does not grow.
//!
//! The clients use loopback addresses beyond 127.0.0.1, which Linux has without being
//! asked: each sound pair has one of its own, the hostile share a few.

mod hostile;
mod latency;
mod sound;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use msrp_interop::OurRelay;

use crate::memory;
use latency::Percentiles;
use sound::Figures;

/// The time between two lines of the output.
const LINE: Duration = Duration::from_secs(30);
const SAMPLE: Duration = Duration::from_secs(1);
/// How much memory may grow by from the second quarter to the last one.
const SLACK_PERCENT: u64 = 10;
const SLACK_KIB: u64 = 4096;
/// Files that are not the clients' sockets.
const OTHER_FILES: u64 = 256;

#[derive(Args)]
pub(crate) struct Options {
    /// Duration in seconds.
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// Number of clients; half of them are hostile.
    #[arg(long, default_value_t = 2000)]
    clients: usize,
}

/// The loopback address of a client: hosts of one network for the sound ones, of
/// another for the hostile ones.
fn source(network: u8, host: usize) -> IpAddr {
    let [.., high, low] = (host as u32 + 1).to_be_bytes();
    Ipv4Addr::new(127, network, high, low).into()
}

fn user(kind: &str, number: usize) -> String {
    format!("{kind}{number}")
}

pub(crate) fn run(options: &Options) -> Result<()> {
    rlimit::increase_nofile_limit(2 * options.clients as u64 + OTHER_FILES)?;
    let pairs = options.clients / 4;
    let sound = (0..pairs).map(|number| user("sound", number));
    let relay = OurRelay::for_users(sound.chain(hostile::users()))?;
    let (address, process) = (relay.address(), relay.process());
    let end = Instant::now() + Duration::from_secs(options.seconds);
    let figures = Arc::new(Figures::default());
    let sound = in_thread(sound::run(address, pairs, end, Arc::clone(&figures)));
    let hostile = in_thread(hostile::run(address, options.clients / 2, end));
    let memory = watch(process, &figures, end)?;

    let joined = |_| anyhow::anyhow!("a side of the soak panicked");
    sound.join().map_err(joined)??;
    hostile.join().map_err(joined)??;
    println!("all   {}", figures.whole());
    check_memory(&memory)?;
    figures.check()
}

/// Runs one side on its own thread.
fn in_thread(
    side: impl Future<Output = Result<()>> + Send + 'static,
) -> thread::JoinHandle<Result<()>> {
    thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(side)
    })
}

/// Prints a line each half minute. Returns the resident memory in KiB, by the second.
fn watch(process: u32, figures: &Figures, end: Instant) -> Result<Vec<u64>> {
    let (start, mut memory) = (Instant::now(), Vec::new());
    let mut line = start + LINE;
    while Instant::now() < end {
        thread::sleep(SAMPLE);
        memory.push(memory::resident(process).context("the relay has ended")?);
        if Instant::now() >= line.min(end) {
            let seconds = start.elapsed().as_secs();
            let resident = memory.last().copied().unwrap_or_default() as f64 / 1024.0;
            println!("{seconds:4} s  {resident:6.1} MiB  {}", figures.since_last());
            line += LINE;
        }
    }
    Ok(memory)
}

/// The first quarter fills tables and pools, if it lasts long enough.
fn check_memory(memory: &[u64]) -> Result<()> {
    let quarter = memory.len() / 4;
    if quarter < hostile::UNREAD.as_secs() as usize {
        println!("memory: too short a run to tell whether it grows");
        return Ok(());
    }
    let mean = |from: usize| {
        let part = memory.get(from..from + quarter).unwrap_or_default();
        part.iter().sum::<u64>() / part.len().max(1) as u64
    };
    let (before, after) = (mean(quarter), mean(3 * quarter));
    println!("memory, second and last quarter: {before} KiB, {after} KiB");
    let most = before + before * SLACK_PERCENT / 100 + SLACK_KIB;
    ensure!(after <= most, "the memory has grown from {before} to {after} KiB");
    Ok(())
}
