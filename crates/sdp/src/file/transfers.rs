//! Which offer begins a transfer, and which only repeats one (RFC 5547 sections
//! 8.1 to 8.4).

use std::collections::{HashMap, HashSet};

use super::{FileSelector, FileTransferId};
use msrp::{Random, RandomError};

/// What an answerer has to remember of the transfers of one session, be it the
/// sender of the files or the receiver.
///
/// Each media section for a file is told by its place in the session description,
/// its media line. An offer says which transfer it speaks of:
///
/// ```
/// use msrp_sdp::{AnsweredTransfers, FileSelector, FileTransferId, TransferOffer};
///
/// let mut transfers = AnsweredTransfers::new(100);
/// let (first, second): (FileTransferId, FileTransferId) = ("Q6LMoGym".parse()?, "Jdh0IKIg".parse()?);
/// let (file, other): (FileSelector, FileSelector) = ("size:4092".parse()?, "size:17".parse()?);
///
/// assert_eq!(transfers.offered(0, 7654, &first, &file), TransferOffer::New);
/// // The session is refreshed while the file is on its way.
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
    /// Every id that was ever offered in the session.
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

/// What an offer wants with one of its media lines.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransferOffer {
    /// A transfer begins, if it is accepted. If it is not, answer port 0 and say so
    /// by [`AnsweredTransfers::finished`].
    New,
    /// Abort the transfer that is running on the media line, and begin this one if
    /// it is accepted (RFC 5547 section 8.1). In MSRP a sender aborts with `#`, a
    /// receiver with 413 (section 8.4).
    Restart {
        /// The transfer to be aborted.
        running: FileTransferId,
    },
    /// The transfer goes on as it is. Nobody is asked, and nothing begins.
    Running,
    /// The transfer has ended before. Nobody is asked, and nothing begins.
    Finished,
    /// Port 0: the transfer is over. Abort it, if one is running.
    Closed {
        /// The transfer to be aborted.
        running: Option<FileTransferId>,
    },
    /// The id stands for another file, or for a file of another media line. Answer
    /// port 0, and abort the transfer, if one is running on this media line.
    Misused {
        /// The transfer to be aborted.
        running: Option<FileTransferId>,
    },
    /// There were as many transfers in this session as may be. Answer port 0, and
    /// abort the transfer, if one is running on this media line.
    TooMany {
        /// The transfer to be aborted.
        running: Option<FileTransferId>,
    },
}

impl AnsweredTransfers {
    /// None so far. At most `limit` transfers are taken in the whole session, since
    /// each of their ids has to be remembered.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, seen: HashSet::new(), lines: HashMap::new() }
    }

    /// An offer has a file on its media line number `line`. `port` is that of the
    /// media line. Whatever comes out, the answer repeats the id (section 8.1).
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

    /// This side has offered a transfer on a media line of its own, and the peer has
    /// taken it. Either side may offer again: when the peer does, it is the same
    /// transfer.
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
            // What it stood for was replaced on its media line, and is not kept.
            None => TransferOffer::Finished,
            Some((at, transfer)) if *at == line && transfer.selector.can_be_same_file(selector) => {
                transfer.selector = transfer.selector.joined(selector);
                if transfer.is_running { TransferOffer::Running } else { TransferOffer::Finished }
            }
            Some(_) => TransferOffer::Misused { running: self.end_line(line) },
        }
    }

    /// A transfer has ended: the file is there, or it was refused or aborted.
    pub fn finished(&mut self, id: &FileTransferId) {
        for transfer in self.lines.values_mut().filter(|transfer| transfer.id == *id) {
            transfer.is_running = false;
        }
    }

    /// Ends what runs on a media line, and says what that was.
    fn end_line(&mut self, line: usize) -> Option<FileTransferId> {
        let transfer = self.lines.get_mut(&line).filter(|transfer| transfer.is_running)?;
        transfer.is_running = false;
        Some(transfer.id.clone())
    }
}

/// What an offerer has to remember of the transfer on one of its media lines.
///
/// Its offers carry [`id`](Self::id) and the port of [`port`](Self::port):
/// unchanged while the file is on its way, zero afterwards, and a new id for
/// whatever shall be transferred next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedTransfer {
    id: FileTransferId,
    is_over: bool,
}

impl OfferedTransfer {
    /// A transfer that begins, under a fresh id.
    ///
    /// # Errors
    ///
    /// [`RandomError`] if the source fails.
    pub fn new(random: &mut impl Random) -> Result<Self, RandomError> {
        Ok(Self { id: FileTransferId::generate(random)?, is_over: false })
    }

    /// A transfer that the peer has offered, for offers of this side about it.
    #[must_use]
    pub const fn of(id: FileTransferId) -> Self {
        Self { id, is_over: false }
    }

    /// The id of the transfer, for every offer that speaks of it.
    #[must_use]
    pub const fn id(&self) -> &FileTransferId {
        &self.id
    }

    /// Whether it has ended.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    /// The port for the media line of the next offer: `port` while the transfer is
    /// running, 0 when it has ended (RFC 5547 sections 8.1 and 8.4).
    #[must_use]
    pub const fn port(&self, port: u16) -> u16 {
        if self.is_over { 0 } else { port }
    }

    /// The transfer has ended: the file is there, or it was refused or aborted.
    pub const fn finish(&mut self) {
        self.is_over = true;
    }

    /// The media line begins anew, under a fresh id: the same file once more from
    /// its start, what is missing of it (RFC 5547 section 8.1), or another file
    /// (section 8.6).
    ///
    /// While a transfer is running, this aborts it and starts the same file again;
    /// another file has to wait, or needs a media line of its own (section 8.7).
    ///
    /// # Errors
    ///
    /// [`RandomError`] if the source fails; the transfer stays as it was.
    pub fn again(&mut self, random: &mut impl Random) -> Result<(), RandomError> {
        *self = Self::new(random)?;
        Ok(())
    }
}
