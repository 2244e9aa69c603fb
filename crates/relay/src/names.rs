//! The addresses of names.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::LookupIpStrategy;
use hickory_resolver::proto::rr::Name;
use tokio::net::lookup_host;
use tokio::time::timeout;

use crate::look_ups::LookUps;

/// How long a look-up may take: others wait for its place.
const LONGEST: Duration = Duration::from_secs(4);

/// How long a server is waited for, before the next one is asked.
const OF_SERVER: Duration = Duration::from_millis(1500);

/// The addresses of a host, those of IPv4 first. A name waits for a place, since a look-up needs
/// sockets: for one who dials so many hosts.
pub(crate) async fn addresses(
    host: &str,
    port: u16,
    places: &Rc<LookUps>,
    dials: usize,
) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let _place = places.place(dials).await;
    let Some(resolver) = resolver() else {
        // The system does not say which servers it has.
        return Ok(lookup_host((host, port)).await?.collect());
    };
    // No domain of this machine is added: clients choose the names.
    let mut name = Name::from_ascii(host).map_err(io::Error::other)?;
    name.set_fqdn(true);
    let found = timeout(LONGEST, resolver.lookup_ip(name)).await;
    let found = found?.map_err(io::Error::other)?;
    Ok(found.iter().map(|address| SocketAddr::new(address, port)).collect())
}

/// Asks the servers that the system has now: its files may change. The system's own resolver
/// needs a thread for each look-up. A few users could have all threads wait for servers that
/// never answer, and nobody else's names would be found.
fn resolver() -> Option<TokioResolver> {
    let mut builder = TokioResolver::builder_tokio().ok()?;
    let options = builder.options_mut();
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    options.timeout = OF_SERVER;
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

    use tokio::runtime::Builder;
    use tokio::task::spawn_blocking;

    use super::*;

    #[test]
    fn a_look_up_needs_no_thread() {
        let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(1).build();
        runtime.unwrap().block_on(async {
            let (release, released) = mpsc::channel::<()>();
            spawn_blocking(move || released.recv());
            let found =
                timeout(Duration::from_secs(10), addresses("localhost", 7, &LookUps::new(1), 1))
                    .await;
            let found = found.unwrap().unwrap();
            assert!(!found.is_empty());
            assert!(found.iter().all(|found| found.ip().is_loopback() && found.port() == 7));
            drop(release);
        });
    }

    #[test]
    fn a_name_waits_for_a_place_and_an_address_does_not() {
        let none = LookUps::new(0);
        let mut cx = Context::from_waker(Waker::noop());
        assert!(pin!(addresses("localhost", 7, &none, 1)).poll(&mut cx).is_pending());
        assert!(pin!(addresses("192.0.2.1", 7, &none, 1)).poll(&mut cx).is_ready());
    }
}
