//! `inspect`: what is read in recorded octets, as JSON.

mod bodies;
mod description;
mod fault;
mod frames;
mod input;

use clap::Subcommand;
use serde_json::{Value, json};

use self::fault::Fault;
use self::input::Input;
use crate::Ending;
use crate::output::{print, set};

/// Prints what is read in a recording, a session description or a body.
///
/// Each line is a JSON object. Its `tolerated` names the deviations from the RFCs that were
/// read over. Its `error` is null, or says what is wrong and at which octets of the input.
///
/// Exit status: 0 read, 1 not read or refused, 2 wrong usage.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    form: Form,
}

#[derive(Subcommand)]
enum Form {
    Frames(frames::Arguments),
    Sdp(description::Sections),
    Answer(description::Answer),
    Complete(description::Complete),
    Cpim(bodies::Cpim),
    Imdn(bodies::Imdn),
    Composing(bodies::Composing),
    Multipart(bodies::Multipart),
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    match &arguments.form {
        Form::Frames(arguments) => arguments.run(),
        Form::Sdp(arguments) => arguments.run(),
        Form::Answer(arguments) => arguments.run(),
        Form::Complete(arguments) => arguments.run(),
        Form::Cpim(arguments) => arguments.run(),
        Form::Imdn(arguments) => arguments.run(),
        Form::Composing(arguments) => arguments.run(),
        Form::Multipart(arguments) => arguments.run(),
    }
}

/// Prints an object with the fields that each one has.
fn report(mut object: Value, tolerated: Vec<&str>, fault: Option<&Fault>) {
    set(&mut object, "tolerated", tolerated);
    set(&mut object, "error", fault.map_or(Value::Null, Fault::to_json));
    print(&object);
}

/// Prints the object of an input that cannot be read.
fn report_unread(tolerated: Vec<&str>, fault: &Fault) -> Ending {
    report(json!({}), tolerated, Some(fault));
    Ending::Failed
}
