//! Sessions under TLS.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{ALICE, uri};
use msrp::SessionConfig;
use msrp::uri::Scheme;
use msrp_sdp::{Fingerprint, Local, MediaDescription, MsrpMedia, Offer, SessionPlan};
use msrp_tls::{Fingerprints, HashFunction, Identity, ServerCheck};
use msrp_tokio::{Builder, Endpoint, Error, Session};

/// A self-signed certificate for this machine.
fn identity() -> Identity {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = made.signing_key.serialize_der();
    Identity::new(vec![made.cert.der().clone()], key.try_into().unwrap())
}

async fn endpoint(identity: Identity) -> Endpoint {
    Endpoint::builder().identity(identity).bind_tls("127.0.0.1:0").await.unwrap()
}

/// The plans of two sides that have exchanged their descriptions.
fn plans(alice: &Endpoint, bob: &Endpoint) -> (SessionPlan, SessionPlan) {
    plans_of(alice.local().unwrap(), bob.local().unwrap())
}

fn plans_of(alice: Local, bob: Local) -> (SessionPlan, SessionPlan) {
    let offer = Offer::new(alice).unwrap();
    let section: MediaDescription = offer.description().to_string().parse().unwrap();
    let offered = MsrpMedia::parse(&section).unwrap();
    let (answer, bobs) = msrp_sdp::answer(&offered, bob).unwrap();
    (msrp_sdp::complete(&offer, &answer).unwrap(), bobs)
}

async fn talk(alice: &Session, bob: &mut Session) {
    let sent = alice.send("Is this safe?").await.unwrap();
    assert_eq!(bob.next().await.unwrap().text().await.unwrap(), "Is this safe?");
    sent.delivered().await.unwrap();
}

#[tokio::test]
async fn the_fingerprints_of_an_offer_and_its_answer_make_a_session() {
    let (alices, bobs) = (endpoint(identity()).await, endpoint(identity()).await);
    let (plan, bobs_plan) = plans(&alices, &bobs);
    let (alice, bob) = tokio::join!(alices.session(plan), bobs.session(bobs_plan));
    talk(&alice.unwrap(), &mut bob.unwrap()).await;
}

#[tokio::test]
async fn a_certificate_with_another_fingerprint_is_refused() {
    let (alices, bobs) = (endpoint(identity()).await, endpoint(identity()).await);
    let (plan, _) = plans(&alices, &bobs);
    let address = bobs.addresses().next().unwrap();
    bobs.close().await;
    // Somebody else has taken the address.
    let mallorys = Endpoint::builder().identity(identity()).bind_tls(address).await.unwrap();
    let error = alices.session(plan).await.unwrap_err();
    assert!(matches!(error, Error::Handshake { .. }), "{error}");
    drop(mallorys);
}

#[tokio::test]
async fn only_the_peer_with_the_right_certificate_gets_the_session() {
    let (alices, bobs) = (endpoint(identity()).await, endpoint(identity()).await);
    let (plan, bobs_plan) = plans(&alices, &bobs);
    let bob = bobs.session(bobs_plan);
    // Others have learned the URI, with another certificate and with none.
    for mallorys in [Endpoint::builder().identity(identity()), Endpoint::builder()] {
        let mallorys = mallorys.build().unwrap();
        // She is refused while she connects, or binds the session, or sends.
        if let Ok(mallory) = mallorys.session(plan.clone()).await
            && let Ok(sent) = mallory.send("Alice here").await
        {
            assert!(sent.delivered().await.is_err());
        }
    }
    let (alice, bob) = tokio::join!(alices.session(plan), bob);
    talk(&alice.unwrap(), &mut bob.unwrap()).await;
}

#[tokio::test]
async fn fingerprints_that_prove_nothing_make_no_session() {
    let (alices, bobs) = (endpoint(identity()).await, endpoint(identity()).await);
    for function in [msrp_sdp::HashFunction::Sha1, msrp_sdp::HashFunction::Sha224] {
        let weak = Fingerprint::new(function, &vec![7; function.len()]).unwrap();
        let weakly = |endpoint: &Endpoint| {
            Local::new(endpoint.uri(Scheme::Msrps).unwrap()).with_fingerprint(weak.clone())
        };
        let (plan, bobs_plan) = plans_of(weakly(&alices), weakly(&bobs));
        for (endpoint, plan) in [(&alices, plan), (&bobs, bobs_plan)] {
            let error = endpoint.session(plan).await.unwrap_err();
            assert!(matches!(error, Error::UnsafeFingerprints(it) if it == function), "{error}");
        }
    }
}

#[tokio::test]
async fn an_unsafe_fingerprint_beside_a_safe_one_does_no_harm() {
    let (alices, bobs) = (endpoint(identity()).await, endpoint(identity()).await);
    let weak = Fingerprint::new(msrp_sdp::HashFunction::Sha1, &[7; 20]).unwrap();
    let both = |endpoint: &Endpoint| endpoint.local().unwrap().with_fingerprint(weak.clone());
    let (plan, bobs_plan) = plans_of(both(&alices), both(&bobs));
    let (alice, bob) = tokio::join!(alices.session(plan), bobs.session(bobs_plan));
    talk(&alice.unwrap(), &mut bob.unwrap()).await;
}

#[tokio::test]
async fn a_server_without_a_fingerprint_is_checked_by_the_setting() {
    let identity = identity();
    let pinned = Fingerprints::from(identity.fingerprint(HashFunction::Sha256).unwrap());
    let bobs = endpoint(identity).await;
    let connect = |builder: Builder| {
        let far = bobs.uri(Scheme::Msrps).unwrap();
        let expecting = bobs.expect(SessionConfig::expected(far.clone()));
        let near = uri(&ALICE.replace("msrp:", "msrps:"));
        async move {
            let alices = builder.build().unwrap();
            let connecting = alices.connect(SessionConfig::new(near, far.into()));
            tokio::select! {
                alice = connecting => alice.map(|_| ()),
                _ = async { expecting.await.unwrap().next().await } => Ok(()),
            }
        }
    };
    // No root of the system vouches for it, if there is any.
    let refused = connect(Endpoint::builder()).await.unwrap_err();
    assert!(matches!(refused, Error::Handshake { .. } | Error::Tls(_)), "{refused}");
    let checks = Endpoint::builder().server_check(ServerCheck::Pinned(pinned));
    connect(checks).await.unwrap();
}

#[tokio::test]
async fn a_plain_connection_to_a_tls_listener_opens_no_session() {
    let bobs = endpoint(identity()).await;
    let port = bobs.addresses().next().unwrap().port();
    let alices = Endpoint::builder().build().unwrap();
    let far = uri(&format!("msrp://127.0.0.1:{port}/abcd1234;tcp"));
    let error = alices.connect(SessionConfig::new(uri(ALICE), far.into())).await.unwrap_err();
    assert!(matches!(error, Error::Ended(_)), "{error}");
}

#[tokio::test]
async fn an_endpoint_that_listens_for_tls_needs_a_certificate() {
    let error = Endpoint::builder().bind_tls("127.0.0.1:0").await.unwrap_err();
    assert!(matches!(error, Error::NoIdentity), "{error}");
}
