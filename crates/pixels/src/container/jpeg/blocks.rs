//! Steps over blocks in Huffman codes (ITU-T T.81, F.2.2 and G.1.2).

use super::{
    bits::{Bits, Looked},
    kind::Stop,
};

/// Steps over a block of a sequential picture.
#[inline]
pub(super) fn sequential(
    bits: &mut Bits<'_>,
    dc: &Looked<'_>,
    ac: &Looked<'_>,
) -> Result<(), Stop> {
    let size = bits.symbol(dc)?;
    bits.take(u32::from(size & 15))?;
    let mut index = 1;
    while index < 64 {
        let symbol = bits.symbol(ac)?;
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        if size == 0 && run < 15 {
            break;
        }
        bits.take(size)?;
        index += run + 1;
    }
    Ok(())
}

/// A band of the coefficients of one block of a progressive picture.
pub(super) struct Band<'a, 'b> {
    pub(super) bits: &'a mut Bits<'b>,
    /// Blocks that have nothing more to come in this band.
    pub(super) run: &'a mut u32,
    /// Which coefficients are known not to be 0.
    pub(super) known: &'a mut u64,
    pub(super) first: u32,
    pub(super) last: u32,
}

impl Band<'_, '_> {
    /// The end of a band: the blocks it counts have nothing more to come.
    fn ends(&mut self, exponent: u32) -> Result<(), Stop> {
        *self.run = (1 << exponent) + self.bits.take(exponent)?;
        Ok(())
    }

    pub(super) fn first_ac(&mut self, ac: &Looked<'_>) -> Result<(), Stop> {
        let mut index = self.first;
        while *self.run == 0 && index <= self.last {
            let symbol = self.bits.symbol(ac)?;
            let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
            if size == 0 && run < 15 {
                self.ends(run)?;
                break;
            }
            self.bits.take(size)?;
            index += run;
            if size > 0 && index < 64 {
                *self.known |= 1 << index;
            }
            index += 1;
        }
        *self.run = self.run.saturating_sub(1);
        Ok(())
    }

    pub(super) fn more_ac(&mut self, ac: &Looked<'_>) -> Result<(), Stop> {
        let last = self.last;
        let mut index = self.first;
        while *self.run == 0 && index <= last {
            let symbol = self.bits.symbol(ac)?;
            let (mut zeros, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
            if size == 0 && zeros < 15 {
                self.ends(zeros)?;
                break;
            }
            if size > 0 {
                self.bits.take(1)?;
            }
            // Each coefficient that is known has a bit more; the others are counted.
            while index <= last {
                if *self.known >> index & 1 == 1 {
                    self.bits.take(1)?;
                } else if zeros == 0 {
                    break;
                } else {
                    zeros -= 1;
                }
                index += 1;
            }
            if size > 0 && index < 64 {
                *self.known |= 1 << index;
            }
            index += 1;
        }
        if *self.run > 0 {
            if index <= last {
                let band = *self.known >> index & (u64::MAX >> (63 - (last - index)));
                let mut left = band.count_ones();
                while left > 0 {
                    self.bits.take(left.min(16))?;
                    left -= left.min(16);
                }
            }
            *self.run -= 1;
        }
        Ok(())
    }
}
