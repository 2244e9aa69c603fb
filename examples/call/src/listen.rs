//! `msrp-call listen`.

use std::sync::Arc;

use crate::call::Call;
use crate::console::{Console, Wish, converse, stop_signal};
use crate::failure::Failure;
use crate::house::House;
use crate::options::Listen;
use crate::sip::{Phone, Ring, SipError, StatusCode};
use crate::tell::Told;

/// Answers calls, one at a time. Returns whether all of them went well.
pub(crate) async fn run(options: &Listen) -> Result<bool, Failure> {
    let folder = &options.out;
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::Usage(format!("--out {}: {error}", folder.display())))?;
    let mut phone = Phone::bind(options.sip, options.common.account()?).await?;
    let stop = stop_signal();
    let (mut console, teller) = Console::open(options.once, stop.clone());
    let voice = (teller.clone(), stop);
    let house = House::open(phone.ip(), folder.clone(), voice, &options.common).await?;
    phone.register().await?;
    teller.tell(&Told::Listening(&phone.uri().to_string()));
    let served = serve(&Arc::new(house), &mut phone, &mut console, options).await;
    phone.close().await;
    served
}

async fn serve(
    house: &Arc<House>,
    phone: &mut Phone,
    console: &mut Console,
    options: &Listen,
) -> Result<bool, Failure> {
    let mut is_fine = true;
    while let Some(ring) = house.stop.run_until_cancelled(phone.ring()).await {
        let mut ring = ring.ok_or(SipError::HungUp)?;
        if options.ask && !wants(house, console, &mut ring).await {
            ring.refuse(StatusCode::Decline);
            continue;
        }
        match Call::take(house.clone(), phone, ring).await {
            Ok(call) => is_fine &= attend(call, phone, console).await,
            Err(failure) => {
                house.teller.tell(&Told::Failed(&failure));
                continue;
            }
        }
        if options.once {
            break;
        }
    }
    Ok(is_fine)
}

/// Asks the user whether to answer. Without a word it is a no.
async fn wants(house: &House, console: &mut Console, ring: &mut Ring) -> bool {
    if console.is_over() {
        return false;
    }
    house.teller.tell(&Told::Ringing(ring.caller()));
    tokio::select! {
        line = console.line() => line.is_some_and(|it| matches!(it.trim(), "" | "y" | "yes")),
        () = house.stop.cancelled() => false,
        () = ring.cancelled() => {
            house.teller.tell(&Told::Cancelled);
            false
        }
    }
}

/// Lets the user talk until one side hangs up. Other callers find this side busy.
async fn attend(mut call: Call, phone: &mut Phone, console: &mut Console) -> bool {
    let talked = converse(&mut call, async || {
        loop {
            tokio::select! {
                wish = console.wish() => match wish {
                    // The end of the input does not end the call.
                    Wish::HangUp if console.is_over() => {}
                    wish => return wish,
                },
                Some(ring) = phone.ring() => ring.refuse(StatusCode::BusyHere),
            }
        }
    });
    match talked.await {
        Ok(Some(())) => call.hang_up().await,
        Ok(None) => call.finish().await,
        Err(failure) => {
            call.tell_failed(&failure);
            call.hang_up().await
        }
    }
}
