//! The transfers of an exchange: one endpoint, and one task for each file.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use msrp::{OsRandom, Random, ReceiveMode, ReportMode, SessionConfig};
use msrp_sdp::{Local, Origin, SessionPlan};
use msrp_tls::Identity;
use msrp_tokio::{Endpoint, Session};
use tokio::runtime::{Handle, Runtime};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::failure::Failure;
use crate::options;
use crate::receive::Incoming;
use crate::send::Outgoing;
use crate::stop::stop_signal;
use crate::tell::{Done, Teller};

/// How long the last octets may take, such as the REPORT of the last file.
const LINGER: Duration = Duration::from_secs(2);

/// A session that opens.
pub(crate) type Opening = Pin<Box<dyn Future<Output = Result<Session, Failure>> + Send>>;

/// The file of a session.
pub(crate) enum Job {
    Send(Outgoing),
    Receive(Incoming),
}

/// This side of the network, and the transfers that begin there.
pub(crate) struct Transfers {
    runtime: Runtime,
    endpoint: Endpoint,
    agreed: Vec<(SessionPlan, Job)>,
    begun: Vec<(Opening, Job)>,
    refused: Vec<Done>,
    patience: Duration,
}

impl Transfers {
    /// Binds the port before there is a description, so that the URIs in it have the real one.
    pub(crate) fn bind(options: &options::Session, is_secure: bool) -> Result<Self, Failure> {
        if options.listen.ip().is_unspecified() {
            let message = "--listen: name one address, which the other side can connect to";
            return Err(Failure::usage(message));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(Failure::local)?;
        // All sessions are read all the time, and none makes another wait for long. Of an
        // interrupted file, what has arrived is kept.
        let builder = Endpoint::builder().patience(options.timeout).whole(0).config(|config| {
            config.transaction_timeout = config.transaction_timeout.min(options.timeout);
        });
        let bound = if is_secure {
            runtime.block_on(builder.identity(identity()?).bind_tls(options.listen))
        } else {
            runtime.block_on(builder.bind(options.listen))
        };
        let named = |error: msrp_tokio::Error| {
            Failure::usage(format!("--listen: {}", Failure::from(error).message()))
        };
        let endpoint = bound.map_err(named)?;
        let (agreed, begun, refused) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { runtime, endpoint, agreed, begun, refused, patience: options.timeout })
    }

    /// This side of a new session, with a URI that cannot be guessed.
    pub(crate) fn local(&self) -> Result<Local, Failure> {
        Ok(self.endpoint.local()?)
    }

    /// The origin of a new session description.
    pub(crate) fn origin(&self) -> Result<Origin, Failure> {
        let mut id = [0; 4];
        OsRandom::new().and_then(|mut random| random.fill(&mut id)).map_err(Failure::local)?;
        let address = self.endpoint.addresses().next().map(|it| it.ip().to_string());
        Ok(Origin::new("-", u32::from_be_bytes(id).into(), &address.unwrap_or_default()))
    }

    /// Notes a file on whose session both sides agree.
    pub(crate) fn agree(&mut self, plan: SessionPlan, job: Job) {
        self.agreed.push((plan, job));
    }

    /// Notes a file that one side refuses.
    pub(crate) fn refuse(&mut self, refused: Done) {
        self.refused.push(refused);
    }

    /// Begins what is agreed on: from here on, the other side can open the sessions.
    pub(crate) fn begin(&mut self) {
        let agreed = std::mem::take(&mut self.agreed);
        let files = agreed.len();
        for (plan, job) in agreed {
            let session = self.session(plan, job.rate().map(|rate| part(rate, files)));
            self.begun.push((session, job));
        }
    }

    fn session(&self, plan: SessionPlan, rate: Option<u64>) -> Opening {
        let session = self.endpoint.session_with(plan, move |config| settings(config, rate));
        let patience = self.patience;
        Box::pin(
            async move { Ok(timeout(patience, session).await.map_err(|_| Failure::NotOpened)??) },
        )
    }

    /// Runs what has begun to its end. Returns whether every file was transferred.
    pub(crate) fn run(self, teller: &Teller) -> bool {
        let Self { runtime, endpoint, begun, refused, .. } = self;
        refused.iter().for_each(|done| teller.done(done));
        runtime.block_on(async {
            let is_all_right = run_all(begun, teller).await;
            let _ = timeout(LINGER, endpoint.close()).await;
            is_all_right && refused.is_empty()
        })
    }
}

async fn run_all(begun: Vec<(Opening, Job)>, teller: &Teller) -> bool {
    let stop = stop_signal();
    let mut tasks = JoinSet::new();
    for (session, job) in begun {
        let stop = stop.clone();
        // A thread of its own, which may wait for the disk.
        tasks.spawn_blocking(move || Handle::current().block_on(job.run(session, &stop)));
    }
    let mut is_all_right = true;
    while let Some(done) = tasks.join_next().await {
        is_all_right &= done.is_ok_and(|done| {
            teller.done(&done);
            done.is_success()
        });
    }
    is_all_right
}

impl Job {
    fn rate(&self) -> Option<u64> {
        match self {
            Self::Send(job) => job.rate,
            Self::Receive(_) => None,
        }
    }

    async fn run(self, session: Opening, stop: &CancellationToken) -> Done {
        match self {
            Self::Send(job) => job.run(session, stop).await,
            Self::Receive(job) => job.run(session, stop).await,
        }
    }
}

/// A file goes to the disk piece by piece, and the REPORT waits for its check.
fn settings(config: SessionConfig, rate: Option<u64>) -> SessionConfig {
    let config = config.receive(ReceiveMode::Pieces).reports(ReportMode::Manual);
    match rate {
        Some(rate) => config.send_rate(rate),
        None => config,
    }
}

/// The part of a rate that each of some files has.
const fn part(rate: u64, files: usize) -> u64 {
    rate.div_ceil(files as u64)
}

/// A certificate for the lifetime of this program.
fn identity() -> Result<Identity, Failure> {
    let made = rcgen::generate_simple_self_signed(["msrp.invalid".to_owned()]);
    let made = made.map_err(Failure::local)?;
    let key = made.signing_key.serialize_der().try_into();
    let key = key.map_err(|error: &str| Failure::local(error))?;
    Ok(Identity::new(vec![made.cert.der().clone()], key))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn each_file_has_its_part_of_the_rate() {
        let config = || SessionConfig::expected("msrp://a.example:1/x;tcp".parse().unwrap());
        assert_eq!(settings(config(), Some(part(1000, 3))).send_rate, Some(334));
        assert_eq!(settings(config(), Some(part(1, 64))).send_rate, Some(1));
        assert_eq!(settings(config(), None).send_rate, None);
    }
}
