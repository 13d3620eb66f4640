//! Huffman codes, as they are stored in a file (ITU-T T.81, annex C).

/// A canonical code.
#[derive(Clone)]
pub(crate) struct Code {
    /// By length, 1 to 16: the code after the last one, moved to the left end of 16 bits.
    limits: [u32; 17],
    /// By length: what to add to a code for its place among the symbols.
    offsets: [i32; 17],
    pub(crate) symbols: Vec<u8>,
}

impl Code {
    /// Nothing when there are more codes than the lengths have room for, or than there are symbols.
    pub(crate) fn new(counts: [u8; 16], symbols: &[u8]) -> Option<Self> {
        if symbols.len() > 256 {
            return None;
        }
        let (mut limits, mut offsets) = ([0; 17], [0; 17]);
        let (mut code, mut place) = (0_u32, 0_i32);
        for (length, count) in (1..).zip(counts) {
            code <<= 1;
            offsets[length] = place - code as i32;
            code += u32::from(count);
            place += i32::from(count);
            // The code of ones alone is no code.
            if count > 0 && code >= 1 << length {
                return None;
            }
            limits[length] = code << (16 - length);
        }
        Some(Self { limits, offsets, symbols: symbols.to_vec() })
    }

    /// The length and the symbol of the code at the left end of 16 bits.
    pub(crate) fn find(&self, bits: u32) -> Option<(u32, u8)> {
        let length = (1..=16).find(|length| bits < self.limits[*length])?;
        let place = (bits >> (16 - length)) as i32 + self.offsets[length];
        Some((length as u32, *self.symbols.get(place as usize)?))
    }

    /// [`find`](Self::find) for all that may come next in so many bits; length 0 is none.
    pub(crate) fn spread(&self, width: u32) -> Vec<(u32, u8)> {
        let mut all = vec![(0, 0); 1 << width];
        let mut at = 0;
        while at < all.len() {
            let found = self.find((at as u32) << (16 - width));
            let Some((length, symbol)) = found.filter(|(length, _)| *length <= width) else {
                at += 1;
                continue;
            };
            let end = at + (1 << (width - length));
            all[at..end].fill((length, symbol));
            at = end;
        }
        all
    }
}

/// The codes as they stand; a later one of the same number takes its place.
#[derive(Default)]
pub(crate) struct Codes {
    pub(crate) dc: [Option<Code>; 4],
    pub(crate) ac: [Option<Code>; 4],
}

impl Codes {
    /// Reads the content of a segment of codes.
    pub(crate) fn read(&mut self, mut segment: &[u8]) -> Option<()> {
        while let Some((&kind, rest)) = segment.split_first() {
            let (counts, rest) = rest.split_first_chunk::<16>()?;
            let symbols = counts.iter().map(|count| usize::from(*count)).sum();
            let (symbols, rest) = rest.split_at_checked(symbols)?;
            let tables = match kind >> 4 {
                0 => &mut self.dc,
                1 => &mut self.ac,
                _ => return None,
            };
            *tables.get_mut(usize::from(kind & 15))? = Some(Code::new(*counts, symbols)?);
            segment = rest;
        }
        Some(())
    }
}
