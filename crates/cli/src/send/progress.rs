//! The progress bar.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use msrp_tokio::Progress;
use tokio::sync::watch;
use tokio::time::interval;

use crate::output::tell;

/// How often it is drawn, also when nothing moves: then the rate falls.
const TICK: Duration = Duration::from_millis(250);

const SIZED: &str = "{wide_bar} {bytes}/{total_bytes} {bytes_per_sec} ETA {eta}";
const ENDLESS: &str = "{spinner} {bytes} {bytes_per_sec} {elapsed}";

/// Draws how much of a message has left, on stderr, and only if that is a terminal. Ends
/// with the message.
pub(super) async fn draw(mut progress: watch::Receiver<Progress>) {
    let bar = bar(progress.borrow().total);
    let mut ticks = interval(TICK);
    while progress.borrow().outcome().is_none() {
        tokio::select! {
            _ = ticks.tick() => {}
            Ok(()) = progress.changed() => {}
        }
        bar.set_position(progress.borrow_and_update().left);
        bar.tick();
    }
    bar.abandon();
    if !bar.is_hidden() {
        // The bar leaves the cursor behind it.
        tell("");
    }
}

fn bar(total: Option<u64>) -> ProgressBar {
    let (bar, template) = match total {
        Some(total) => (ProgressBar::new(total), SIZED),
        None => (ProgressBar::no_length(), ENDLESS),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
