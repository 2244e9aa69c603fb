//! Relays that are found by the SRV records of a domain (RFC 4976 section 8).
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
#[path = "common/secure_relay.rs"]
mod secure_relay;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, SRV};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use msrp_tokio::{Builder, Endpoint, Error};
use secure_relay::{DOMAIN, Relay, account};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;

const SERVICE: &str = "_msrps._tcp.relay.test.";

/// A DNS server with these records. It ends when this is dropped.
struct Dns {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    _task: JoinSet<()>,
}

impl Dns {
    async fn new(records: &[(&str, RData)]) -> Self {
        Self::dropping(None, records).await
    }

    /// One that does not answer queries of a type.
    async fn dropping(dropped: Option<RecordType>, records: &[(&str, RData)]) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let records: Vec<Record> = records
            .iter()
            .map(|(name, data)| {
                Record::from_rdata(Name::from_ascii(name).unwrap(), 60, data.clone())
            })
            .collect();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut octets = [0; 1500];
            loop {
                let (len, peer) = socket.recv_from(&mut octets).await.unwrap();
                let query = Message::from_vec(&octets[..len]).unwrap();
                let asked = query.queries.first().unwrap();
                log.lock().unwrap().push(format!("{} {}", asked.query_type(), asked.name()));
                if dropped != Some(asked.query_type()) {
                    let answer = answer(&query, &records).to_vec().unwrap();
                    socket.send_to(&answer, peer).await.unwrap();
                }
            }
        });
        Self { address, asked, _task: task }
    }

    /// The queries so far.
    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn answer(query: &Message, records: &[Record]) -> Message {
    let asked = query.queries.first().unwrap();
    let mut answer = Message::response(query.metadata.id, OpCode::Query);
    answer.add_query(asked.clone());
    let named = records.iter().filter(|record| record.name == *asked.name());
    answer.add_answers(
        named.clone().filter(|record| record.record_type() == asked.query_type()).cloned(),
    );
    if named.count() == 0 {
        answer.metadata.response_code = ResponseCode::NXDomain;
    }
    answer
}

fn srv(priority: u16, host: &str, port: u16) -> (&'static str, RData) {
    (SERVICE, RData::SRV(SRV::new(priority, 0, port, Name::from_ascii(host).unwrap())))
}

fn here(name: &'static str) -> (&'static str, RData) {
    (name, RData::A(A(Ipv4Addr::LOCALHOST)))
}

// req: 4976-8-3
#[tokio::test]
async fn the_records_of_a_domain_lead_to_its_relay() {
    let relay = Relay::new();
    let dns = Dns::new(&[srv(0, "one.hosts.test.", relay.port), here("one.hosts.test.")]).await;
    let alices = relay.trusting().name_server(dns.address).build().unwrap();
    // Its certificate is for the domain, not for the host.
    let route = alices.relay(account("msrps://relay.test;tcp")).await.unwrap();
    assert_eq!(route.hop().unwrap().to_string(), format!("127.0.0.1:{}", relay.port));
}

#[tokio::test]
async fn hosts_that_fail_are_passed_over() {
    let relay = Relay::new();
    let bind = || TcpListener::bind("127.0.0.1:0");
    let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
    let (absent, closing, silent) =
        (bind().await.unwrap(), bind().await.unwrap(), bind().await.unwrap());
    let dns = Dns::new(&[
        srv(50, "up.test.", relay.port),
        srv(40, "up.test.", port(&silent)),
        srv(30, "nowhere.test.", relay.port),
        srv(20, "up.test.", port(&closing)),
        srv(10, "up.test.", port(&absent)),
        here("up.test."),
    ])
    .await;
    drop(absent);
    let mut refusing = JoinSet::new();
    refusing.spawn(async move { while closing.accept().await.is_ok() {} });
    let alices = relay.trusting().connect_timeout(Duration::from_secs(5));
    let alices = alices.name_server(dns.address).build().unwrap();
    let route = alices.relay(account("msrps://relay.test;tcp")).await.unwrap();
    assert_eq!(route.hop().unwrap().to_string(), format!("127.0.0.1:{}", relay.port));
    // It was tried before.
    silent.accept().await.unwrap();
}

#[tokio::test]
async fn records_do_not_say_who_the_relay_is() {
    let stranger = Relay::certified_for("one.hosts.test");
    let dns = Dns::new(&[srv(0, "one.hosts.test.", stranger.port), here("one.hosts.test.")]).await;
    let alices = stranger.trusting().name_server(dns.address).build().unwrap();
    let error = alices.relay(account("msrps://relay.test;tcp")).await.unwrap_err();
    assert!(matches!(error, Error::Handshake { .. }), "{error}");
    assert_eq!(error.to_string(), "TLS with relay.test (TLS)");
}

#[tokio::test]
async fn each_host_is_permitted_or_not() {
    let relay = Relay::new();
    let dns = Dns::new(&[
        srv(1, "one.test.", 22),
        srv(2, "two.test.", relay.port),
        here("one.test."),
        here("two.test."),
    ])
    .await;
    let alices = relay.trusting().name_server(dns.address);
    let permitted = alices.permit(|host, address| host == DOMAIN && address.port() > 1024);
    permitted.build().unwrap().relay(account("msrps://relay.test;tcp")).await.unwrap();
}

/// Where an endpoint would connect to for a relay, if it may.
async fn reached(dns: &Dns, uri: &str, builder: Builder) -> Vec<SocketAddr> {
    let reached = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&reached);
    let permits = move |_: &str, address| {
        log.lock().unwrap().push(address);
        false
    };
    let alices = builder.plain_auth(true).name_server(dns.address).permit(permits);
    let error = alices.build().unwrap().relay(account(uri)).await.unwrap_err();
    assert!(matches!(error, Error::NotPermitted { .. }), "{error}");
    reached.lock().unwrap().clone()
}

// req: 4976-8-3
#[tokio::test]
async fn a_domain_without_records_is_the_relay_at_the_default_port() {
    let dns = Dns::new(&[here("relay.test.")]).await;
    let reached = reached(&dns, "msrps://relay.test;tcp", Endpoint::builder()).await;
    assert_eq!(reached, ["127.0.0.1:2855".parse().unwrap()]);
    assert!(dns.asked().contains(&format!("SRV {SERVICE}")), "{:?}", dns.asked());
}

#[tokio::test]
async fn records_that_do_not_come_are_not_waited_for_to_the_end() {
    let dns = Dns::dropping(Some(RecordType::SRV), &[here("relay.test.")]).await;
    let builder = Endpoint::builder().connect_timeout(Duration::from_secs(3));
    let reached = reached(&dns, "msrps://relay.test;tcp", builder).await;
    assert_eq!(reached, ["127.0.0.1:2855".parse().unwrap()]);
    assert!(dns.asked().contains(&format!("SRV {SERVICE}")), "{:?}", dns.asked());
}

#[tokio::test]
async fn only_a_domain_under_tls_without_a_port_is_asked_for_records() {
    let dns = Dns::new(&[srv(0, "one.hosts.test.", 7777), here("relay.test.")]).await;
    for (uri, port) in [
        ("msrps://relay.test:4444;tcp", 4444),
        ("msrp://relay.test;tcp", 2855),
        ("msrps://127.0.0.1;tcp", 2855),
    ] {
        let reached = reached(&dns, uri, Endpoint::builder()).await;
        assert_eq!(reached, [SocketAddr::from((Ipv4Addr::LOCALHOST, port))], "{uri}");
    }
    assert!(!dns.asked().iter().any(|query| query.starts_with("SRV")), "{:?}", dns.asked());
}

#[tokio::test]
async fn a_domain_cannot_name_hosts_without_end() {
    let all: Vec<_> = (0..20).map(|n| srv(n, "up.test.", 4000 + n)).collect();
    let dns = Dns::new(&[&all[..], &[here("up.test.")]].concat()).await;
    let reached = reached(&dns, "msrps://relay.test;tcp", Endpoint::builder()).await;
    let ports: Vec<u16> = reached.iter().map(SocketAddr::port).collect();
    assert_eq!(ports, (4000..4016).collect::<Vec<u16>>());
}

#[tokio::test]
async fn a_domain_may_say_that_it_has_no_relay() {
    let dns = Dns::new(&[srv(0, ".", 0), here("relay.test.")]).await;
    let alices = Endpoint::builder().name_server(dns.address).build().unwrap();
    let error = alices.relay(account("msrps://relay.test;tcp")).await.unwrap_err();
    assert!(matches!(error, Error::NoService { .. }), "{error}");
    assert_eq!(error.to_string(), "relay.test has no MSRP relay");
}
