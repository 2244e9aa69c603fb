//! Relays found by their SRV records (RFC 4976 section 8, RFC 2782).

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use hickory_resolver::proto::rr::RData;
use hickory_resolver::proto::rr::rdata::SRV;
use msrp::{OsRandom, Random, RandomError};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Settings;
use super::dns;
use super::names::Names;
use crate::error::Error;

/// The most hosts that are tried.
const MAX_HOSTS: usize = 16;

/// A host that offers the service.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Offer {
    priority: u16,
    weight: u16,
    host: String,
    port: u16,
}

/// The addresses of the hosts that offer `_msrps._tcp` in a domain, in the order in which
/// they are tried. `None` if the domain has no such records.
pub(super) async fn resolve(
    settings: &Settings,
    domain: &str,
) -> Result<Option<Vec<SocketAddr>>, Error> {
    // Some routers drop queries for what they do not know. The rest of the time is for the
    // address of the domain itself.
    let records = timeout(settings.connect_timeout / 3, look_up(&settings.names, domain));
    let records = match records.await {
        Ok(Ok(records)) if !records.is_empty() => records,
        Ok(Ok(_)) | Err(_) => return Ok(None),
        Ok(Err(error)) => {
            tracing::debug!(domain, %error, "no SRV records");
            return Ok(None);
        }
    };
    let offers: Vec<Offer> = records.iter().filter_map(Offer::of_record).collect();
    if offers.is_empty() {
        return Err(Error::NoService { host: domain.into() });
    }
    let mut ordered = in_order(offers, &mut OsRandom::new()?)?;
    ordered.truncate(MAX_HOSTS);
    let failed = |source| Error::Resolve { host: domain.into(), source };
    addresses(&settings.names, ordered).await.map(Some).map_err(failed)
}

async fn look_up(names: &Names, domain: &str) -> io::Result<Vec<SRV>> {
    let lookup = dns::resolver(&names.servers)?
        .srv_lookup(dns::name(&format!("_msrps._tcp.{domain}"))?)
        .await;
    let lookup = match lookup {
        Ok(lookup) => lookup,
        Err(error) if error.is_no_records_found() || error.is_nx_domain() => return Ok(Vec::new()),
        Err(error) => return Err(io::Error::other(error)),
    };
    let data = lookup.answers().iter().map(|record| &record.data);
    Ok(data
        .filter_map(|data| if let RData::SRV(srv) = data { Some(srv.clone()) } else { None })
        .collect())
}

/// The addresses of all hosts, in their order. Those without are passed over, unless that
/// is all.
async fn addresses(names: &Names, offers: Vec<Offer>) -> io::Result<Vec<SocketAddr>> {
    let names = Arc::new(names.clone());
    let mut lookups = JoinSet::new();
    for (place, offer) in offers.into_iter().enumerate() {
        let names = Arc::clone(&names);
        lookups.spawn(async move { (place, names.addresses(&offer.host, offer.port).await) });
    }
    let mut found = BTreeMap::new();
    let mut last = io::Error::other("none of its hosts has an address");
    while let Some(lookup) = lookups.join_next().await {
        match lookup.map_err(io::Error::other)? {
            (place, Ok(addresses)) => drop(found.insert(place, addresses)),
            (_, Err(error)) => last = error,
        }
    }
    if found.is_empty() { Err(last) } else { Ok(found.into_values().flatten().collect()) }
}

impl Offer {
    /// `None` if the service is decidedly not available.
    fn of_record(record: &SRV) -> Option<Self> {
        let host = record.target.to_ascii();
        let host = host.strip_suffix('.').unwrap_or(&host).to_owned();
        let offer =
            Self { priority: record.priority, weight: record.weight, host, port: record.port };
        (!offer.host.is_empty()).then_some(offer)
    }
}

/// Lower priorities come first. Within one, each next host is drawn by the weights of those
/// that are left.
fn in_order(mut left: Vec<Offer>, random: &mut impl Random) -> Result<Vec<Offer>, RandomError> {
    // Hosts without weight first, so that they are drawn with a small probability.
    left.sort_by_key(|offer| (offer.priority, offer.weight > 0));
    let mut order = Vec::with_capacity(left.len());
    while let Some(priority) = left.first().map(|offer| offer.priority) {
        let equals = left.iter().take_while(|offer| offer.priority == priority);
        let weights = equals.map(|offer| u64::from(offer.weight));
        let mut sum = 0;
        let drawn = draw(weights.clone().sum(), random)?;
        let place = weights.map(|weight| (sum += weight, sum).1).position(|sum| sum >= drawn);
        order.push(left.remove(place.unwrap_or_default()));
    }
    Ok(order)
}

/// A number from 0 to `most`.
fn draw(most: u64, random: &mut impl Random) -> Result<u64, RandomError> {
    let mut octets = [0; 8];
    random.fill(&mut octets)?;
    Ok(u64::from_le_bytes(octets) % (most + 1))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Gives one number after the other.
    struct Numbers(Vec<u64>);

    impl Random for Numbers {
        fn fill(&mut self, octets: &mut [u8]) -> Result<(), RandomError> {
            octets.copy_from_slice(&self.0.remove(0).to_le_bytes());
            Ok(())
        }
    }

    fn offer(priority: u16, weight: u16, host: &str) -> Offer {
        Offer { priority, weight, host: host.to_owned(), port: 2855 }
    }

    fn order(offers: &[Offer], numbers: &[u64]) -> Vec<String> {
        let order = in_order(offers.to_vec(), &mut Numbers(numbers.to_vec())).unwrap();
        order.into_iter().map(|offer| offer.host).collect()
    }

    #[test]
    fn lower_priorities_come_first() {
        let offers = [offer(20, 9, "c"), offer(0, 0, "a"), offer(10, 65_535, "b")];
        assert_eq!(order(&offers, &[0, 5, 7]), ["a", "b", "c"]);
    }

    #[test]
    fn weights_decide_among_equals() {
        // The draws are from 0 to 4, then from 0 to what is left.
        let offers = [offer(0, 1, "one"), offer(0, 3, "three"), offer(0, 0, "none")];
        assert_eq!(order(&offers, &[0, 0, 0]), ["none", "one", "three"]);
        assert_eq!(order(&offers, &[1, 0, 0]), ["one", "none", "three"]);
        assert_eq!(order(&offers, &[2, 1, 0]), ["three", "one", "none"]);
        assert_eq!(order(&offers, &[4, 0, 0]), ["three", "none", "one"]);
    }

    #[test]
    fn each_host_is_drawn_once_however_large_the_weights_are() {
        let offers: Vec<Offer> = (0..100).map(|n| offer(n % 3, 65_535, &n.to_string())).collect();
        let order = in_order(offers, &mut OsRandom::new().unwrap()).unwrap();
        assert!(order.is_sorted_by_key(|offer| offer.priority));
        let mut hosts: Vec<u32> = order.iter().map(|offer| offer.host.parse().unwrap()).collect();
        hosts.sort_unstable();
        assert_eq!(hosts, (0..100).collect::<Vec<u32>>());
    }
}
