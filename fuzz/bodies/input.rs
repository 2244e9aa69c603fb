//! Numbers and octets off the front of the fuzzer's input.

/// What is left of the input. Past its end there are zeros without end, so
/// that every prefix of an input is one too.
pub(crate) struct Input<'a>(pub(crate) &'a [u8]);

impl<'a> Input<'a> {
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn octet(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or_default()
    }

    /// A number of two octets, the more significant one first.
    pub(crate) fn short(&mut self) -> u16 {
        u16::from_be_bytes([self.octet(), self.octet()])
    }

    pub(crate) fn long(&mut self) -> u64 {
        (0..8).fold(0, |number, _| number << 8 | u64::from(self.octet()))
    }

    /// An index below `bound`, which is not zero.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::from(self.octet()) % bound
    }

    pub(crate) fn bool(&mut self) -> bool {
        self.octet() % 2 == 1
    }

    pub(crate) fn take(&mut self, octets: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(octets.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// As many octets as the next one says.
    pub(crate) fn string(&mut self) -> &'a [u8] {
        let octets = self.octet();
        self.take(usize::from(octets))
    }

    /// The text of [`Input::string`], as far as it is UTF-8.
    pub(crate) fn text(&mut self) -> &'a str {
        let octets = self.string();
        match std::str::from_utf8(octets) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&octets[..error.valid_up_to()]).unwrap(),
        }
    }
}
