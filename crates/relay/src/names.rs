//! The addresses of names.

use std::io;
use std::net::SocketAddr;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::LookupIpStrategy;
use hickory_resolver::proto::rr::Name;
use tokio::net::lookup_host;
use tokio::sync::Semaphore;

/// The addresses of a host, those of IPv4 first. The system's resolver would need a thread for
/// each look-up: a few users could have all threads wait for servers that never answer, and
/// nobody else's names would be found. It is asked only if it does not say which servers it has.
///
/// A name waits for one of the `places`, since a look-up needs sockets.
pub(crate) async fn addresses(
    host: &str,
    port: u16,
    places: &Semaphore,
) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let _place = places.acquire().await.map_err(io::Error::other)?;
    let Some(resolver) = resolver() else {
        return Ok(lookup_host((host, port)).await?.collect());
    };
    // No domain of this machine is added: clients choose the names.
    let mut name = Name::from_ascii(host).map_err(io::Error::other)?;
    name.set_fqdn(true);
    let found = resolver.lookup_ip(name).await.map_err(io::Error::other)?;
    Ok(found.iter().map(|address| SocketAddr::new(address, port)).collect())
}

/// Asks the servers that the system has now: its files may change.
fn resolver() -> Option<TokioResolver> {
    let mut builder = TokioResolver::builder_tokio().ok()?;
    let options = builder.options_mut();
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    // One server at a time takes fewer sockets.
    options.num_concurrent_reqs = 1;
    builder.build().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::pin::pin;
    use std::sync::mpsc;
    use std::task::{Context, Waker};
    use std::time::Duration;

    use tokio::runtime::Builder;
    use tokio::task::spawn_blocking;
    use tokio::time::timeout;

    use super::*;

    #[test]
    fn a_look_up_needs_no_thread() {
        let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(1).build();
        runtime.unwrap().block_on(async {
            let (release, released) = mpsc::channel::<()>();
            spawn_blocking(move || released.recv());
            let found =
                timeout(Duration::from_secs(10), addresses("localhost", 7, &Semaphore::new(1)))
                    .await;
            let found = found.unwrap().unwrap();
            assert!(!found.is_empty());
            assert!(found.iter().all(|found| found.ip().is_loopback() && found.port() == 7));
            drop(release);
        });
    }

    #[test]
    fn a_name_waits_for_a_place_and_an_address_does_not() {
        let none = Semaphore::new(0);
        let mut cx = Context::from_waker(Waker::noop());
        assert!(pin!(addresses("localhost", 7, &none)).poll(&mut cx).is_pending());
        assert!(pin!(addresses("192.0.2.1", 7, &none)).poll(&mut cx).is_ready());
    }
}
