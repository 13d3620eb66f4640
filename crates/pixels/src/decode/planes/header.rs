//! The segments of a baseline JPEG up to its only scan (ITU-T T.81, annex B).

use super::huffman::Code;

/// What the scan is decoded with.
pub(super) struct Header<'a> {
    /// Pixels.
    pub(super) size: (usize, usize),
    pub(super) components: [Component; 3],
    /// MCUs between restart markers; 0 is none.
    pub(super) restart_interval: usize,
    /// What follows the scan's header, to the end of the file.
    pub(super) scan: &'a [u8],
}

/// Luma, or one of the colour differences.
pub(super) struct Component {
    /// Blocks in an MCU, across and down: 1 or 2.
    pub(super) sampling: (usize, usize),
    /// In zigzag order.
    pub(super) quantisers: [u16; 64],
    pub(super) dc: Code,
    pub(super) ac: Code,
}

/// The tables as they stand; a later one of the same number takes its place.
#[derive(Default)]
struct Tables {
    quantisers: [Option<[u16; 64]>; 4],
    dc: [Option<Code>; 4],
    ac: [Option<Code>; 4],
}

/// A frame header: the size, and for each component its id, sampling and quantiser.
struct Frame {
    size: (usize, usize),
    components: [(u8, (usize, usize), usize); 3],
}

/// Reads the segments; nothing when one of them is out of the ordinary.
pub(super) fn read(bytes: &[u8]) -> Option<Header<'_>> {
    let mut rest = bytes.strip_prefix(&[0xFF, 0xD8])?;
    let (mut tables, mut frame, mut restart_interval) = (Tables::default(), None, 0);
    loop {
        let &[0xFF, marker, high, low, ..] = rest else { return None };
        let end = 2 + be16(high, low);
        let segment = rest.get(4..end)?;
        rest = &rest[end..];
        match marker {
            0xC0 | 0xC1 if frame.is_none() => frame = Some(read_frame(segment)?),
            0xC4 => tables.read_codes(segment)?,
            0xDB => tables.read_quantisers(segment)?,
            0xDD => {
                let &[high, low] = segment else { return None };
                restart_interval = be16(high, low);
            }
            0xDA => {
                let Frame { size, components } = frame?;
                let components = read_scan(segment, components, &tables)?;
                return Some(Header { size, components, restart_interval, scan: rest });
            }
            // Adobe's note that the three components are not luma and differences.
            0xEE if segment.starts_with(b"Adobe") && segment.get(11) != Some(&1) => return None,
            0xE0..=0xEF | 0xFE => {}
            _ => return None,
        }
    }
}

fn be16(high: u8, low: u8) -> usize {
    usize::from(u16::from_be_bytes([high, low]))
}

fn read_frame(segment: &[u8]) -> Option<Frame> {
    let &[8, h1, h0, w1, w0, 3, ref components @ ..] = segment else { return None };
    let size = (be16(w1, w0), be16(h1, h0));
    let &[a, a_sampling, a_table, b, 0x11, b_table, c, 0x11, c_table] = components else {
        return None;
    };
    let luma = match a_sampling {
        0x11 => (1, 1),
        0x21 => (2, 1),
        0x12 => (1, 2),
        0x22 => (2, 2),
        _ => return None,
    };
    let is_plain = a != b && b != c && a != c && [a, b, c] != *b"RGB" && size.0 > 0 && size.1 > 0;
    let [a_table, b_table, c_table] = [a_table, b_table, c_table].map(usize::from);
    let components = [(a, luma, a_table), (b, (1, 1), b_table), (c, (1, 1), c_table)];
    is_plain.then_some(Frame { size, components })
}

fn read_scan(
    segment: &[u8],
    frame: [(u8, (usize, usize), usize); 3],
    tables: &Tables,
) -> Option<[Component; 3]> {
    let &[3, a, a_codes, b, b_codes, c, c_codes, 0, 63, 0] = segment else { return None };
    let component = |index: usize, id: u8, codes: u8| {
        let (framed, sampling, quantiser) = frame[index];
        let component = Component {
            sampling,
            quantisers: (*tables.quantisers.get(quantiser)?)?,
            dc: tables.dc.get(usize::from(codes >> 4))?.clone()?,
            ac: tables.ac.get(usize::from(codes & 15))?.clone()?,
        };
        (id == framed).then_some(component)
    };
    Some([component(0, a, a_codes)?, component(1, b, b_codes)?, component(2, c, c_codes)?])
}

impl Tables {
    fn read_quantisers(&mut self, mut segment: &[u8]) -> Option<()> {
        while let Some((&kind, rest)) = segment.split_first() {
            let table = self.quantisers.get_mut(usize::from(kind & 15))?;
            let wide = match kind >> 4 {
                0 => 1,
                1 => 2,
                _ => return None,
            };
            let (values, rest) = rest.split_at_checked(64 * wide)?;
            let mut read = [0; 64];
            for (value, bytes) in read.iter_mut().zip(values.chunks_exact(wide)) {
                *value = bytes.iter().fold(0, |value, byte| value << 8 | u16::from(*byte));
            }
            *table = Some(read);
            segment = rest;
        }
        Some(())
    }

    fn read_codes(&mut self, mut segment: &[u8]) -> Option<()> {
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
