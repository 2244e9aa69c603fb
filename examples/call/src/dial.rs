//! `msrp-call dial`.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use tokio::time::sleep;

use crate::call::Call;
use crate::console::{Console, converse, stop_signal};
use crate::failure::Failure;
use crate::house::House;
use crate::options::Dial;
use crate::sip::{Phone, SipError, address_towards};

/// Calls somebody, says and sends what there is, or what the user types, and hangs up.
/// Returns whether everything was delivered.
pub(crate) async fn run(options: &Dial) -> Result<bool, Failure> {
    for path in &options.send {
        check_file(path)?;
    }
    let account = options.common.account()?;
    let next_hop = options.common.registrar.as_ref().unwrap_or(&options.to);
    let address = match options.sip {
        Some(address) => address,
        None => SocketAddr::new(address_towards(next_hop).await?, 0),
    };
    let mut phone = Phone::bind(address, account).await?;
    let stop = stop_signal();
    let (mut console, teller) = Console::open(options.is_script(), stop.clone());
    let voice = (teller, stop);
    let house = House::open(phone.ip(), options.out.clone(), voice, &options.common).await?;
    phone.register().await?;
    let called = call(Arc::new(house), &phone, &mut console, options).await;
    phone.close().await;
    called
}

async fn call(
    house: Arc<House>,
    phone: &Phone,
    console: &mut Console,
    options: &Dial,
) -> Result<bool, Failure> {
    let stop = house.stop.clone();
    let give_up = async {
        let _ = stop.run_until_cancelled(sleep(options.ring)).await;
    };
    let mut call = Call::dial(house, phone, &options.to, give_up).await?;
    let talked = if options.is_script() {
        let script = stop.run_until_cancelled(script(&mut call, options)).await;
        script.unwrap_or(Err(Failure::Stopped))
    } else {
        converse(&mut call, async || console.wish().await).await
    };
    match talked {
        Ok(Some(())) => Ok(call.hang_up().await),
        Ok(None) if options.is_script() => Err(call.fail(SipError::HungUp.into()).await),
        Ok(None) => Ok(call.finish().await),
        Err(failure) => Err(call.fail(failure).await),
    }
}

/// One after the other: a text is delivered before the next one, or a file, is sent.
async fn script(call: &mut Call, options: &Dial) -> Result<Option<()>, Failure> {
    for text in &options.say {
        call.say(text.clone()).await?;
        if call.settle().await?.is_none() {
            return Ok(None);
        }
    }
    for path in &options.send {
        if call.send(path.clone()).await?.is_none() {
            return Ok(None);
        }
    }
    call.settle().await
}

fn check_file(path: &Path) -> Result<(), Failure> {
    let is_file = path.metadata().and_then(|metadata| {
        if metadata.is_file() { Ok(()) } else { Err(io::Error::other("it is not a file")) }
    });
    is_file.map_err(|error| Failure::Usage(format!("--send {}: {error}", path.display())))
}
