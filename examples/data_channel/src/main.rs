//! Moves a file between two peers of one process, over a data channel.

use std::error::Error;
use std::fs::File;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use msrp_data_channel::{
    Content, Delivery, Offerer, Pattern, Plan, Session, answer, closed, exchange, section,
};
use msrp_sdp::data_channel::{DataChannels, MaxMessageSize};

/// Two WebRTC peers over loopback UDP: an offer and an answer with an MSRP
/// session (RFC 8873), a greeting both ways, and a file from the offerer to the
/// answerer. The exit status is 0 if the file has arrived unchanged.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// The file to send. Without one, octets are generated.
    file: Option<PathBuf>,
    /// The number of octets to generate.
    #[arg(long, value_name = "N", default_value_t = 64 * 1024 * 1024, conflicts_with = "file")]
    octets: u64,
    /// The largest message that the answerer takes, in octets, or 0 for any size.
    #[arg(long, value_name = "N", default_value_t = 65_536)]
    max_message_size: u64,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let causes = std::iter::successors(error.source(), |&cause| cause.source());
            eprintln!(
                "{}",
                causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
            );
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let content = content(options)?;
    let offerer = Offerer::new(ip, &Session::default())?;
    let offer = offerer.offer().to_owned();
    println!("offer:\n\n{offer}");
    let max_message_size = MaxMessageSize::new(options.max_message_size);
    let (mut bob, answer) =
        answer(ip, &Session { max_message_size, ..Session::default() }, &offer)?;
    println!("answer:\n\n{answer}");
    let mut alice = offerer.accept(&answer)?;

    let start = Instant::now();
    let waiting = thread::spawn(move || {
        exchange(&mut bob, Plan { text: Some("Go ahead.".into()), ..Plan::default() })
    });
    let plan = Plan {
        text: Some("Here is the file.".into()),
        content: Some(content),
        hang_up_after: Some(1),
    };
    let alices = exchange(&mut alice, plan)?;
    let time = start.elapsed();
    let bobs = waiting.join().map_err(|_| "the answerer's thread has panicked")??;
    show_closing(&offer)?;
    Ok(tell(&alices, &bobs, time))
}

fn content(options: &Options) -> Result<Content, Box<dyn Error>> {
    let Some(path) = &options.file else {
        return Ok(Content::new(Pattern(0x6d73_7270), options.octets));
    };
    let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let octets = file.metadata()?.len();
    Ok(Content::new(file, octets))
}

/// Prints the next offer, which leaves the ended session out.
fn show_closing(offer: &str) -> Result<(), Box<dyn Error>> {
    let before = DataChannels::parse(section(offer))?;
    let Some(session) = before.channels().first() else { return Ok(()) };
    let next = closed(offer, session.stream());
    let after = DataChannels::parse(section(&next))?;
    for stream in before.closed_by(&after) {
        println!("next offer, which closes the session on stream {stream}:\n\n{next}");
    }
    Ok(())
}

fn tell(alices: &Delivery, bobs: &Delivery, time: Duration) -> bool {
    for (name, delivery) in [("offerer", alices), ("answerer", bobs)] {
        for message in &delivery.outcomes {
            let (octets, chunks) = (message.octets, message.chunks);
            println!("{name}: {}, {octets} octets in {chunks} chunks", message.outcome);
        }
        let traffic = delivery.traffic;
        let (messages, largest) = (traffic.messages, traffic.largest);
        println!("{name}: {messages} messages on the channel, the largest of {largest} octets");
    }
    let Some(sent) = alices.sent else { return false };
    let got = bobs.received.iter().find(|(media_type, _)| media_type != "text/plain");
    let is_same = got.is_some_and(|(_, got)| *got == sent);
    println!("sent: {sent}");
    match got {
        Some((_, got)) => println!("got:  {got}"),
        None => println!("got:  nothing"),
    }
    let rate = sent.octets as f64 / time.as_secs_f64() / 1e6;
    println!(
        "{} in {:.2} s, {rate:.1} MB/s",
        if is_same { "the same" } else { "not the same" },
        time.as_secs_f64()
    );
    is_same
}
