//! Huffman codes as tables: one look finds a code, its value, or several codes to step over.

use crate::container::jpeg::Code;

/// Bits of a look for a coefficient: what is longer takes a second step.
pub(super) const LOOK_BITS: u32 = 11;
/// Bits of a look for a DC coefficient's size.
const SIZE_BITS: u32 = 9;
/// Bits of a look for codes to step over.
pub(super) const LEAP_BITS: u32 = 12;
/// The run of a code that ends its block: further than any index inside.
pub(super) const END: u8 = 100;

/// The number that `bits` stand for when there are `size` of them (T.81, table F.1).
pub(super) fn extend(bits: u32, size: u32) -> i32 {
    let bits = bits as i32;
    if size > 0 && bits >> (size - 1) == 0 { bits - (1 << size) + 1 } else { bits }
}

/// The code of DC coefficients: the sizes of the differences between them.
pub(super) struct Dc {
    code: Code,
    looks: Vec<(u32, u8)>,
}

impl Dc {
    /// Nothing when it has a size that no 8-bit picture has.
    pub(super) fn new(code: &Code) -> Option<Self> {
        let is_sound = code.symbols.iter().all(|size| *size <= 11);
        is_sound.then(|| Self { code: code.clone(), looks: code.spread(SIZE_BITS) })
    }

    /// The length of the code at the left end of 16 bits, and the size it stands for.
    #[inline]
    pub(super) fn find(&self, bits: u32) -> Option<(u32, u32)> {
        let (length, size) = match self.looks[bits as usize >> (16 - SIZE_BITS)] {
            (0, _) => self.code.find(bits)?,
            found => found,
        };
        Some((length, u32::from(size)))
    }
}

/// One or two codes of coefficients, in one word: a look is a single load, and often enough for two.
#[derive(Clone, Copy, Default)]
pub(super) struct Step(u64);

impl Step {
    /// A single code: zeros and then a value, or [`END`].
    pub(super) fn one(run: u8, value: i32, bits: u32) -> Self {
        Self::pack([run, END], [value, 0], run + 1, bits)
    }

    /// The same with a second code behind it.
    fn and(self, run: u8, value: i32, bits: u32) -> Self {
        let first = self.offsets()[0] as u8;
        let second = first + 1 + run;
        let values = [self.values()[0], value];
        Self::pack([first, second], values, second + 1, self.bits() + bits)
    }

    fn pack(offsets: [u8; 2], values: [i32; 2], advance: u8, bits: u32) -> Self {
        let values = values.map(|value| u64::from((value as i16).cast_unsigned()));
        let [first, second] = offsets.map(u64::from);
        let low = u64::from(bits) | u64::from(advance) << 8 | first << 16 | second << 24;
        Self(low | values[0] << 32 | values[1] << 48)
    }

    /// Of the codes and the values; 0 when already the first is longer than a look.
    pub(super) fn bits(self) -> u32 {
        (self.0 & 0xFF) as u32
    }

    /// Coefficients that the codes stand for, or more than there are at the end of a block.
    pub(super) fn advance(self) -> usize {
        (self.0 >> 8 & 0xFF) as usize
    }

    /// How far the two values are from here; out of every block where there is none.
    pub(super) fn offsets(self) -> [usize; 2] {
        [(self.0 >> 16 & 0xFF) as usize, (self.0 >> 24 & 0xFF) as usize]
    }

    pub(super) fn values(self) -> [i32; 2] {
        let high = self.0.cast_signed() >> 32;
        [i32::from(high as i16), (high >> 16) as i32]
    }
}

/// Codes that can be stepped over together.
#[derive(Clone, Copy, Default)]
pub(super) struct Leap {
    /// Of all codes and values; 0 when the first is longer than a look.
    pub(super) bits: u8,
    /// Coefficients that they stand for.
    pub(super) advance: u8,
    /// Whether the last one ends the block.
    pub(super) ends: bool,
}

/// The code of AC coefficients.
pub(super) struct Ac {
    pub(super) code: Code,
    pub(super) steps: Box<[Step; 1 << LOOK_BITS]>,
    pub(super) leaps: Box<[Leap; 1 << LEAP_BITS]>,
}

/// Run and size of a symbol.
pub(super) fn run_and_size(symbol: u8) -> (u8, u32) {
    match (symbol >> 4, symbol & 15) {
        (15, 0) => (15, 0),
        (_, 0) => (END, 0),
        (run, size) => (run, u32::from(size)),
    }
}

impl Ac {
    pub(super) fn new(code: &Code) -> Self {
        let spread = code.spread(LEAP_BITS);
        let code_at = |look: usize, used: u32| {
            let left = look << (LEAP_BITS - LOOK_BITS) << used & ((1 << LEAP_BITS) - 1);
            let (length, symbol) = spread[left];
            let (run, size) = run_and_size(symbol);
            let after = used + length + size;
            let bits = (look >> LOOK_BITS.saturating_sub(after)) as u32 & ((1 << size) - 1);
            (length > 0 && after <= LOOK_BITS).then(|| (run, extend(bits, size), length + size))
        };
        let step = |look: usize| {
            let Some((run, value, bits)) = code_at(look, 0) else { return Step::default() };
            let one = Step::one(run, value, bits);
            match code_at(look, bits).filter(|_| run != END) {
                Some((run, value, bits)) => one.and(run, value, bits),
                None => one,
            }
        };
        let leap = |look: usize| {
            let mut leap = Leap::default();
            loop {
                let used = u32::from(leap.bits);
                let (length, symbol) = spread[look << used & ((1 << LEAP_BITS) - 1)];
                let (run, size) = run_and_size(symbol);
                // What the shift brought in from the right are no bits of the file.
                if length == 0 || used + length + size > LEAP_BITS {
                    return leap;
                }
                leap.bits += (length + size) as u8;
                if run == END {
                    return Leap { ends: true, ..leap };
                }
                leap.advance += run + 1;
                if leap.advance >= 64 {
                    return leap;
                }
            }
        };
        Self { code: code.clone(), steps: table(step).into(), leaps: table(leap).into() }
    }
}

fn table<T: Copy + Default, const N: usize>(entry: impl Fn(usize) -> T) -> [T; N] {
    let mut table = [T::default(); N];
    for (look, slot) in table.iter_mut().enumerate() {
        *slot = entry(look);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::{Ac, Code, END, LOOK_BITS};

    /// Codes 0, 10, 110 for: end of block; run 0 of size 1; run 2 of size 2.
    fn small() -> Code {
        Code::new([1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[0x00, 0x01, 0x22])
            .expect("a code")
    }

    #[test]
    fn a_look_finds_run_and_value() {
        let ac = Ac::new(&small());
        let look = |bits: usize, count: u32| ac.steps[bits << (LOOK_BITS - count)];
        let end = look(0b0, 1);
        assert_eq!((end.offsets()[0], end.bits()), (usize::from(END), 1));
        // -1, and no code behind it.
        let one = look(0b10_0111, 6);
        assert_eq!((one.offsets(), one.values(), one.advance()), ([0, 100], [-1, 0], 1));
        // Two zeros and 3, then 1.
        let two = look(0b11_0111_0111, 10);
        assert_eq!((two.offsets(), two.values(), two.advance()), ([2, 3], [3, 1], 4));
        assert_eq!(two.bits(), 8);
        // 1, then the end.
        let last = look(0b1010, 4);
        assert_eq!((last.offsets(), last.values()[0], last.bits()), ([0, 101], 1, 4));
        assert_eq!(look(0b111, 3).bits(), 0, "no code begins so");
    }

    #[test]
    fn a_leap_goes_over_whole_codes_only() {
        let ac = Ac::new(&small());
        // 101 (1), 11000 (two zeros and a 2-bit value), 0 (the end), and three more bits.
        let leap = ac.leaps[0b1011_1000_0111];
        assert_eq!((leap.bits, leap.advance, leap.ends), (9, 4, true));
        // Four times 101: the twelve bits are full.
        let leap = ac.leaps[0b1011_0110_1101];
        assert_eq!((leap.bits, leap.advance, leap.ends), (12, 4, false));
        // 11011 twice, and two bits that begin a third code.
        let leap = ac.leaps[0b1101_1110_1111];
        assert_eq!((leap.bits, leap.advance, leap.ends), (10, 6, false));
    }

    #[test]
    fn lengths_without_room_are_no_code() {
        let mut counts = [0; 16];
        counts[0] = 2;
        assert!(Code::new(counts, &[1, 2]).is_none());
    }
}
