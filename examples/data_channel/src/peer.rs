//! An MSRP session on its own UDP socket.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use msrp::Event;
use str0m::net::{Protocol, Receive};
use str0m::{Input, Output, Rtc, RtcError};

use crate::channel::MsrpChannel;

/// The most octets of a datagram that WebRTC sends.
const DATAGRAM_OCTETS: usize = 2000;

/// A session, the `Rtc` with its channel, and the socket of the `Rtc`.
#[derive(Debug)]
pub struct Peer {
    /// The session and its channel, to act on between two events.
    pub session: MsrpChannel,
    /// WebRTC, which may have other channels too.
    pub rtc: Rtc,
    socket: UdpSocket,
    address: SocketAddr,
    is_leaving: bool,
}

impl Peer {
    pub(crate) fn new(
        socket: UdpSocket,
        address: SocketAddr,
        rtc: Rtc,
        session: MsrpChannel,
    ) -> Self {
        Self { session, rtc, socket, address, is_leaving: false }
    }

    /// Runs the session up to its next event. Returns `None` once its channel and
    /// WebRTC are closed. WebRTC closes with the channel, its only one.
    ///
    /// # Errors
    ///
    /// [`RtcError`] if the socket or WebRTC fails.
    pub fn next_event(&mut self) -> Result<Option<Event>, RtcError> {
        loop {
            if let Some(event) = self.session.drive(Instant::now(), &mut self.rtc) {
                return Ok(Some(event));
            }
            match self.rtc.poll_output()? {
                Output::Event(event) => self.session.heed(event),
                Output::Transmit(datagram) => {
                    // A datagram that cannot be sent is lost, as on the network.
                    let _ = self.socket.send_to(&datagram.contents, datagram.destination);
                }
                Output::Timeout(_) if !self.rtc.is_alive() => return Ok(None),
                Output::Timeout(_) if self.session.is_closed() && !self.is_leaving => self.leave(),
                Output::Timeout(due) => self.wait(due)?,
            }
        }
    }

    /// Closes WebRTC, with a notification to the peer if it is connected.
    fn leave(&mut self) {
        self.is_leaving = true;
        if self.rtc.close().is_err() {
            self.rtc.disconnect();
        }
    }

    /// Waits for a datagram or the next deadline.
    fn wait(&mut self, due: Instant) -> Result<(), RtcError> {
        let due = self.session.connection.poll_timeout().map_or(due, |other| due.min(other));
        let wait = due.saturating_duration_since(Instant::now());
        if !wait.is_zero() {
            self.receive(wait)?;
        }
        let now = Instant::now();
        self.session.connection.handle_timeout(now);
        self.rtc.handle_input(Input::Timeout(now))
    }

    fn receive(&mut self, wait: Duration) -> Result<(), RtcError> {
        // A timeout below the clock's resolution could mean no timeout.
        self.socket.set_read_timeout(Some(wait.max(Duration::from_millis(1))))?;
        let mut datagram = [0; DATAGRAM_OCTETS];
        let (len, source) = match self.socket.recv_from(&mut datagram) {
            Ok(received) => received,
            Err(error) if passes(&error) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let datagram = datagram.get(..len).unwrap_or_default();
        // Ignores datagrams that are neither STUN nor DTLS.
        match Receive::new(Protocol::Udp, source, self.address, datagram) {
            Ok(datagram) => self.rtc.handle_input(Input::Receive(Instant::now(), datagram)),
            Err(_) => Ok(()),
        }
    }
}

/// Nothing arrived in time, or an earlier datagram was not delivered.
fn passes(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock
            | ErrorKind::TimedOut
            | ErrorKind::Interrupted
            | ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
    )
}
