//! Steps over pixels in arithmetic coding (ITU-T T.81, annex D and F.1.4, F.2.4, G.2.3).

use super::{
    kind::{Kind, Stop},
    planes::Plane,
};

/// By state: the width of the less probable symbol's interval, the state after it, the state
/// after the more probable one, and whether the two change places (table D.3).
#[rustfmt::skip]
const STATES: [(u16, u8, u8, u8); 113] = [
    (0x5A1D, 1, 1, 1), (0x2586, 14, 2, 0), (0x1114, 16, 3, 0), (0x080B, 18, 4, 0),
    (0x03D8, 20, 5, 0), (0x01DA, 23, 6, 0), (0x00E5, 25, 7, 0), (0x006F, 28, 8, 0),
    (0x0036, 30, 9, 0), (0x001A, 33, 10, 0), (0x000D, 35, 11, 0), (0x0006, 9, 12, 0),
    (0x0003, 10, 13, 0), (0x0001, 12, 13, 0), (0x5A7F, 15, 15, 1), (0x3F25, 36, 16, 0),
    (0x2CF2, 38, 17, 0), (0x207C, 39, 18, 0), (0x17B9, 40, 19, 0), (0x1182, 42, 20, 0),
    (0x0CEF, 43, 21, 0), (0x09A1, 45, 22, 0), (0x072F, 46, 23, 0), (0x055C, 48, 24, 0),
    (0x0406, 49, 25, 0), (0x0303, 51, 26, 0), (0x0240, 52, 27, 0), (0x01B1, 54, 28, 0),
    (0x0144, 56, 29, 0), (0x00F5, 57, 30, 0), (0x00B7, 59, 31, 0), (0x008A, 60, 32, 0),
    (0x0068, 62, 33, 0), (0x004E, 63, 34, 0), (0x003B, 32, 35, 0), (0x002C, 33, 9, 0),
    (0x5AE1, 37, 37, 1), (0x484C, 64, 38, 0), (0x3A0D, 65, 39, 0), (0x2EF1, 67, 40, 0),
    (0x261F, 68, 41, 0), (0x1F33, 69, 42, 0), (0x19A8, 70, 43, 0), (0x1518, 72, 44, 0),
    (0x1177, 73, 45, 0), (0x0E74, 74, 46, 0), (0x0BFB, 75, 47, 0), (0x09F8, 77, 48, 0),
    (0x0861, 78, 49, 0), (0x0706, 79, 50, 0), (0x05CD, 48, 51, 0), (0x04DE, 50, 52, 0),
    (0x040F, 50, 53, 0), (0x0363, 51, 54, 0), (0x02D4, 52, 55, 0), (0x025C, 53, 56, 0),
    (0x01F8, 54, 57, 0), (0x01A4, 55, 58, 0), (0x0160, 56, 59, 0), (0x0125, 57, 60, 0),
    (0x00F6, 58, 61, 0), (0x00CB, 59, 62, 0), (0x00AB, 61, 63, 0), (0x008F, 61, 32, 0),
    (0x5B12, 65, 65, 1), (0x4D04, 80, 66, 0), (0x412C, 81, 67, 0), (0x37D8, 82, 68, 0),
    (0x2FE8, 83, 69, 0), (0x293C, 84, 70, 0), (0x2379, 86, 71, 0), (0x1EDF, 87, 72, 0),
    (0x1AA9, 87, 73, 0), (0x174E, 72, 74, 0), (0x1424, 72, 75, 0), (0x119C, 74, 76, 0),
    (0x0F6B, 74, 77, 0), (0x0D51, 75, 78, 0), (0x0BB6, 77, 79, 0), (0x0A40, 77, 48, 0),
    (0x5832, 80, 81, 1), (0x4D1C, 88, 82, 0), (0x438E, 89, 83, 0), (0x3BDD, 90, 84, 0),
    (0x34EE, 91, 85, 0), (0x2EAE, 92, 86, 0), (0x299A, 93, 87, 0), (0x2516, 86, 71, 0),
    (0x5570, 88, 89, 1), (0x4CA9, 95, 90, 0), (0x44D9, 96, 91, 0), (0x3E22, 97, 92, 0),
    (0x3824, 99, 93, 0), (0x32B4, 99, 94, 0), (0x2E17, 93, 86, 0), (0x56A8, 95, 96, 1),
    (0x4F46, 101, 97, 0), (0x47E5, 102, 98, 0), (0x41CF, 103, 99, 0), (0x3C3D, 104, 100, 0),
    (0x375E, 99, 93, 0), (0x5231, 105, 102, 0), (0x4C0F, 106, 103, 0), (0x4639, 107, 104, 0),
    (0x415E, 103, 99, 0), (0x5627, 105, 106, 1), (0x50E7, 108, 107, 0), (0x4B85, 109, 103, 0),
    (0x5597, 110, 109, 0), (0x504F, 111, 107, 0), (0x5A10, 110, 111, 1), (0x5522, 112, 109, 0),
    (0x59EB, 112, 111, 1),
];
/// A state that never changes: both symbols are as probable.
const EVEN: u8 = 113;

/// Zeros that an encoder leaves out at the end: more were pixels.
const ZEROS_MAX: u32 = 8;
/// No coefficient of an 8-bit picture has more bits.
const MAGNITUDE_MAX: u32 = 0x8000;

/// What a file says about the contexts of symbols, by number of a table.
#[derive(Clone)]
pub(super) struct Conditioning {
    low: [u32; 16],
    high: [u32; 16],
    split: [u32; 16],
}

impl Default for Conditioning {
    fn default() -> Self {
        Self { low: [0; 16], high: [1; 16], split: [5; 16] }
    }
}

impl Conditioning {
    /// Reads the content of a segment.
    pub(super) fn read(&mut self, segment: &[u8]) {
        for [number, value] in segment.as_chunks::<2>().0 {
            let (index, value) = (usize::from(number & 15), u32::from(*value));
            match number >> 4 {
                0 => (self.low[index], self.high[index]) = (value & 15, value >> 4),
                _ => self.split[index] = value,
            }
        }
    }
}

/// Reads symbols up to the next marker; behind it come zeros, as the standard has it.
pub(super) struct Arithmetic<'a> {
    bytes: &'a [u8],
    next: usize,
    /// Zeros that were taken behind the end.
    zeros: u32,
    base: u64,
    interval: u64,
    shift: i32,
    conditioning: &'a Conditioning,
    dc: Vec<[u8; 64]>,
    ac: Vec<[u8; 256]>,
    even: u8,
    /// By component of the picture: what the difference before was like.
    context: [usize; 4],
}

impl<'a> Arithmetic<'a> {
    pub(super) fn new(bytes: &'a [u8], start: usize, conditioning: &'a Conditioning) -> Self {
        Self {
            bytes,
            next: start,
            zeros: 0,
            base: 0,
            interval: 0,
            shift: -16,
            conditioning,
            dc: vec![[0; 64]; 16],
            ac: vec![[0; 256]; 16],
            even: EVEN,
            context: [0; 4],
        }
    }

    /// Where the next byte is taken from: behind the last one of the scan, or a few in front of it.
    pub(super) fn position(&self) -> usize {
        self.next
    }

    fn byte(&mut self) -> Result<u8, Stop> {
        match self.bytes.get(self.next..) {
            Some([0xFF, rest @ ..]) => {
                let fill = rest.iter().take_while(|byte| **byte == 0xFF).count();
                if rest.get(fill) == Some(&0) {
                    self.next += fill + 2;
                    return Ok(0xFF);
                }
            }
            Some([byte, ..]) => {
                self.next += 1;
                return Ok(*byte);
            }
            _ => {}
        }
        self.zeros += 1;
        if self.zeros > ZEROS_MAX { Err(Stop::Cut) } else { Ok(0) }
    }

    /// The next symbol in a state, which it changes.
    fn symbol(&mut self, state: &mut u8) -> Result<bool, Stop> {
        while self.interval < 0x8000 {
            self.shift -= 1;
            if self.shift < 0 {
                self.base = self.base << 8 | u64::from(self.byte()?);
                self.shift += 8;
                if self.shift < 0 {
                    self.shift += 1;
                    if self.shift == 0 {
                        // Both first bytes are there.
                        self.interval = 0x8000;
                    }
                }
            }
            self.interval <<= 1;
        }
        let (index, likely) = (*state & 0x7F, *state >> 7);
        let (width, less, more, changes) =
            STATES.get(usize::from(index)).copied().unwrap_or((0x5A1D, EVEN, EVEN, 0));
        let width = u64::from(width);
        self.interval -= width;
        let split = self.interval << self.shift;
        let is_lower = self.base < split;
        if is_lower && self.interval >= 0x8000 {
            return Ok(likely == 1);
        }
        // Where the intervals have changed places, so have the symbols.
        let is_likely = is_lower == (self.interval >= width);
        if !is_lower {
            self.base -= split;
            self.interval = width;
        }
        let after = if is_likely { more } else { less };
        let switched = if is_likely { likely } else { likely ^ changes };
        *state = switched << 7 | after;
        Ok((likely == 1) == is_likely)
    }

    fn even(&mut self) -> Result<bool, Stop> {
        let mut state = self.even;
        let symbol = self.symbol(&mut state);
        self.even = state;
        symbol
    }

    fn dc_symbol(&mut self, table: usize, bin: usize) -> Result<bool, Stop> {
        let mut state = self.dc[table][bin & 63];
        let symbol = self.symbol(&mut state);
        self.dc[table][bin & 63] = state;
        symbol
    }

    fn ac_symbol(&mut self, table: usize, bin: usize) -> Result<bool, Stop> {
        let mut state = self.ac[table][bin & 255];
        let symbol = self.symbol(&mut state);
        self.ac[table][bin & 255] = state;
        symbol
    }

    /// Forgets everything and goes on at a position, as behind a restart marker.
    pub(super) fn restart(&mut self, position: usize) {
        *self = Self::new(self.bytes, position, self.conditioning);
    }

    pub(super) fn block(
        &mut self,
        kind: Kind,
        plane: &mut Plane,
        component: usize,
        block: usize,
        (dc, ac): (usize, usize),
    ) -> Result<(), Stop> {
        match kind {
            Kind::Sequential => {
                self.difference(dc, component)?;
                self.first_ac(ac, &mut 0, 1, 63)
            }
            Kind::FirstDc => self.difference(dc, component),
            Kind::MoreDc => self.even().map(drop),
            Kind::FirstAc { first, last } => {
                self.first_ac(ac, &mut plane.known[block], first, last)
            }
            Kind::MoreAc { first, last } => self.more_ac(ac, &mut plane.known[block], first, last),
        }
    }

    /// The difference between two DC coefficients.
    fn difference(&mut self, table: usize, component: usize) -> Result<(), Stop> {
        let start = self.context[component & 3];
        if !self.dc_symbol(table, start)? {
            self.context[component & 3] = 0;
            return Ok(());
        }
        let is_negative = self.dc_symbol(table, start + 1)?;
        let mut bin = start + 2 + usize::from(is_negative);
        let mut magnitude = u32::from(self.dc_symbol(table, bin)?);
        if magnitude != 0 {
            bin = 20;
            while self.dc_symbol(table, bin)? {
                magnitude <<= 1;
                if magnitude == MAGNITUDE_MAX {
                    return Err(Stop::Broken);
                }
                bin += 1;
            }
        }
        let (low, high) = (self.conditioning.low[table], self.conditioning.high[table]);
        self.context[component & 3] = if magnitude < (1 << low) >> 1 {
            0
        } else if magnitude > (1 << high) >> 1 {
            12 + 4 * usize::from(is_negative)
        } else {
            4 + 4 * usize::from(is_negative)
        };
        while magnitude > 1 {
            self.dc_symbol(table, bin + 14)?;
            magnitude >>= 1;
        }
        Ok(())
    }

    fn first_ac(
        &mut self,
        table: usize,
        known: &mut u64,
        first: u32,
        last: u32,
    ) -> Result<(), Stop> {
        let mut index = first;
        while index <= last {
            let mut bin = 3 * (index as usize - 1);
            if self.ac_symbol(table, bin)? {
                break;
            }
            while !self.ac_symbol(table, bin + 1)? {
                bin += 3;
                index += 1;
                if index > last {
                    return Err(Stop::Broken);
                }
            }
            self.even()?;
            bin += 2;
            let mut magnitude = u32::from(self.ac_symbol(table, bin)?);
            if magnitude != 0 && self.ac_symbol(table, bin)? {
                magnitude <<= 1;
                bin = if index <= self.conditioning.split[table] { 189 } else { 217 };
                while self.ac_symbol(table, bin)? {
                    magnitude <<= 1;
                    if magnitude == MAGNITUDE_MAX {
                        return Err(Stop::Broken);
                    }
                    bin += 1;
                }
            }
            while magnitude > 1 {
                self.ac_symbol(table, bin + 14)?;
                magnitude >>= 1;
            }
            *known |= 1 << index;
            index += 1;
        }
        Ok(())
    }

    fn more_ac(
        &mut self,
        table: usize,
        known: &mut u64,
        first: u32,
        last: u32,
    ) -> Result<(), Stop> {
        let before = *known & (u64::MAX >> (63 - last)) & !1;
        let mut index = first;
        while index <= last {
            let mut bin = 3 * (index as usize - 1);
            // In front of the last one that is known the block cannot end.
            if before >> index == 0 && self.ac_symbol(table, bin)? {
                break;
            }
            loop {
                if *known >> index & 1 == 1 {
                    self.ac_symbol(table, bin + 2)?;
                    break;
                }
                if self.ac_symbol(table, bin + 1)? {
                    self.even()?;
                    *known |= 1 << index;
                    break;
                }
                bin += 3;
                index += 1;
                if index > last {
                    return Err(Stop::Broken);
                }
            }
            index += 1;
        }
        Ok(())
    }
}
