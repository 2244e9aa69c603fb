//! Later exchanges about an existing session (RFC 4975 section 8.4, RFC 5547 section
//! 8.1).

use msrp::{Direction, Role};
use msrp_sdp::file::{
    AnsweredTransfers, FileAttributes, FileSelector, OfferedTransfer, TransferOffer,
};
use msrp_sdp::{Connect, Local, MsrpMedia, Offer, Refusal, SessionPlan, Update};

use super::{ALICE, BOB, alice, bob, carried, read_section, uri};

/// An exchange: the plans of the offerer and the answerer.
fn exchange(offerer: Local, answerer: Local) -> Result<(SessionPlan, SessionPlan), Refusal> {
    let offer = Offer::new(offerer)?;
    let (answer, theirs) = msrp_sdp::answer(&carried(&offer.description()), answerer)?;
    Ok((msrp_sdp::complete(&offer, &carried(&answer.description()))?, theirs))
}

/// Either side offers again, any number of times: the connection stays as it was
/// agreed first.
// req: 4975-8.4-1, 4975-8.5-1
#[test]
fn whoever_offers_later_nobody_connects_anew() {
    let behind = || Local::unreachable(uri(ALICE));
    for alice in [alice as fn() -> Local, behind] {
        let (mut alices, mut bobs) = exchange(alice(), bob()).unwrap();
        let (role, connect) = (alices.role(), alices.connect().clone());
        for _ in 0..2 {
            let again = exchange(bob().continuing(&bobs), alice().continuing(&alices)).unwrap();
            assert_eq!(again.1.update_of(&alices), Update::Unchanged);
            assert_eq!(again.0.update_of(&bobs), Update::Unchanged);
            (bobs, alices) = again;
            assert_eq!((alices.role(), alices.connect()), (role, &connect));
            assert_eq!((bobs.role(), bobs.connect()), (Role::Passive, &Connect::Await));
            let again = exchange(alice().continuing(&alices), bob().continuing(&bobs)).unwrap();
            (alices, bobs) = again;
            assert_eq!((alices.role(), alices.connect()), (role, &connect));
        }
    }
}

/// With a peer that supports only RFC 4975, and with one that says `active`.
// req: 4975-8.5-1
#[test]
fn a_refresh_of_theirs_ends_no_session_of_a_side_behind_a_nat() {
    let theirs = |setup: &str| {
        let text = format!("m=message 12763 TCP/MSRP *\na=accept-types:*\na=path:{BOB}\n{setup}");
        MsrpMedia::parse(&read_section(&text).unwrap()).unwrap()
    };
    let offer = Offer::new(Local::unreachable(uri(ALICE))).unwrap();
    let plan = msrp_sdp::complete(&offer, &theirs("")).unwrap();
    let local = || Local::unreachable(uri(ALICE));
    for setup in ["", "a=setup:active\n", "a=setup:actpass\n"] {
        let (answer, again) = msrp_sdp::answer(&theirs(setup), local().continuing(&plan)).unwrap();
        assert_eq!(again.update_of(&plan), Update::Unchanged);
        assert_eq!((again.role(), again.connect()), (plan.role(), plan.connect()));
        // The answer never repeats the `setup` of the offer.
        assert_ne!(
            answer.setup().map(msrp_sdp::Setup::as_str),
            setup.trim().strip_prefix("a=setup:")
        );
    }
    // A first exchange would give no session.
    assert_eq!(msrp_sdp::answer(&theirs(""), local()).unwrap_err(), Refusal::Unreachable);
}

#[test]
fn a_side_that_has_moved_is_met_anew() {
    let (alices, bobs) = exchange(Local::unreachable(uri(ALICE)), bob()).unwrap();
    let moved = bob().with_uri(uri("msrp://192.0.2.99:4000/moved;tcp")).continuing(&bobs);
    let (theirs, ours) = exchange(moved, Local::new(uri(ALICE)).continuing(&alices)).unwrap();
    assert_eq!(
        (ours.update_of(&alices), theirs.update_of(&bobs)),
        (Update::NewSession, Update::NewSession)
    );
    assert_eq!((ours.role(), ours.connect()), (Role::Passive, &Connect::Await));
}

#[test]
fn a_session_is_held_and_goes_on() {
    let (alices, bobs) = exchange(alice(), bob()).unwrap();
    let hold = alice().with_direction(Direction::Inactive).continuing(&alices);
    let (held, bobs_held) = exchange(hold, bob().continuing(&bobs)).unwrap();
    assert_eq!(held.update_of(&alices), Update::Parameters);
    assert_eq!(
        (held.direction(), bobs_held.direction()),
        (Direction::Inactive, Direction::Inactive)
    );
    let (resumed, _) = exchange(alice().continuing(&held), bob().continuing(&bobs_held)).unwrap();
    assert_eq!(resumed.update_of(&alices), Update::Unchanged);
}

fn file(id: Option<&str>) -> FileAttributes {
    let selector = FileSelector::builder().media_type("image/png".parse().unwrap()).size(4096);
    let mut file = FileAttributes::new(selector.build().unwrap());
    file.transfer_id = id.map(|id| id.parse().unwrap());
    file
}

// req: 5547-8.1-9, 5547-8.3.2-2
#[test]
fn both_sides_of_a_transfer_can_offer_it_again() {
    let push = || (alice().send_file(file(Some("id1"))), bob().accept_file());
    let pull = || (alice().ask_for_file(file(Some("id1"))), bob().send_file(file(None)));
    for (alice, bob) in [push(), pull()] {
        let (alices, bobs) = exchange(alice.clone(), bob.clone()).unwrap();
        let again = exchange(bob.clone().continuing(&bobs), alice.clone().continuing(&alices));
        let (bobs_again, alices_again) = again.unwrap();
        assert_eq!(alices_again.update_of(&alices), Update::Unchanged);
        assert_eq!(bobs_again.update_of(&bobs), Update::Unchanged);
        assert_eq!(bobs_again.file(), bobs.file());
        let again = exchange(alice.continuing(&alices_again), bob.continuing(&bobs_again)).unwrap();
        assert_eq!(again.0.update_of(&alices), Update::Unchanged);
    }
}

#[test]
fn a_transfer_is_held_by_either_side() {
    let (alices, bobs) =
        exchange(alice().send_file(file(Some("id1"))), bob().accept_file()).unwrap();
    let hold = |local: Local, plan: &SessionPlan| {
        let text = Offer::new(local.continuing(plan)).unwrap().description().to_string();
        let held = text.replace("a=sendonly", "a=inactive").replace("a=recvonly", "a=inactive");
        MsrpMedia::parse(&read_section(&held).unwrap()).unwrap()
    };
    let (answer, held) = msrp_sdp::answer(
        &hold(alice().send_file(file(Some("id1"))), &alices),
        bob().accept_file().continuing(&bobs),
    )
    .unwrap();
    assert_eq!((answer.direction(), held.file()), (Direction::Inactive, bobs.file()));
    let (_, held) = msrp_sdp::answer(
        &hold(bob().accept_file(), &bobs),
        alice().send_file(file(Some("id1"))).continuing(&alices),
    )
    .unwrap();
    assert_eq!((held.update_of(&alices), held.file()), (Update::Parameters, alices.file()));
    // A new transfer does not start on hold.
    let fresh = hold(alice().send_file(file(Some("id1"))), &alices);
    assert_eq!(msrp_sdp::answer(&fresh, bob().accept_file()).unwrap_err(), Refusal::FileDirection);
}

// req: 5547-8.1-4, 5547-8.3.2-1, 5547-8.3.2-2
#[test]
fn a_transfer_of_this_side_is_no_new_one_when_the_peer_offers_it() {
    let (id, selector) = (file(Some("id1")).transfer_id.unwrap(), file(None).selector);
    let mut transfers = AnsweredTransfers::new(2);
    transfers.began(0, &id, &selector);
    assert_eq!(transfers.offered(0, 7654, &id, &selector), TransferOffer::Running);
    transfers.finished(&id);
    assert_eq!(transfers.offered(0, 7654, &id, &selector), TransferOffer::Finished);
    // And the other way round.
    let mut offered = OfferedTransfer::of(id.clone());
    assert_eq!((offered.id(), offered.port(9)), (&id, 9));
    offered.finish();
    assert_eq!(offered.port(9), 0);
    // The transfers of this side are limited too.
    for number in 0..5 {
        transfers.began(number, &format!("more{number}").parse().unwrap(), &selector);
    }
    let fresh = transfers.offered(9, 7654, &"fresh".parse().unwrap(), &selector);
    assert_eq!(fresh, TransferOffer::TooMany { running: None });
}

#[test]
fn who_takes_a_file_takes_as_much_as_was_said() {
    let mut large = file(Some("id1"));
    large.selector = FileSelector::builder().size(5_000_000).build().unwrap();
    let (_, bobs) = exchange(alice().send_file(large.clone()), bob().accept_file()).unwrap();
    assert_eq!(bobs.session_config().max_size, 5_000_000 + 16 * 1024);
    assert_eq!(bobs.local().max_size(), Some(5_000_000 + 16 * 1024));
    // Who asks for it says the same if the size is known, and no limit if it is not.
    let asking = alice().ask_for_file(large.clone());
    let (alices, _) = exchange(asking, bob().send_file(large.clone())).unwrap();
    assert_eq!(alices.local().max_size(), Some(5_000_000 + 16 * 1024));
    assert_eq!(alices.session_config().max_size, 5_000_000 + 16 * 1024);
    let limited = bob().accept_file().with_max_size(6_000_000);
    let (_, bobs) = exchange(alice().send_file(large), limited).unwrap();
    assert_eq!(bobs.session_config().max_size, 6_000_000);
}
