//! One stream, followed from frame to frame.

use std::ops::Range;
use std::vec::Drain;

use bytes::{Buf, BytesMut};
use msrp::wire::{DecodeError, Decoder, Frame, Head, ParseError, ParseErrorKind};
use msrp::{ParseOptions, Tolerance};

use super::Fault;
use super::landmarks::{Landmarks, has_start, next_hope, start_in_head};
use super::record::{Arrival, Record};

/// Octets that a capture lacks.
#[derive(Debug)]
struct Gap;

/// A frame without its end-line.
#[derive(Debug)]
struct MissingEndLine;

/// The octets of one direction, as they come.
pub(super) struct Stream {
    /// Of the frame that is next or arriving, so that deviations are told of each frame.
    decoder: Decoder,
    /// Where in the stream that decoder started.
    before: u64,
    input: BytesMut,
    /// What the stream is in.
    open: Option<Record>,
    done: Vec<Record>,
    arrival: Option<Arrival>,
    /// Whether the start of the stream was not captured.
    is_midway: bool,
    pub(super) is_msrp: bool,
}

impl Stream {
    pub(super) fn new() -> Self {
        Self {
            decoder: Decoder::default(),
            before: 0,
            input: BytesMut::new(),
            open: None,
            done: Vec::new(),
            arrival: None,
            is_midway: false,
            is_msrp: false,
        }
    }

    /// A stream whose start was not captured.
    pub(super) fn midway() -> Self {
        Self { is_midway: true, ..Self::new() }
    }

    /// What has been found since the last call.
    pub(super) fn take(&mut self) -> Drain<'_, Record> {
        self.done.drain(..)
    }

    /// Says when the next octets have arrived. Those that came too early have waited for
    /// others.
    pub(super) fn arrives(&mut self, arrival: Arrival) {
        self.arrival =
            self.arrival.take().filter(|it| it.packet > arrival.packet).or(Some(arrival));
    }

    pub(super) fn push(&mut self, octets: &[u8]) {
        self.input.extend_from_slice(octets);
        self.read();
    }

    fn read(&mut self) {
        loop {
            let start = self.position();
            match self.decoder.decode(&mut self.input) {
                Ok(Some(frame)) => self.frame(frame),
                Ok(None) => break,
                Err(error) => self.lose(start, &error),
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.position() == 0 && self.input.is_empty()
    }

    fn frame(&mut self, frame: Frame) {
        match frame {
            Frame::Head(head) => self.head(head, None),
            Frame::BadHead(bad) => {
                let octets = self.place(bad.error());
                let fault = Fault::new(&bad.error().kind(), bad.error(), octets);
                self.head(bad.head().clone(), Some(fault));
            }
            Frame::Body(octets) => self.open.iter_mut().for_each(|open| open.push_body(&octets)),
            Frame::End(flag) => {
                if let Some(open) = &mut self.open {
                    open.end(flag);
                    open.tolerate(self.decoder.tolerated());
                }
                self.close(self.position());
                self.restart(self.position());
            }
            _ => {}
        }
    }

    /// A head has arrived. What could not be read before it ends there.
    fn head(&mut self, head: Head, fault: Option<Fault>) {
        let start = self.position() - head.octets().len() as u64;
        self.close(start);
        self.is_msrp = true;
        let tolerated = head.view().tolerated();
        let is_wrong = fault.is_some() || tolerated.contains(Tolerance::MalformedResponse);
        match start_in_head(head.octets()).filter(|_| is_wrong) {
            Some(at) => self.cut_head(head.octets(), start, at),
            None => self.open = Some(Record::of_head(head, start, fault)),
        }
    }

    /// A head has no end: another frame begins within what was taken for it.
    fn cut_head(&mut self, head: &[u8], start: u64, at: usize) {
        let end = start + at as u64;
        self.open = Some(Record::unread(start, Some(missing_end_line(end))));
        self.close(end);
        self.restart(end);
        self.input = [head.get(at..).unwrap_or_default(), &self.input].concat().as_slice().into();
    }

    /// Framing is lost.
    fn lose(&mut self, start: u64, error: &DecodeError) {
        self.recognize();
        let fault = match error {
            DecodeError::Head(error) => Fault::new(&error.kind(), error, self.place(error)),
            DecodeError::Truncated | DecodeError::Trailing | _ => {
                Fault::new(error, error, self.position()..self.position())
            }
        };
        let is_expected = self.is_midway && !self.is_msrp;
        self.open.get_or_insert_with(|| Record::unread(start, (!is_expected).then_some(fault)));
        self.decoder.resync();
        if is_endless(error) {
            self.pass_over_endless();
        }
    }

    /// Drops the octets in which no head can end, so that each is read a few times at most.
    fn pass_over_endless(&mut self) {
        let limit = ParseOptions::default().head_octets.min(self.input.len());
        let octets = self.input.get(..limit).map_or(0, next_hope);
        self.input.advance(octets);
        self.before += octets as u64;
    }

    /// A frame that begins here is one even if its head is not complete.
    fn recognize(&mut self) {
        self.is_msrp |= self.open.is_none() && self.input.starts_with(b"MSRP ");
    }

    /// Finds the frames behind one whose end-line is damaged or missing. Each of them was taken
    /// for a part of its body.
    fn resume_in_body(&mut self) {
        let position = self.position();
        let Some(open) = self.open.as_mut().filter(|open| open.head.is_some()) else { return };
        let before = position - open.body.len() as u64;
        let rest = [open.body.as_slice(), &self.input].concat();
        let landmarks = Landmarks::of(&rest);
        let mut starts = landmarks.frames();
        let Some(mut start) = starts.next() else { return };
        open.body.truncate(start);
        self.input.clear();
        self.break_off(before + start as u64);
        for next in starts {
            self.push(&rest[start..next]);
            let id = self.open.as_ref().and_then(Record::id);
            if id.is_some_and(|id| !landmarks.is_ended(id.as_bytes(), next)) {
                self.break_off(before + next as u64);
            }
            start = next;
        }
        self.push(&rest[start..]);
    }

    /// Ends the open frame before the next one, which begins here.
    fn break_off(&mut self, start: u64) {
        if let Some(open) = &mut self.open {
            open.push_body(&self.input);
            open.trim_line_end();
            open.fault.get_or_insert_with(|| missing_end_line(start));
        }
        self.input.clear();
        self.close(start);
        self.restart(start);
    }

    /// So many octets are missing.
    pub(super) fn skip(&mut self, octets: u64) {
        self.resume_in_body();
        self.recognize();
        let end = self.position() + self.input.len() as u64;
        let missing = end..end + octets;
        let fault = || Fault::of_text(&Gap, "octets are missing in the capture", missing.clone());
        match &mut self.open {
            Some(open) if open.head.is_some() => {
                open.fault.get_or_insert_with(fault);
                self.close(end);
            }
            Some(_) => {}
            None => self.open = Some(Record::unread(self.position(), Some(fault()))),
        }
        self.input.clear();
        self.restart(missing.end);
    }

    /// No more octets follow.
    pub(super) fn finish(&mut self) {
        self.resume_in_body();
        while self.is_cut_before_a_frame() {
            self.lose(self.position(), &DecodeError::Truncated);
            self.read();
        }
        self.recognize();
        let start = self.position();
        let end = start + self.input.len() as u64;
        let fault = self.decoder.finish(&self.input).err();
        let fault = fault.map(|error| Fault::new(&error, &error, end..end));
        let framing = self.decoder.tolerated();
        match &mut self.open {
            Some(open) if open.head.is_some() => {
                open.fault = open.fault.take().or(fault);
                open.tolerate(framing);
            }
            Some(_) => {}
            None => {
                let mut rest = Record::unread(self.before, fault);
                rest.tolerate(framing);
                self.open = Some(rest);
            }
        }
        self.close(end);
    }

    /// Whether the stream ends in a head in which another frame may begin.
    fn is_cut_before_a_frame(&self) -> bool {
        let is_in_head = self.open.as_ref().is_none_or(|open| open.head.is_none());
        is_in_head && self.input.starts_with(b"MSRP ") && has_start(&self.input)
    }

    /// Ends what the stream is in.
    fn close(&mut self, end: u64) {
        let Some(mut record) = self.open.take() else { return };
        record.octets.end = end;
        record.arrival = self.arrival;
        let is_told = record.head.is_some() || record.fault.is_some() || record.has_tolerated();
        self.done.extend(is_told.then_some(record));
    }

    fn restart(&mut self, position: u64) {
        self.before = position;
        self.decoder = Decoder::default();
    }

    fn position(&self) -> u64 {
        self.before + self.decoder.position()
    }

    fn place(&self, error: &ParseError) -> Range<u64> {
        let start = self.before + error.position();
        start..start + error.place().len() as u64
    }
}

/// The fault of a frame before which another begins here.
fn missing_end_line(start: u64) -> Fault {
    Fault::of_text(&MissingEndLine, "the end-line is damaged or missing", start..start)
}

/// Whether no blank line follows within the octets of a head.
const fn is_endless(error: &DecodeError) -> bool {
    matches!(error, DecodeError::Truncated)
        || matches!(error, DecodeError::Head(error) if matches!(error.kind(), ParseErrorKind::HeadTooLong { .. }))
}
