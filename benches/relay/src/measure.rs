//! The measurements of each subject.

use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};

use crate::Options;
use crate::account::{Account, connect, prepare};
use crate::cpu;
use crate::frames::{Route, SMALL};
use crate::memory;
use crate::pump::Sender;
use crate::receiver::{Expected, Receiver};
use crate::subject::{Subject, proxied};
use crate::table::{Results, What};

/// The two ends of a pass, ready to start.
struct Pass {
    sender: TcpStream,
    receiver: Receiver,
    route: Route,
}

/// Measures a subject once.
pub(crate) fn round(subject: &Subject, options: &Options, results: &mut Results) -> Result<()> {
    let name = subject.name();
    // First, before the relay has held anything large.
    let processes = subject.processes();
    let pass = one_pass(subject)?;
    memory::forget_peak(&processes);
    let before = memory::peak(&processes);
    let megabytes = options.octets as f64 / 1e6;
    let cost = bulk(pass, options, subject)?;
    results.add(What::Bulk, name, megabytes / cost.seconds);
    results.extend(What::BulkCpu, name, cost.cpu_of(megabytes));
    if !processes.is_empty() {
        let growth = memory::peak(&processes).saturating_sub(before);
        results.add(What::Memory, name, growth as f64);
    }
    let messages = options.messages as f64;
    let cost = small(one_pass(subject)?, options, subject)?;
    results.add(What::OnePass, name, messages / cost.seconds);
    results.extend(What::OnePassCpu, name, cost.cpu_of(messages));
    if let Some(pass) = two_passes(subject)? {
        let cost = small(pass, options, subject)?;
        results.add(What::TwoPasses, name, messages / cost.seconds);
        results.extend(What::TwoPassesCpu, name, cost.cpu_of(messages));
    }
    Ok(())
}

/// What a pass takes.
struct Cost {
    /// From the first octet sent to the last octet received.
    seconds: f64,
    /// Of the CPU, by the processes of the subject, if it has any.
    cpu_seconds: Option<f64>,
}

impl Cost {
    /// The microseconds of the CPU for each of so many.
    fn cpu_of(&self, count: f64) -> Option<f64> {
        Some(self.cpu_seconds? * 1e6 / count)
    }
}

fn small(pass: Pass, options: &Options, subject: &Subject) -> Result<Cost> {
    let expected = Expected { messages: options.messages, octets: options.messages * SMALL };
    let (count, window) = (options.messages, options.window);
    timed(subject, || run(pass, expected, move |sender, route| sender.pump(route, count, window)))
}

fn bulk(pass: Pass, options: &Options, subject: &Subject) -> Result<Cost> {
    let (octets, max_chunk) = (options.octets, subject.max_chunk());
    let expected = Expected { messages: 1, octets };
    timed(subject, || {
        run(pass, expected, move |sender, route| sender.bulk(route, octets, max_chunk))
    })
}

fn timed(subject: &Subject, pass: impl FnOnce() -> Result<f64>) -> Result<Cost> {
    let processes = subject.processes();
    let before = cpu::time(&processes).filter(|_| !processes.is_empty());
    let seconds = pass()?;
    let after = cpu::time(&processes);
    let cpu_seconds = before.zip(after).map(|(before, after)| (after - before).as_secs_f64());
    Ok(Cost { seconds, cpu_seconds })
}

/// The seconds from the first octet sent to the last octet received.
fn run(
    pass: Pass,
    expected: Expected,
    send: impl FnOnce(Sender, &Route) -> Result<Instant> + Send + 'static,
) -> Result<f64> {
    let Pass { sender, receiver, route } = pass;
    let sending = thread::spawn(move || send(Sender::new(sender), &route));
    let receiving = thread::spawn(move || receiver.run(expected));
    let joined = |_| anyhow!("a side of the bench panicked");
    // If both fail, this error says more.
    let end = receiving.join().map_err(joined)?;
    let start = sending.join().map_err(joined)?.context("sender")?;
    Ok(end.context("receiver")?.duration_since(start).as_secs_f64())
}

/// A sender that connects directly to the receiver's relay.
fn one_pass(subject: &Subject) -> Result<Pass> {
    let Some(relay) = subject.address() else { return direct() };
    let bob = Account::open(relay)?;
    let sender = connect(relay)?;
    let from = format!("msrp://{}/alice;tcp", sender.local_addr()?);
    let to = format!("{} {}", bob.token, bob.own);
    Ok(Pass { sender, receiver: bob.receiver(), route: Route { to, from } })
}

/// A sender that uses the same relay as the receiver.
fn two_passes(subject: &Subject) -> Result<Option<Pass>> {
    let Some(relay) = subject.address() else { return Ok(None) };
    let (alice, bob) = (Account::open(relay)?, Account::open(relay)?);
    let to = format!("{} {} {}", alice.token, bob.token, bob.own);
    let route = Route { to, from: alice.own.clone() };
    Ok(Some(Pass { sender: alice.stream, receiver: bob.receiver(), route }))
}

/// The same two ends without a relay in between.
fn direct() -> Result<Pass> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let sender = proxied(address)?;
    let (receiver, _) = listener.accept()?;
    prepare(&sender)?;
    prepare(&receiver)?;
    let from = format!("msrp://{}/alice;tcp", sender.local_addr()?);
    let own = format!("msrp://{address}/bob;tcp");
    let route = Route { to: own.clone(), from: from.clone() };
    Ok(Pass { sender, receiver: Receiver::new(receiver, &from, &own), route })
}

impl Account {
    fn receiver(self) -> Receiver {
        Receiver::new(self.stream, &self.token, &self.own)
    }
}
