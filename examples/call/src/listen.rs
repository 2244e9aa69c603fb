//! `msrp-call listen`.

use std::sync::Arc;

use crate::call::Call;
use crate::console::{Console, Wish, converse};
use crate::failure::Failure;
use crate::house::House;
use crate::options::Listen;
use crate::sip::{Phone, Ring, SipError, StatusCode};
use crate::tell::{Teller, Told};

/// Answers calls, one at a time. Returns whether all of them went well.
pub(crate) async fn run(options: &Listen) -> Result<bool, Failure> {
    let folder = &options.out;
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::Usage(format!("--out {}: {error}", folder.display())))?;
    let mut phone = Phone::bind(options.sip, options.common.account()?).await?;
    let teller = Teller::new(options.once);
    let house = House::open(phone.ip(), folder.clone(), teller, &options.common).await?;
    phone.register().await?;
    teller.tell(&Told::Listening(&phone.uri().to_string()));
    let served = serve(&Arc::new(house), &mut phone, options).await;
    phone.close().await;
    served
}

async fn serve(house: &Arc<House>, phone: &mut Phone, options: &Listen) -> Result<bool, Failure> {
    let mut console = Console::new(!options.once, house.stop.clone());
    let mut is_fine = true;
    while let Some(ring) = house.stop.run_until_cancelled(phone.ring()).await {
        let ring = ring.ok_or(SipError::HungUp)?;
        let Some(ring) =
            (if options.ask { ask(house, &mut console, ring).await? } else { Some(ring) })
        else {
            continue;
        };
        match Call::take(house.clone(), phone, ring).await {
            Ok(call) => is_fine &= attend(call, phone, &mut console).await,
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

/// Asks the user whether to answer. `None` if not.
async fn ask(
    house: &House,
    console: &mut Console,
    mut ring: Ring,
) -> Result<Option<Ring>, Failure> {
    house.teller.tell(&Told::Ringing(ring.caller()));
    let line = tokio::select! {
        line = console.line(), if !console.is_over() => line,
        () = ring.cancelled() => {
            house.teller.tell(&Told::Cancelled);
            return Ok(None);
        }
    };
    if line.is_some_and(|line| matches!(line.trim(), "" | "y" | "yes")) {
        return Ok(Some(ring));
    }
    ring.refuse(StatusCode::Decline)?;
    Ok(None)
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
                Some(ring) = phone.ring() => drop(ring.refuse(StatusCode::BusyHere)),
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
