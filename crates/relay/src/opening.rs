//! A connection that is being established.

use std::task::{Context, Poll, Waker};

use tokio::task::AbortHandle;

/// The task that establishes it, and its turns: a handshake with a stranger costs more than
/// anything else that strangers may ask for.
#[derive(Debug, Default)]
pub(crate) struct Opening {
    /// `None` until it has begun.
    task: Option<AbortHandle>,
    turn: Turn,
}

#[derive(Debug, Default)]
enum Turn {
    /// It has had its last one.
    Over,
    /// This is woken when it comes.
    Awaited(Waker),
    /// The first one comes with the connection: these are accepted one at a time.
    #[default]
    Come,
}

impl Opening {
    /// The task has begun.
    pub(crate) fn begins(&mut self, task: AbortHandle) {
        self.task = Some(task);
    }

    /// The connection is given up.
    pub(crate) fn abort(self) {
        if let Some(task) = self.task {
            task.abort();
        }
    }

    /// Ready once for each turn. Asks for one with `queue` if it has had the last.
    pub(crate) fn poll_turn(&mut self, cx: &Context<'_>, queue: impl FnOnce()) -> Poll<()> {
        match &mut self.turn {
            Turn::Come => {
                self.turn = Turn::Over;
                return Poll::Ready(());
            }
            Turn::Awaited(waker) => waker.clone_from(cx.waker()),
            Turn::Over => {
                self.turn = Turn::Awaited(cx.waker().clone());
                queue();
            }
        }
        Poll::Pending
    }

    /// Its turn has come.
    pub(crate) fn take_turn(&mut self) {
        if let Turn::Awaited(waker) = std::mem::replace(&mut self.turn, Turn::Come) {
            waker.wake();
        }
    }
}
