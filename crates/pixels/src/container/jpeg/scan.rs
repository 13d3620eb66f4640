//! Steps over the entropy-coded data of a scan, to know where it ends and whether it is all there.

use std::ops::Range;

use super::{
    Code, Codes, Scan,
    arithmetic::{Arithmetic, Conditioning},
    bits::{Bits, Looked},
    blocks::{Band, sequential},
    kind::{Kind, Stop},
    planes::{Plane, Planes},
};

/// What became of a scan.
pub(super) struct Stepped {
    /// Behind its last byte.
    pub(super) end: usize,
    /// Bytes between restarts that nobody reads.
    pub(super) gaps: Vec<Range<usize>>,
    /// MCUs that are there, and all.
    pub(super) mcus: (u64, u64),
    /// Why it ended early.
    pub(super) stop: Option<Stop>,
    /// Indices of its components.
    pub(super) planes: Vec<usize>,
}

/// A component in a scan.
struct Part<'a> {
    plane: usize,
    dc: Option<Looked<'a>>,
    ac: Option<Looked<'a>>,
    /// Numbers of its tables in arithmetic coding.
    tables: (usize, usize),
}

/// What a scan is coded with, as the segments in front of it say.
#[derive(Default)]
pub(super) struct Coding {
    pub(super) codes: Codes,
    pub(super) conditioning: Conditioning,
    /// MCUs between restart markers; 0 is none.
    pub(super) interval: usize,
}

/// Steps over the scan that begins at a position; nothing when it is not decoded here.
pub(super) fn step_over(
    bytes: &[u8],
    start: usize,
    planes: &mut Planes,
    scan: &Scan,
    coding: &Coding,
) -> Option<Stepped> {
    let kind = Kind::of(planes.is_progressive, scan)?;
    let parts = parts(planes, scan, coding, kind)?;
    let all = match &parts[..] {
        [part] => planes.all[part.plane].wide * planes.all[part.plane].high,
        _ => planes.mcus.0 * planes.mcus.1,
    };
    let coder = if planes.is_arithmetic {
        Coder::Arithmetic(Box::new(Arithmetic::new(bytes, start, &coding.conditioning)))
    } else {
        Coder::Huffman { bits: Bits::new(bytes, start), run: 0 }
    };
    let mut walk = Walk { coder, kind };
    let (mut gaps, mut restarts, mut done) = (Vec::new(), 0, 0);
    let mut early = None;
    while done < all {
        if coding.interval > 0 && done > 0 && done % coding.interval == 0 {
            match walk.restart(bytes, (restarts % 8) as u8) {
                Ok(gap) => gaps.push(gap),
                Err((stop, at)) => {
                    early = Some((stop, at));
                    break;
                }
            }
            restarts += 1;
        }
        if let Err(stop) = walk.mcu(planes, &parts, done) {
            early = Some((stop, walk.coder.end(stop)));
            break;
        }
        done += 1;
    }
    let end = early.map_or_else(|| walk.coder.position(bytes), |(_, end)| end);
    let planes = parts.iter().map(|part| part.plane).collect();
    let stop = early.map(|(stop, _)| stop);
    Some(Stepped { end, gaps, mcus: (done as u64, all as u64), stop, planes })
}

/// The components of a scan; nothing when one is unknown or lacks a code.
fn parts<'a>(
    planes: &Planes,
    scan: &Scan,
    coding: &'a Coding,
    kind: Kind,
) -> Option<Vec<Part<'a>>> {
    let (needs_dc, needs_ac) = kind.needs();
    let looked = |codes: &'a [Option<Code>; 4], number: u8| {
        codes.get(usize::from(number)).and_then(Option::as_ref).map(Looked::new)
    };
    let mut parts = Vec::new();
    for &(id, dc, ac) in &scan.components {
        let plane = planes.all.iter().position(|plane| plane.id == id)?;
        let tables = (usize::from(dc), usize::from(ac));
        let (dc, ac) = (looked(&coding.codes.dc, dc), looked(&coding.codes.ac, ac));
        let is_ready = (dc.is_some() || !needs_dc) && (ac.is_some() || !needs_ac);
        if !is_ready && !planes.is_arithmetic {
            return None;
        }
        parts.push(Part { plane, dc, ac, tables });
    }
    (!parts.is_empty()).then_some(parts)
}

/// What reads the symbols of a scan.
enum Coder<'a> {
    Huffman {
        bits: Bits<'a>,
        /// Blocks that have nothing more to come in this band.
        run: u32,
    },
    Arithmetic(Box<Arithmetic<'a>>),
}

impl Coder<'_> {
    /// Where the scan ends that was stepped over.
    fn position(&self, bytes: &[u8]) -> usize {
        match self {
            Self::Huffman { bits, .. } => bits.position(),
            Self::Arithmetic(coder) => {
                // The last bytes may be there for nothing but the encoder's peace of mind.
                const IDLE_BYTES_MAX: usize = 8;
                let at = coder.position();
                let rest = &bytes[at..bytes.len().min(at + IDLE_BYTES_MAX)];
                memchr::memchr(0xFF, rest).map_or(at, |idle| at + idle)
            }
        }
    }

    /// Where a scan ends that stopped early.
    fn end(&self, stop: Stop) -> usize {
        match self {
            Self::Huffman { bits, .. } if stop == Stop::Cut => bits.end(),
            Self::Huffman { bits, .. } => bits.position(),
            Self::Arithmetic(coder) => coder.position(),
        }
    }
}

struct Walk<'a> {
    coder: Coder<'a>,
    kind: Kind,
}

impl<'a> Walk<'a> {
    /// Goes behind the marker that must come now; returns what lies in front of it, or why it does
    /// not come and where the scan ends.
    fn restart(&mut self, bytes: &'a [u8], number: u8) -> Result<Range<usize>, (Stop, usize)> {
        let start = self.coder.position(bytes);
        let mut at = start;
        while let Some(found) = memchr::memchr(0xFF, &bytes[at..]) {
            let fill = at + found;
            at = fill + bytes[fill..].iter().take_while(|byte| **byte == 0xFF).count();
            match bytes.get(at) {
                Some(0) => {}
                Some(marker) if *marker == 0xD0 + number => {
                    self.go_on(bytes, at + 1);
                    return Ok(start..fill);
                }
                Some(0xD0..=0xD7) => return Err((Stop::Broken, start)),
                // What lies in front of it was pixels once.
                _ => return Err((Stop::Cut, fill)),
            }
        }
        Err((Stop::Cut, bytes.len()))
    }

    fn go_on(&mut self, bytes: &'a [u8], position: usize) {
        match &mut self.coder {
            Coder::Huffman { bits, run } => (*bits, *run) = (Bits::new(bytes, position), 0),
            Coder::Arithmetic(coder) => coder.restart(position),
        }
    }

    #[inline]
    fn mcu(&mut self, planes: &mut Planes, parts: &[Part<'_>], mcu: usize) -> Result<(), Stop> {
        if let [part] = parts {
            let plane = &mut planes.all[part.plane];
            let block = mcu / plane.wide * plane.stride + mcu % plane.wide;
            return self.block(plane, part, block);
        }
        let (x, y) = (mcu % planes.mcus.0, mcu / planes.mcus.0);
        for part in parts {
            let plane = &mut planes.all[part.plane];
            for down in 0..plane.down {
                for across in 0..plane.across {
                    let row = (y * plane.down + down) * plane.stride;
                    self.block(plane, part, row + x * plane.across + across)?;
                }
            }
        }
        Ok(())
    }

    #[inline]
    fn block(&mut self, plane: &mut Plane, part: &Part<'_>, block: usize) -> Result<(), Stop> {
        let (bits, run) = match &mut self.coder {
            Coder::Huffman { bits, run } => (bits, run),
            Coder::Arithmetic(coder) => {
                return coder.block(self.kind, plane, part.plane, block, part.tables);
            }
        };
        match (self.kind, &part.dc, &part.ac) {
            (Kind::Sequential, Some(dc), Some(ac)) => sequential(bits, dc, ac),
            (Kind::FirstDc, Some(dc), _) => {
                let size = bits.symbol(dc)?;
                bits.take(u32::from(size & 15)).map(drop)
            }
            (Kind::MoreDc, ..) => bits.take(1).map(drop),
            (Kind::FirstAc { first, last }, _, Some(ac)) => {
                let mut band = Band { bits, run, known: &mut plane.known[block], first, last };
                band.first_ac(ac)
            }
            (Kind::MoreAc { first, last }, _, Some(ac)) => {
                let mut band = Band { bits, run, known: &mut plane.known[block], first, last };
                band.more_ac(ac)
            }
            // `parts` has asked for the codes.
            _ => Err(Stop::Broken),
        }
    }
}
