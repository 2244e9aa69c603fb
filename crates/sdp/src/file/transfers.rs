//! Which offer starts a transfer, and which one repeats it (RFC 5547 sections 8.1 to
//! 8.4).

use std::collections::{HashMap, HashSet};

use msrp::{Random, RandomError};

use super::{FileSelector, FileTransferId};

/// What an answerer must remember of the file transfers of one call, whether it sends
/// the files or receives them.
///
/// The position of a media section in the session description, its media line,
/// identifies it. The file-transfer-id says which transfer an offer is about:
///
/// ```
/// use msrp_sdp::file::{AnsweredTransfers, FileSelector, FileTransferId, TransferOffer};
///
/// let mut transfers = AnsweredTransfers::new(100);
/// let (first, second): (FileTransferId, FileTransferId) = ("Q6LMoGym".parse()?, "Jdh0IKIg".parse()?);
/// let (file, other): (FileSelector, FileSelector) = ("size:4092".parse()?, "size:17".parse()?);
///
/// assert_eq!(transfers.offered(0, 7654, &first, &file), TransferOffer::New);
/// // The session is refreshed during the transfer.
/// assert_eq!(transfers.offered(0, 7654, &first, &file), TransferOffer::Running);
/// assert_eq!(
///     transfers.offered(0, 7654, &second, &file),
///     TransferOffer::Restart { running: first.clone() }
/// );
/// transfers.finished(&second);
/// assert_eq!(transfers.offered(0, 7654, &second, &file), TransferOffer::Finished);
/// assert_eq!(transfers.offered(0, 7654, &first, &file), TransferOffer::Finished);
/// assert_eq!(transfers.offered(0, 7654, &second, &other), TransferOffer::Misused { running: None });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A transfer that resumes another is a new one, with an id of its own.
#[derive(Clone, Debug)]
pub struct AnsweredTransfers {
    limit: usize,
    /// Every id that was ever offered in the call.
    seen: HashSet<FileTransferId>,
    /// The last transfer of each media line.
    lines: HashMap<usize, Transfer>,
}

#[derive(Clone, Debug)]
struct Transfer {
    id: FileTransferId,
    selector: FileSelector,
    is_running: bool,
}

/// What an offer asks for on one of its media lines.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransferOffer {
    /// A new transfer. Accept it, or answer port 0 and call
    /// [`AnsweredTransfers::finished`].
    New,
    /// Abort the transfer that is running on the media line; then as with
    /// [`New`](Self::New) (RFC 5547 section 8.1). In MSRP a sender aborts with `#`, a
    /// receiver with 413 (section 8.4).
    Restart {
        /// The transfer to abort.
        running: FileTransferId,
    },
    /// The transfer is running and continues. Do not ask the user again.
    Running,
    /// The transfer has ended earlier. Do not ask the user again.
    Finished,
    /// Port 0: the transfer is over. Abort it, if one is running.
    Closed {
        /// The transfer to abort.
        running: Option<FileTransferId>,
    },
    /// The id belongs to another file, or to another media line. Answer port 0, and
    /// abort the transfer, if one is running on this media line.
    Misused {
        /// The transfer to abort.
        running: Option<FileTransferId>,
    },
    /// The call has reached its limit of transfers. Answer port 0, and abort the
    /// transfer, if one is running on this media line.
    TooMany {
        /// The transfer to abort.
        running: Option<FileTransferId>,
    },
}

impl AnsweredTransfers {
    /// No transfers so far. The whole call has at most `limit` transfers, since each
    /// of their ids must be remembered.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, seen: HashSet::new(), lines: HashMap::new() }
    }

    /// Takes note of the file that an offer has on its media line number `line`, with
    /// the port of that line. In any case the answer repeats the id (section 8.1).
    pub fn offered(
        &mut self,
        line: usize,
        port: u16,
        id: &FileTransferId,
        selector: &FileSelector,
    ) -> TransferOffer {
        if port == 0 {
            return TransferOffer::Closed { running: self.end_line(line) };
        }
        if self.seen.contains(id) {
            return self.repeated(line, id, selector);
        }
        let running = self.end_line(line);
        if self.seen.len() >= self.limit {
            return TransferOffer::TooMany { running };
        }
        self.seen.insert(id.clone());
        let transfer = Transfer { id: id.clone(), selector: selector.clone(), is_running: true };
        self.lines.insert(line, transfer);
        running.map_or(TransferOffer::New, |running| TransferOffer::Restart { running })
    }

    /// Takes note of a transfer that this side has offered and the peer has accepted.
    /// A later offer of the peer then is about the same transfer.
    pub fn began(&mut self, line: usize, id: &FileTransferId, selector: &FileSelector) {
        if self.seen.len() >= self.limit && !self.seen.contains(id) {
            return;
        }
        self.seen.insert(id.clone());
        let transfer = Transfer { id: id.clone(), selector: selector.clone(), is_running: true };
        self.lines.insert(line, transfer);
    }

    fn repeated(
        &mut self,
        line: usize,
        id: &FileTransferId,
        selector: &FileSelector,
    ) -> TransferOffer {
        match self.lines.iter_mut().find(|(_, transfer)| transfer.id == *id) {
            // Another transfer has replaced it on its media line.
            None => TransferOffer::Finished,
            Some((at, transfer)) if *at == line && transfer.selector.can_be_same_file(selector) => {
                transfer.selector = transfer.selector.joined(selector);
                if transfer.is_running { TransferOffer::Running } else { TransferOffer::Finished }
            }
            Some(_) => TransferOffer::Misused { running: self.end_line(line) },
        }
    }

    /// Takes note that a transfer has ended: it is complete, refused or aborted.
    pub fn finished(&mut self, id: &FileTransferId) {
        for transfer in self.lines.values_mut().filter(|transfer| transfer.id == *id) {
            transfer.is_running = false;
        }
    }

    /// Ends the transfer that is running on a media line, and returns its id.
    fn end_line(&mut self, line: usize) -> Option<FileTransferId> {
        let transfer = self.lines.get_mut(&line).filter(|transfer| transfer.is_running)?;
        transfer.is_running = false;
        Some(transfer.id.clone())
    }
}

/// What an offerer must remember of the transfer on one of its media lines.
///
/// Its offers have the [`id`](Self::id) and the [`port`](Self::port): unchanged during
/// the transfer, port zero afterwards, and a new id for the next transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedTransfer {
    id: FileTransferId,
    is_over: bool,
}

impl OfferedTransfer {
    /// A new transfer with a fresh id.
    ///
    /// # Errors
    ///
    /// [`RandomError`] if the source fails.
    pub fn new(random: &mut impl Random) -> Result<Self, RandomError> {
        Ok(Self { id: FileTransferId::generate(random)?, is_over: false })
    }

    /// A transfer that the peer has offered, for this side's later offers about it.
    #[must_use]
    pub const fn of(id: FileTransferId) -> Self {
        Self { id, is_over: false }
    }

    /// The id of the transfer, for every offer about it.
    #[must_use]
    pub const fn id(&self) -> &FileTransferId {
        &self.id
    }

    /// Whether it has ended.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    /// The port for the media line of the next offer: `port` during the transfer, 0
    /// after its end (RFC 5547 sections 8.1 and 8.4).
    #[must_use]
    pub const fn port(&self, port: u16) -> u16 {
        if self.is_over { 0 } else { port }
    }

    /// Ends the transfer: it is complete, refused or aborted.
    pub const fn finish(&mut self) {
        self.is_over = true;
    }

    /// Starts a new transfer on the media line, with a fresh id: the same file from its
    /// start, what is missing of it (RFC 5547 section 8.1), or another file (section
    /// 8.6).
    ///
    /// During a transfer this aborts it and starts the same file again. Another file
    /// must wait or needs a media line of its own (section 8.7).
    ///
    /// # Errors
    ///
    /// [`RandomError`] if the source fails; the transfer stays as it was.
    pub fn again(&mut self, random: &mut impl Random) -> Result<(), RandomError> {
        *self = Self::new(random)?;
        Ok(())
    }
}
