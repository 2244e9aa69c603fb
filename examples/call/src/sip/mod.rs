//! What a call wants of a SIP stack, here rsipstack: register, dial, ring, accept or
//! refuse, offer again, hang up, cancel.
//!
//! Session descriptions pass through as text. Nothing here knows MSRP.

mod address;
mod body;
mod dialog;
mod error;
mod phone;
mod registration;
mod ring;
#[cfg(test)]
mod tests;

pub(crate) use address::address_towards;
pub(crate) use dialog::{Answered, Dialog, Reoffer};
pub(crate) use error::SipError;
pub(crate) use phone::Phone;
pub(crate) use registration::Account;
pub(crate) use ring::Ring;
pub(crate) use rsipstack::sip::{StatusCode, Uri};
