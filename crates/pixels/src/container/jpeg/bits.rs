//! The bits of a scan, read from the left, over the zeros that keep them apart from markers.

use super::{Code, kind::Stop};

/// Bits of a look for a code: what is longer takes a second step.
const LOOK_BITS: u32 = 9;

/// A code with a table: one look finds most symbols.
pub(super) struct Looked<'a> {
    code: &'a Code,
    looks: Vec<(u32, u8)>,
}

impl<'a> Looked<'a> {
    pub(super) fn new(code: &'a Code) -> Self {
        Self { code, looks: code.spread(LOOK_BITS) }
    }
}

/// Reads bits up to the next marker, or to the end of the file.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// Behind the last byte that is held.
    next: usize,
    /// The next bits, at the left end.
    held: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8], start: usize) -> Self {
        Self { bytes, next: start, held: 0, count: 0 }
    }

    /// Behind the last byte of which a bit was taken.
    pub(super) fn position(&self) -> usize {
        let mut at = self.next;
        for _ in 0..self.count / 8 {
            let is_escaped = self.bytes[at - 1] == 0 && self.bytes[..at - 1].ends_with(&[0xFF]);
            at -= if is_escaped { 2 } else { 1 };
        }
        at
    }

    /// Where the bits end: the marker, or the end of the file. Only known once they have run out.
    pub(super) fn end(&self) -> usize {
        self.next
    }

    /// Holds 48 bits or more afterwards, unless the bits end.
    #[inline]
    fn refill(&mut self) {
        if self.count > 48 {
            return;
        }
        if let Some(bytes) = self.bytes.get(self.next..self.next + 8) {
            let word = u64::from_be_bytes(bytes.try_into().expect("eight bytes"));
            if !holds_ff(word) {
                let taken = (64 - self.count) / 8;
                let kept =
                    if taken == 8 { word } else { word >> (64 - taken * 8) << (64 - taken * 8) };
                self.held |= kept >> self.count;
                self.next += taken as usize;
                self.count += taken * 8;
                return;
            }
        }
        self.refill_slowly();
    }

    #[inline(never)]
    fn refill_slowly(&mut self) {
        while self.count <= 56 {
            let Some(&byte) = self.bytes.get(self.next) else { return };
            if byte == 0xFF {
                match self.bytes.get(self.next + 1) {
                    Some(0) => self.next += 1,
                    _ => return,
                }
            }
            self.next += 1;
            self.held |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    /// Takes the next symbol.
    #[inline]
    pub(super) fn symbol(&mut self, looked: &Looked<'_>) -> Result<u8, Stop> {
        self.refill();
        let (mut length, mut symbol) = looked.looks[(self.held >> (64 - LOOK_BITS)) as usize];
        if length == 0 {
            let found = looked.code.find((self.held >> 48) as u32);
            (length, symbol) = match found {
                Some(found) => found,
                None if self.count < 16 => return Err(Stop::Cut),
                None => return Err(Stop::Broken),
            };
        }
        self.drop(length)?;
        Ok(symbol)
    }

    /// Takes up to 16 bits.
    #[inline]
    pub(super) fn take(&mut self, count: u32) -> Result<u32, Stop> {
        if count == 0 {
            return Ok(0);
        }
        self.refill();
        let bits = (self.held >> (64 - count)) as u32;
        self.drop(count)?;
        Ok(bits)
    }

    #[inline]
    fn drop(&mut self, count: u32) -> Result<(), Stop> {
        self.count = self.count.checked_sub(count).ok_or(Stop::Cut)?;
        self.held <<= count;
        Ok(())
    }
}

/// Whether one of the bytes is 0xFF.
fn holds_ff(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // Turned round it is a zero, which is what borrows from its own highest bit.
    (!word).wrapping_sub(ONES) & word & (ONES << 7) != 0
}
