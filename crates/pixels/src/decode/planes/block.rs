//! The coefficients of one block: few are kept, the others stepped over.

use super::bits::Bits;
use super::huffman::{Ac, Dc, END, LEAP_BITS, LOOK_BITS, Step, extend, run_and_size};
use crate::container::jpeg::Code;

/// Kept coefficients, row by row (horizontal frequency first), and one place for all others.
pub(super) type Block = [i32; 32];
const NOWHERE: u8 = 16;

/// No 8-bit picture comes near. So no product with a quantiser is too large for its type.
const DC_MAX: i32 = 1 << 15;

/// The column and the row of each index in zigzag order.
const ZIGZAG: [(u8, u8); 64] = zigzag();

const fn zigzag() -> [(u8, u8); 64] {
    let mut order = [(0, 0); 64];
    let (mut column, mut row, mut index) = (0_u8, 0_u8, 0);
    while index < 64 {
        order[index] = (column, row);
        // Even diagonals go up, odd ones down; at an edge the path turns.
        if (column + row) % 2 == 0 {
            if column == 7 {
                row += 1;
            } else {
                column += 1;
                row = row.saturating_sub(1);
            }
        } else if row == 7 {
            column += 1;
        } else {
            row += 1;
            column = column.saturating_sub(1);
        }
        index += 1;
    }
    order
}

/// What becomes of the coefficient with an index.
#[derive(Clone, Copy)]
struct Slot {
    quantiser: i32,
    place: u8,
}

/// The blocks of one component, for a transform of `N` points.
pub(super) struct Blocks<const N: usize> {
    dc: Dc,
    ac: Ac,
    /// By index in zigzag order, and beyond: whatever a file says is the index of a slot.
    slots: [Slot; 256],
    /// The DC coefficient of the block before, not dequantised.
    predicted: i32,
}

impl<const N: usize> Blocks<N> {
    /// Indices from here on are of frequencies that are not looked at.
    const KEPT: usize = match N {
        4 => 25,
        2 => 5,
        _ => 1,
    };

    /// Nothing when the codes are none of an 8-bit picture.
    pub(super) fn new(dc: &Code, ac: &Code, quantisers: &[u16; 64]) -> Option<Self> {
        let mut slots = [Slot { quantiser: 0, place: NOWHERE }; 256];
        for ((slot, quantiser), (column, row)) in slots.iter_mut().zip(quantisers).zip(ZIGZAG) {
            if usize::from(column.max(row)) < N {
                let place = row * N as u8 + column;
                *slot = Slot { quantiser: i32::from(*quantiser), place };
            }
        }
        Some(Self { dc: Dc::new(dc)?, ac: Ac::new(ac), slots, predicted: 0 })
    }

    /// Forgets the block before, as a restart marker demands.
    pub(super) fn restart(&mut self) {
        self.predicted = 0;
    }

    /// Reads a block whose place is all zeros; says whether it has more than a DC coefficient.
    #[inline]
    pub(super) fn read(&mut self, bits: &mut Bits<'_>, block: &mut Block) -> Option<bool> {
        bits.refill();
        let (length, size) = self.dc.find(bits.peek(16) as u32)?;
        bits.drop(length);
        let difference = value(bits, size);
        self.predicted += difference;
        if self.predicted.abs() >= DC_MAX {
            return None;
        }
        block[0] = self.predicted * self.slots[0].quantiser;

        let mut index = 1;
        while index < Self::KEPT {
            let step = self.step(bits)?;
            for (offset, value) in step.offsets().into_iter().zip(step.values()) {
                let slot = self.slots[(index + offset) & 255];
                block[usize::from(slot.place & 31)] = value * slot.quantiser;
            }
            index += step.advance();
        }
        let is_flat = index == 2 + usize::from(END);
        if index < usize::from(END) {
            self.skip(bits, index)?;
        }
        Some(!is_flat)
    }

    /// Steps over the rest of a block.
    #[inline]
    fn skip(&self, bits: &mut Bits<'_>, mut index: usize) -> Option<()> {
        while index < 64 {
            bits.refill();
            let leap = self.ac.leaps[bits.peek(LEAP_BITS)];
            let after = index + usize::from(leap.advance);
            // A leap to the end of the block may have gone on into the next one.
            if leap.bits > 0 && after < 64 {
                bits.drop(u32::from(leap.bits));
                if leap.ends {
                    return Some(());
                }
                index = after;
            } else {
                let step = self.long_step(bits)?;
                if step.advance() > usize::from(END) {
                    return Some(());
                }
                index += step.advance();
            }
        }
        (index == 64).then_some(())
    }

    #[inline]
    fn step(&self, bits: &mut Bits<'_>) -> Option<Step> {
        bits.refill();
        let step = self.ac.steps[bits.peek(LOOK_BITS)];
        if step.bits() == 0 {
            return self.long_step(bits);
        }
        bits.drop(step.bits());
        Some(step)
    }

    /// A code with its value that is longer than a look; there are 56 bits.
    #[inline(never)]
    fn long_step(&self, bits: &mut Bits<'_>) -> Option<Step> {
        let (length, symbol) = self.ac.code.find(bits.peek(16) as u32)?;
        bits.drop(length);
        let (run, size) = run_and_size(symbol);
        Some(Step::one(run, value(bits, size), 0))
    }
}

/// Takes the value of a coefficient; one without bits is 0.
#[inline]
fn value(bits: &mut Bits<'_>, size: u32) -> i32 {
    if size == 0 {
        return 0;
    }
    let value = extend(bits.peek(size) as u32, size);
    bits.drop(size);
    value
}

#[cfg(test)]
mod tests {
    use super::{Blocks, ZIGZAG};

    #[test]
    fn the_path_is_the_one_of_the_standard() {
        let begins = [(0, 0), (1, 0), (0, 1), (0, 2), (1, 1), (2, 0), (3, 0), (2, 1)];
        assert_eq!(ZIGZAG[..8], begins);
        assert_eq!(ZIGZAG[62..], [(6, 7), (7, 7)]);
    }

    #[test]
    fn every_wanted_frequency_comes_before_the_first_that_is_skipped() {
        fn last<const N: usize>() -> usize {
            let is_wanted = |(column, row): &(u8, u8)| usize::from(*column.max(row)) < N;
            assert_eq!(ZIGZAG.iter().rposition(is_wanted), Some(Blocks::<N>::KEPT - 1));
            ZIGZAG.iter().filter(|place| is_wanted(place)).count()
        }
        assert_eq!([last::<1>(), last::<2>(), last::<4>()], [1, 4, 16]);
    }
}
