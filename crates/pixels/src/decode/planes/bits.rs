//! The bits of a scan, freed from what keeps them apart from markers.

/// The entropy-coded bytes of a scan without stuffing and without restart markers.
pub(super) struct Entropy {
    bytes: Vec<u8>,
    /// Where each restart interval ends; the last one ends the scan.
    pub(super) ends: Vec<usize>,
}

impl Entropy {
    /// Nothing when the scan is followed by anything but the end of the file's picture.
    pub(super) fn unstuffed(scan: &[u8]) -> Option<Self> {
        let (mut bytes, mut ends) = (Vec::with_capacity(scan.len()), Vec::new());
        let mut rest = scan;
        loop {
            let at = memchr::memchr(0xFF, rest)?;
            let marker = *rest.get(at + 1)?;
            // An escaped 0xFF is a byte of the scan.
            bytes.extend_from_slice(&rest[..at + usize::from(marker == 0)]);
            rest = &rest[at + 2..];
            match marker {
                0 => {}
                0xD0..=0xD7 if usize::from(marker & 7) == ends.len() % 8 => ends.push(bytes.len()),
                0xD9 => {
                    ends.push(bytes.len());
                    return Some(Self { bytes, ends });
                }
                _ => return None,
            }
        }
    }
}

/// Reads bits from the left. After the last byte come zeros; [`is_at`](Self::is_at) tells.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    next: usize,
    /// The next bits, at the left end.
    held: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(entropy: &'a Entropy) -> Self {
        Self { bytes: &entropy.bytes, next: 0, held: 0, count: 0 }
    }

    /// Goes on at a byte.
    pub(super) fn seek(&mut self, position: usize) {
        *self = Self { bytes: self.bytes, next: position, held: 0, count: 0 };
    }

    /// Whether what was taken ends within the last byte before `position`, or with it.
    pub(super) fn is_at(&self, position: usize) -> bool {
        (self.next * 8 - self.count as usize).div_ceil(8) == position
    }

    /// Holds 56 bits or more afterwards.
    #[inline]
    pub(super) fn refill(&mut self) {
        let word = match self.bytes.get(self.next..self.next + 8) {
            Some(bytes) => u64::from_be_bytes(bytes.try_into().expect("eight bytes")),
            None => self.last_word(),
        };
        self.held |= word >> self.count;
        self.next += (63 - self.count as usize) >> 3;
        self.count |= 0x38;
    }

    #[cold]
    fn last_word(&self) -> u64 {
        let left = self.bytes.get(self.next..).unwrap_or_default();
        let bytes = left.iter().chain(std::iter::repeat(&0)).take(8);
        bytes.fold(0, |word, byte| word << 8 | u64::from(*byte))
    }

    /// The next bits, 1 to 32 of them, which stay.
    #[inline]
    pub(super) fn peek(&self, count: u32) -> usize {
        (self.held >> (64 - count)) as usize
    }

    /// Lets so many bits go, at most 31 between two refills of a caller that peeks 16.
    #[inline]
    pub(super) fn drop(&mut self, count: u32) {
        self.held <<= count;
        self.count -= count;
    }
}
