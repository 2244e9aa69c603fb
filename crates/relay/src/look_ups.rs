//! Places for names that are looked up.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use tokio::sync::oneshot;

/// Places that go to whoever dials fewest hosts, and then in turn: names that no server answers
/// for hold up those who dial many of them.
#[derive(Debug)]
pub(crate) struct LookUps(RefCell<Queue>);

#[derive(Debug)]
struct Queue {
    free: usize,
    /// By how many hosts they dial, and when they came.
    waiting: BTreeMap<Turn, oneshot::Sender<Place>>,
    last: u64,
}

type Turn = (usize, u64);

impl LookUps {
    pub(crate) fn new(places: usize) -> Rc<Self> {
        Rc::new(Self(RefCell::new(Queue { free: places, waiting: BTreeMap::new(), last: 0 })))
    }

    /// Waits for a place, for one who dials so many hosts.
    pub(crate) async fn place(self: &Rc<Self>, dials: usize) -> Place {
        if let Some(place) = self.free_place() {
            return place;
        }
        let (sender, receiver) = oneshot::channel();
        let _waiting = Waiting { look_ups: self, turn: self.enqueue(dials, sender) };
        // The queue lives as long as whoever waits in it.
        receiver.await.unwrap_or_else(|_| Place(Rc::clone(self)))
    }

    fn free_place(self: &Rc<Self>) -> Option<Place> {
        let mut queue = self.0.borrow_mut();
        queue.free = queue.free.checked_sub(1)?;
        Some(Place(Rc::clone(self)))
    }

    fn enqueue(&self, dials: usize, sender: oneshot::Sender<Place>) -> Turn {
        let mut queue = self.0.borrow_mut();
        queue.last += 1;
        let turn = (dials, queue.last);
        queue.waiting.insert(turn, sender);
        turn
    }
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place(Rc<LookUps>);

impl Drop for Place {
    fn drop(&mut self) {
        let next = self.0.0.borrow_mut().waiting.pop_first();
        match next {
            Some((_, next)) => drop(next.send(Self(Rc::clone(&self.0)))),
            None => self.0.0.borrow_mut().free += 1,
        }
    }
}

/// Whoever waits leaves the queue at its end, whether it has a place or has given up.
struct Waiting<'a> {
    look_ups: &'a LookUps,
    turn: Turn,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.look_ups.0.borrow_mut().waiting.remove(&self.turn);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]

    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn poll(place: &mut Pin<Box<impl Future<Output = Place>>>) -> Option<Place> {
        match place.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(place) => Some(place),
            Poll::Pending => None,
        }
    }

    #[test]
    fn whoever_dials_fewest_hosts_goes_first() {
        let look_ups = LookUps::new(1);
        let mut taken = poll(&mut Box::pin(look_ups.place(64)));
        let mut waiting = [64, 64, 1].map(|dials| Box::pin(look_ups.place(dials)));
        assert!(waiting.iter_mut().all(|place| poll(place).is_none()));
        for next in [2, 0, 1] {
            drop(taken);
            taken = poll(&mut waiting[next]);
            assert!(taken.is_some(), "{next}");
        }
        drop(taken);
        assert_eq!(look_ups.0.borrow().free, 1);
    }

    #[test]
    fn whoever_gives_up_keeps_no_place() {
        let look_ups = LookUps::new(1);
        let taken = poll(&mut Box::pin(look_ups.place(1)));
        let mut waiting = [1, 1, 1].map(|dials| Box::pin(look_ups.place(dials)));
        assert!(waiting.iter_mut().all(|place| poll(place).is_none()));
        let [early, late, last] = waiting;
        drop(early);
        // It has a place when it gives up, and does not know it yet.
        drop(taken);
        drop(late);
        drop(last);
        let queue = look_ups.0.borrow();
        assert_eq!((queue.free, queue.waiting.len()), (1, 0));
    }
}
