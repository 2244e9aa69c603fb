//! Accepts HTTP connections and ends them.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::Response;
use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::api;
use crate::app::App;
use crate::options::{Options, StartError};

/// Time limit for the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Time limit for the last responses.
const LAST_OCTETS: Duration = Duration::from_secs(1);
/// Pause before the next attempt when the system is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// The time between two lines of the log about that.
const QUIET: Duration = Duration::from_secs(60);

/// A gateway that listens.
#[derive(Debug)]
pub struct Gateway {
    listener: TcpListener,
    address: SocketAddr,
    app: Arc<App>,
}

impl Gateway {
    /// Checks the options and listens.
    ///
    /// # Errors
    ///
    /// [`StartError`] if an option is wrong or the address is not available.
    pub async fn bind(options: Options) -> Result<Self, StartError> {
        options.check()?;
        let wanted = options.listen;
        let app = Arc::new(App::new(options)?);
        let failed = |error| StartError::Listen(wanted, error);
        let listener = TcpListener::bind(wanted).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address, app })
    }

    /// The address that it listens on.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is ready. Then it finishes running requests within
    /// [`Options::grace`], and responds 503 to new ones.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self { listener, app, .. } = self;
        let server = Server::new(api::router(Arc::clone(&app)), app.options.max_connections);
        tokio::select! {
            () = server.accept(&listener) => {}
            () = stop => tracing::info!("shutting down"),
        }
        let drained = timeout(app.options.grace, app.drain());
        tokio::select! {
            () = server.accept(&listener) => {}
            drained = drained => if drained.is_err() {
                tracing::warn!("requests were cut off");
            },
        }
        drop(listener);
        let _ = timeout(LAST_OCTETS, server.graceful.shutdown()).await;
    }
}

struct Server {
    router: Router,
    connections: Arc<Semaphore>,
    graceful: GracefulShutdown,
}

impl Server {
    fn new(router: Router, max_connections: u32) -> Self {
        let connections = Arc::new(Semaphore::new(max_connections as usize));
        let router = router.layer(map_response(one_request));
        Self { router, connections, graceful: GracefulShutdown::new() }
    }

    async fn accept(&self, listener: &TcpListener) {
        let mut told: Option<Instant> = None;
        loop {
            // At the limit the system holds further clients in its queue.
            let Ok(permit) = Arc::clone(&self.connections).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, peer)) => {
                    let serving = self.connection(stream, peer);
                    tokio::spawn(async move {
                        serving.await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    if told.is_none_or(|told| told.elapsed() >= QUIET) {
                        tracing::warn!("cannot accept connections: {error}");
                        told = Some(Instant::now());
                    }
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Serves one connection. If the client disconnects, the future of its request is
    /// dropped, which cancels the exchange.
    fn connection(&self, stream: TcpStream, peer: SocketAddr) -> impl Future<Output = ()> + use<> {
        let router = self.router.clone().layer(Extension(api::Peer(peer.ip())));
        let service = TowerToHyperService::new(router);
        let watcher = self.graceful.watcher();
        async move {
            let _ = stream.set_nodelay(true);
            // The time limit of the head starts only with its first octet.
            if timeout(HEAD_TIMEOUT, stream.peek(&mut [0])).await.is_err() {
                return;
            }
            let mut builder = Builder::new(TokioExecutor::new()).http1_only();
            builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
            let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
            if let Err(error) = watcher.watch(connection.into_owned()).await {
                tracing::debug!("HTTP connection: {:#}", anyhow::Error::from_boxed(error));
            }
        }
    }
}

/// A connection serves one request. The time between two has no limit, so idle
/// clients could occupy every connection.
async fn one_request(mut response: Response) -> Response {
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
