//! The segments of a baseline JPEG up to its only scan (ITU-T T.81, annex B).

use std::io::Cursor;

use crate::{
    container::jpeg::{self as container, Code, Codes, Frame, SCAN, Scan, Segment, Segments},
    source::Source,
};

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

/// A frame header: the size, and for each component its id, sampling and quantiser.
struct PlainFrame {
    size: (usize, usize),
    components: [(u8, (usize, usize), usize); 3],
}

/// The tables as they stand; a later one of the same number takes its place.
#[derive(Default)]
struct Tables {
    quantisers: [Option<[u16; 64]>; 4],
    codes: Codes,
}

/// Reads the segments; nothing when one of them is out of the ordinary.
pub(super) fn read(bytes: &[u8]) -> Option<Header<'_>> {
    let mut source = Source::new(Cursor::new(bytes)).ok()?;
    let segments = Segments::new(&mut source);
    let (mut tables, mut frame, mut restart_interval) = (Tables::default(), None, 0);
    let mut end = 2;
    for Segment { marker, start, body } in segments {
        // Garbage between two segments is for others to judge.
        if start != end {
            return None;
        }
        end = body.end;
        let segment = &bytes[body.start as usize..body.end as usize];
        match marker {
            0xC0 | 0xC1 if frame.is_none() => frame = Some(read_frame(marker, segment)?),
            0xC4 => tables.codes.read(segment)?,
            0xDB => tables.read_quantisers(segment)?,
            0xDD => {
                let &[high, low] = segment else { return None };
                restart_interval = usize::from(u16::from_be_bytes([high, low]));
            }
            SCAN => {
                let components = read_scan(segment, frame.as_ref()?, &tables)?;
                let scan = &bytes[end as usize..];
                return Some(Header { size: frame?.size, components, restart_interval, scan });
            }
            // Adobe's note that the three components are not luma and differences.
            0xEE if segment.starts_with(b"Adobe") && segment.get(11) != Some(&1) => return None,
            0xE0..=0xEF | 0xFE => {}
            _ => return None,
        }
    }
    None
}

fn read_frame(marker: u8, segment: &[u8]) -> Option<PlainFrame> {
    let Frame { depth: 8, width, height, components, .. } = Frame::read(marker, segment)? else {
        return None;
    };
    let [luma, blue, red] = *components else { return None };
    let sampling = |component: container::Component| {
        (usize::from(component.across), usize::from(component.down))
    };
    let ids = [luma.id, blue.id, red.id];
    let is_plain = matches!(sampling(luma), (1 | 2, 1 | 2))
        && sampling(blue) == (1, 1)
        && sampling(red) == (1, 1)
        && ids[0] != ids[1]
        && ids[1] != ids[2]
        && ids[0] != ids[2]
        && ids != *b"RGB"
        && width > 0
        && height > 0
        && segment.len() == 15;
    let components = [luma, blue, red]
        .map(|component| (component.id, sampling(component), usize::from(component.quantiser)));
    is_plain.then_some(PlainFrame { size: (width.into(), height.into()), components })
}

/// The parameters behind the components say nothing new of a baseline scan: some phones fill them
/// with zeros, and every decoder passes over them.
fn read_scan(segment: &[u8], frame: &PlainFrame, tables: &Tables) -> Option<[Component; 3]> {
    let scan = Scan::read(segment)?;
    let [first, second, third] = *scan.components else { return None };
    let component = |index: usize, (id, dc, ac): (u8, u8, u8)| {
        let (framed, sampling, quantiser) = frame.components[index];
        let component = Component {
            sampling,
            quantisers: (*tables.quantisers.get(quantiser)?)?,
            dc: tables.codes.dc.get(usize::from(dc))?.clone()?,
            ac: tables.codes.ac.get(usize::from(ac))?.clone()?,
        };
        (id == framed).then_some(component)
    };
    Some([component(0, first)?, component(1, second)?, component(2, third)?])
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
}
