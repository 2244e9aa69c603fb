//! A ladder of frames, for people.

use std::time::Duration;

use msrp::uri::UriRef;

use super::record::Record;

/// The frames between all participants, drawn when all are known.
#[derive(Default)]
pub(super) struct Ladder {
    participants: Vec<String>,
    steps: Vec<Step>,
}

struct Step {
    time: Option<Duration>,
    /// From which participant to which one; `None` for what is no frame.
    way: Option<(usize, usize)>,
    label: String,
}

/// The columns before the first participant.
const MARGIN: usize = 10;

impl Ladder {
    pub(super) fn push(&mut self, record: &Record) {
        let way = ends(record).map(|(from, to)| (self.participant(from), self.participant(to)));
        let time = record.arrival.map(|arrival| arrival.time);
        self.steps.push(Step { time, way, label: label(record) });
    }

    fn participant(&mut self, name: String) -> usize {
        let known = self.participants.iter().position(|it| *it == name);
        known.unwrap_or_else(|| {
            self.participants.push(name);
            self.participants.len() - 1
        })
    }

    pub(super) fn print(&self) {
        let width = self.width();
        let names = self.participants.iter().map(|name| format!("{name:<width$}"));
        line(&format!("{:MARGIN$}{}", "", names.collect::<String>()));
        let start = self.steps.iter().find_map(|step| step.time).unwrap_or_default();
        for step in &self.steps {
            let time = step.time.map(|time| time.saturating_sub(start).as_secs_f64());
            let time = time.map_or_else(String::new, |time| format!("{time:.3}"));
            line(&format!("{time:>8}  {}", self.draw(step, width)));
        }
    }

    /// The distance of two participants, so that every label fits.
    fn width(&self) -> usize {
        let labels = self.steps.iter().filter_map(|step| {
            let (from, to) = step.way?;
            Some((step.label.chars().count() + 10).div_ceil(from.abs_diff(to).max(1)))
        });
        let names = self.participants.iter().map(|name| name.chars().count() + 2);
        labels.chain(names).max().unwrap_or_default()
    }

    fn draw(&self, step: &Step, width: usize) -> String {
        let Some((from, to)) = step.way else { return format!("* {}", step.label) };
        let (left, right) = (from.min(to), from.max(to));
        let arrow = match (right - left) * width {
            // Sent to itself.
            0 => format!("|<> {}", step.label),
            span => {
                let inner = span - 3;
                let label = format!(" {} ", step.label);
                if from < to {
                    format!("|{label:-^inner$}->")
                } else {
                    format!("|<-{label:-^inner$}")
                }
            }
        };
        let bars = |count: usize| format!("{:<width$}", "|").repeat(count);
        let after = self.participants.len().saturating_sub(right);
        let after = if from == to { 0 } else { after };
        format!("{}{arrow}{}", bars(left), bars(after)).trim_end().to_owned()
    }
}

/// Who sent a record, and to whom. Without a capture its paths say that: the hop before, and
/// the next one (RFC 4975 section 5.1).
fn ends(record: &Record) -> Option<(String, String)> {
    if let Some(arrival) = record.arrival {
        return Some((arrival.from.to_string(), arrival.to.to_string()));
    }
    let head = record.head.as_ref()?.view();
    let is_there = !head.from_path().as_str().is_empty() && !head.to_path().as_str().is_empty();
    is_there.then(|| (authority(head.from_path().first()), authority(head.to_path().first())))
}

fn authority(uri: UriRef<'_>) -> String {
    let port = uri.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}", uri.host_str())
}

/// One line about a record.
fn label(record: &Record) -> String {
    let mut words = Vec::new();
    match record.head.as_ref().map(|head| head.view()) {
        Some(head) => {
            words.extend(head.method().map(|method| method.as_str().to_owned()));
            words.extend(head.status_code().map(|status| status.as_u16().to_string()));
            words.push(head.transaction_id().as_str().to_owned());
            words.extend(head.status().map(|status| format!("status {}", status.code.as_u16())));
            words.extend(head.byte_range().map(|range| range.to_string()));
            words.extend(head.content_type().map(essence));
            words.extend(record.flag.map(|flag| flag.as_str().to_owned()));
        }
        None => words.push(format!("octets {} to {}", record.octets.start, record.octets.end)),
    }
    words.extend(record.fault.as_ref().map(|fault| format!("[{fault}]")));
    words.join(" ")
}

/// A media type without its parameters.
fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_owned()
}

fn line(text: &str) {
    crate::output::print_line(text.trim_end());
}
