//! This side of the network: the listener and the connections of the sessions.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use msrp::uri::{Host, Scheme};
use msrp::{
    Config, Connection, MsrpUri, OsRandom, Random, RandomError, ReceiveMode, ReportMode, Role,
    SessionConfig, SessionTable, session_id,
};
use msrp_sdp::{Connect, Local, Origin, SessionPlan, Target};
use msrp_tls::{
    ClientCheck, Fingerprint, Fingerprints, HashFunction, Identity, ServerCheck, TlsError,
    client_config, server_config, server_name,
};
use msrp_tokio_loop::RunLoop;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::desk::{Desk, House, Job, Jobs};
use crate::tell::{Teller, text, words};
use crate::{Failure, TransferFailure};

/// How long the peer has to close a connection after the last transfer.
const LINGER: Duration = Duration::from_secs(1);

/// The most connections at once. More have to wait.
const MAX_CONNECTIONS: usize = 128;

/// TCP, or TLS over TCP.
pub(crate) type Carrier = Box<dyn Stream>;

pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A session and its transfer.
pub(crate) type Work = (SessionPlan, Job);

/// The listener and the certificate of this side.
pub(crate) struct Endpoint {
    listener: std::net::TcpListener,
    address: SocketAddr,
    identity: Option<Identity>,
    pub(crate) random: OsRandom,
}

impl Endpoint {
    pub(crate) fn bind(address: SocketAddr, is_secure: bool) -> Result<Self, Failure> {
        let named = |error: io::Error| format!("--listen {address}: {error}");
        let listener = std::net::TcpListener::bind(address).map_err(named)?;
        let address = listener.local_addr()?;
        let identity = if is_secure { Some(new_identity()?) } else { None };
        Ok(Self { listener, address, identity, random: OsRandom::new()? })
    }

    /// This side of a new session, with a URI that cannot be guessed.
    pub(crate) fn local(&mut self) -> Result<Local, Failure> {
        let scheme = if self.identity.is_some() { Scheme::Msrps } else { Scheme::Msrp };
        let id = session_id(&mut self.random)?;
        let uri = MsrpUri::builder(scheme, self.address.ip(), self.address.port());
        let local = Local::new(uri.session_id(&id).build()?);
        let fingerprint =
            self.identity.as_ref().and_then(|it| it.fingerprint(HashFunction::Sha256));
        match fingerprint {
            Some(fingerprint) => Ok(local.with_fingerprint(fingerprint.to_string().parse()?)),
            None => Ok(local),
        }
    }

    /// The origin of a new session description.
    pub(crate) fn origin(&mut self) -> Result<Origin, RandomError> {
        let mut id = [0; 4];
        self.random.fill(&mut id)?;
        Ok(Origin::new("-", u32::from_be_bytes(id).into(), &self.address.ip().to_string()))
    }

    /// Runs the transfers. Returns whether every file was transferred.
    pub(crate) fn run(
        self,
        work: Vec<Work>,
        teller: &Teller,
        idle: Duration,
    ) -> Result<bool, Failure> {
        if work.is_empty() {
            return Ok(true);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let transferred = runtime.block_on(self.transfer(work, teller, idle));
        transferred.map_err(|error| TransferFailure(text(&*error)).into())
    }

    async fn transfer(
        self,
        work: Vec<Work>,
        teller: &Teller,
        idle: Duration,
    ) -> Result<bool, Failure> {
        let (done, mut results) = mpsc::unbounded_channel();
        let house = House { jobs: Jobs::default(), done, idle };
        let mut left = work.len();
        let table = SessionTable::new(left);

        let (mut desks, mut targets) = (JoinSet::new(), HashMap::<_, Vec<_>>::new());
        let fingerprints: Vec<Fingerprint> =
            work.iter().flat_map(|(plan, _)| fingerprints(plan)).collect();
        for (plan, job) in work {
            let session = session_config(&plan, &job);
            house.jobs.put(session.local.as_str(), job);
            match plan.connect() {
                Connect::To(target) => {
                    let key = (target.host().to_owned(), target.port(), target.is_secure());
                    targets.entry(key).or_default().push((plan, session));
                }
                // Relays and data channels are not offered here.
                _ => table.insert(session)?,
            }
        }
        for sessions in targets.into_values() {
            let (table, house, identity) = (table.clone(), house.clone(), self.identity.clone());
            desks.spawn(connect(sessions, table, identity, house));
        }
        let acceptor = self.identity.map(|it| acceptor(it, fingerprints)).transpose()?;
        self.listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(self.listener)?;

        let deadline = tokio::time::sleep(idle);
        tokio::pin!(deadline);
        let mut is_all_right = true;
        while left > 0 {
            tokio::select! {
                Some(done) = results.recv() => {
                    teller.done(&done);
                    is_all_right &= done.error.is_none();
                    left -= 1;
                }
                Ok((socket, _)) = listener.accept(), if desks.len() < MAX_CONNECTIONS => {
                    let (table, house) = (table.clone(), house.clone());
                    desks.spawn(accept(socket, acceptor.clone(), table, house));
                }
                Some(_) = desks.join_next(), if !desks.is_empty() => {}
                () = &mut deadline, if !deadline.is_elapsed() => {
                    for job in house.jobs.take_all() {
                        let _ = house.done.send(job.failed("the peer did not open its session"));
                    }
                }
            }
        }
        let _ = timeout(LINGER, async { while desks.join_next().await.is_some() {} }).await;
        Ok(is_all_right)
    }
}

fn session_config(plan: &SessionPlan, job: &Job) -> SessionConfig {
    let config = plan.session_config();
    match job {
        Job::Send(_) => config,
        // The REPORT waits for the check of the file.
        Job::Receive(_) => config.receive(ReceiveMode::Pieces).reports(ReportMode::Manual),
    }
}

/// Connects, and opens all sessions with the same address.
async fn connect(
    sessions: Vec<(SessionPlan, SessionConfig)>,
    table: SessionTable,
    identity: Option<Identity>,
    house: House,
) {
    let Some((plan, _)) = sessions.first() else { return };
    let stream = match plan.connect() {
        Connect::To(target) => open_stream(target, plan, identity).await,
        _ => return,
    };
    let run_loop = stream.and_then(|stream| run_loop(stream, table, Role::Active));
    match run_loop {
        Ok(run_loop) => {
            let mut desk = Desk::new(run_loop, house);
            desk.open(sessions.into_iter().map(|(_, session)| session).collect());
            desk.run().await;
        }
        Err(error) => {
            for (_, session) in sessions {
                if let Some(job) = house.jobs.take(session.local.as_str()) {
                    let error = format!("no connection: {}", text(&error));
                    let _ = house.done.send(job.failed(&error));
                }
            }
        }
    }
}

async fn open_stream(
    target: &Target,
    plan: &SessionPlan,
    identity: Option<Identity>,
) -> io::Result<Carrier> {
    let socket = TcpStream::connect((target.host(), target.port())).await?;
    // Each write is complete, so waiting for more octets gains nothing.
    socket.set_nodelay(true)?;
    if !target.is_secure() {
        return Ok(Box::new(socket));
    }
    let pinned = Fingerprints::new(fingerprints(plan)).map_err(io::Error::other)?;
    let config = client_config(ServerCheck::Pinned(pinned), identity).map_err(io::Error::other)?;
    let name = server_name(Host::from(target.host())).map_err(io::Error::other)?;
    Ok(Box::new(TlsConnector::from(config).connect(name, socket).await?))
}

/// Serves a connection that a peer has opened.
async fn accept(
    socket: TcpStream,
    acceptor: Option<TlsAcceptor>,
    table: SessionTable,
    house: House,
) {
    let _ = socket.set_nodelay(true);
    let stream: io::Result<Carrier> = match acceptor {
        None => Ok(Box::new(socket)),
        Some(acceptor) => match timeout(house.idle, acceptor.accept(socket)).await {
            Ok(secure) => secure.map(|secure| Box::new(secure) as Carrier),
            Err(late) => Err(late.into()),
        },
    };
    match stream.and_then(|stream| run_loop(stream, table, Role::Passive)) {
        Ok(run_loop) => Desk::new(run_loop, house).run().await,
        Err(error) => words(format_args!("a connection was not served: {}", text(&error))),
    }
}

fn run_loop(stream: Carrier, table: SessionTable, role: Role) -> io::Result<RunLoop<Carrier>> {
    let random = OsRandom::new()?;
    let config = Arc::new(Config::default());
    let connection = Connection::new(config, role, random, Instant::now())?;
    Ok(RunLoop::new(stream, connection.with_table(table)))
}

/// A peer that connects must show a certificate with one of the known fingerprints.
fn acceptor(identity: Identity, known: Vec<Fingerprint>) -> Result<TlsAcceptor, TlsError> {
    let check = ClientCheck::Pinned(Fingerprints::new(known)?);
    Ok(server_config(identity, check)?.into())
}

fn fingerprints(plan: &SessionPlan) -> Vec<Fingerprint> {
    plan.fingerprints().filter_map(|it| it.to_string().parse().ok()).collect()
}

/// A certificate that lives as long as this program.
fn new_identity() -> Result<Identity, Failure> {
    let made = rcgen::generate_simple_self_signed(["msrp.invalid".to_owned()])?;
    let key = made.signing_key.serialize_der();
    Ok(Identity::new(vec![made.cert.der().clone()], key.try_into()?))
}
