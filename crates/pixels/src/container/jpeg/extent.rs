//! Where a JPEG ends, and how much of it is there.
//!
//! Nothing but its own codes tells where the pixels end when the end marker is missing, and what
//! follows may be anything: so they are stepped over, MCU by MCU.

use std::{io::Cursor, ops::Range};

use super::{
    END, Frame, SCAN, START, Scan, Segment, Segments,
    kind::Stop,
    planes::{Plane, Planes},
    scan::{Coding, step_over},
};
use crate::source::Source;

/// What was found by walking over a JPEG.
#[derive(Debug)]
pub(crate) struct Extent {
    /// Behind the last byte that belongs to it.
    pub(crate) end: usize,
    /// Whether the end marker is its last.
    pub(crate) is_ended: bool,
    pub(crate) segments: Vec<Segment>,
    /// What lies between segments and pixels, and belongs to neither.
    pub(crate) gaps: Vec<Range<usize>>,
    /// Blocks that were stepped over, pass by pass.
    pub(crate) blocks: u64,
    /// How much of the pixels is there.
    pub(crate) pixels: Pixels,
}

/// How much of the pixels is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pixels {
    Whole,
    /// So many of so many MCUs or blocks.
    Cut {
        there: u64,
        all: u64,
    },
    /// Bits that are no code.
    Broken,
    /// Coded in a way that is not read here.
    Unknown,
}

impl Pixels {
    /// Whether as much is there as is worth showing: nine rows of ten.
    pub(crate) fn are_worth_showing(self) -> bool {
        match self {
            Self::Whole | Self::Unknown => true,
            Self::Cut { there, all } => there * 10 >= all * 9,
            Self::Broken => false,
        }
    }
}

/// The state of the walk.
#[derive(Default)]
struct Walk {
    coding: Coding,
    planes: Option<Planes>,
    /// Blocks that were stepped over.
    blocks: u64,
    /// Of a sequential picture: blocks that are there, counted in whole scans.
    there: u64,
    /// Whether a scan was cut.
    is_cut: bool,
    /// Of a progressive picture: MCUs that are there of the first pass that brings the mean of
    /// each block, and all; of the shortest of them, where components come one by one.
    means: Option<(u64, u64)>,
    is_broken: bool,
    is_unknown: bool,
    /// All pixels are there: what follows says nothing about them.
    is_complete: bool,
    /// Where the last scan ends, if there is one.
    pixels_end: Option<usize>,
}

/// Walks over a JPEG; nothing when it does not begin like one, or has more blocks than may be
/// stepped over, pass by pass.
pub(crate) fn extent(bytes: &[u8], blocks_max: u64) -> Option<Extent> {
    bytes.starts_with(&[0xFF, START]).then_some(())?;
    let mut source = Source::new(Cursor::new(bytes)).ok()?;
    let mut walker = Segments::new(&mut source);
    let mut walk = Walk::default();
    let (mut segments, mut gaps) = (Vec::new(), Vec::new());
    let (mut end, mut is_ended) = (2, false);
    while let Some(segment) = walker.next() {
        // What no reader knows ends the walk of every reader.
        if segment.marker == START || !is_known(segment.marker) {
            break;
        }
        // Behind the last pixel only notes may come, one at the other, and the end.
        let is_next = segment.start == end as u64 && matches!(segment.marker, 0xE0..=0xEF | 0xFE);
        if walk.is_complete && segment.marker != END && !is_next {
            break;
        }
        gaps.push(end..segment.start as usize);
        end = segment.body.end as usize;
        segments.push(segment.clone());
        if segment.marker == END {
            is_ended = true;
            break;
        }
        let body = &bytes[segment.body.start as usize..end];
        // A header at the very end may be cut off; nothing follows that it could be for. Behind the
        // first scan's header all pixels are missing.
        let is_first_scan = segment.marker == SCAN && walk.pixels_end.is_none();
        if end == bytes.len() && !is_first_scan {
            break;
        }
        if segment.marker == SCAN {
            end = walk.scan(bytes, end, body, &mut gaps);
            walk.pixels_end = Some(end);
            if walk.blocks > blocks_max {
                return None;
            }
            if walk.is_broken {
                break;
            }
            walker.skip_to(end as u64);
        } else if !walk.is_complete {
            walk.segment(&segment, body);
        }
    }
    if !is_ended && let Some(pixels_end) = walk.pixels_end {
        // Of what follows the pixels nothing is known to belong to the picture.
        end = pixels_end;
        segments.retain(|segment| segment.start < end as u64);
        gaps.retain(|gap| gap.start < end);
    }
    gaps.retain(|gap| !gap.is_empty());
    let pixels = walk.pixels();
    Some(Extent { end, is_ended, segments, gaps, blocks: walk.blocks, pixels })
}

/// Whether a marker is one that pictures have: others end the walk of every decoder.
fn is_known(marker: u8) -> bool {
    matches!(marker, 0xC0..=0xC7 | 0xC9..=0xDD | 0xE0..=0xEF | 0xFE)
}

impl Walk {
    fn segment(&mut self, segment: &Segment, body: &[u8]) {
        match segment.marker {
            0xC4 => self.is_unknown |= self.coding.codes.read(body).is_none(),
            0xCC => self.coding.conditioning.read(body),
            0xDD => match *body {
                [high, low, ..] => {
                    self.coding.interval = usize::from(u16::from_be_bytes([high, low]));
                }
                _ => self.is_unknown = true,
            },
            marker if segment.is_frame() => {
                self.is_unknown |= self.planes.is_some();
                self.planes = Frame::read(marker, body).and_then(|frame| Planes::new(&frame));
            }
            _ => {}
        }
    }

    /// Steps over a scan; returns where it ends. One that is not read here ends nowhere: the
    /// pixels up to the next marker are looked over like garbage.
    fn scan(
        &mut self,
        bytes: &[u8],
        start: usize,
        body: &[u8],
        gaps: &mut Vec<Range<usize>>,
    ) -> usize {
        let stepped = Scan::read(body).zip(self.planes.as_mut()).and_then(|(scan, planes)| {
            let stepped = step_over(bytes, start, planes, &scan, &self.coding)?;
            Some((scan, stepped))
        });
        let Some((scan, stepped)) = stepped else {
            self.is_unknown = true;
            return next_marker(bytes, start);
        };
        gaps.extend(stepped.gaps);
        self.is_broken |= stepped.stop == Some(Stop::Broken);
        self.is_cut |= stepped.stop == Some(Stop::Cut);
        if scan.band.0 == 0 && scan.bits.0 == 0 {
            let (there, all) = stepped.mcus;
            let is_shorter = |(before, of): (u64, u64)| there * of < before * all;
            if self.means.is_none_or(is_shorter) {
                self.means = Some((there, all));
            }
        }
        let Some(planes) = self.planes.as_mut() else { return stepped.end };
        for index in stepped.planes {
            let plane = &planes.all[index];
            let blocks = plane.blocks() * stepped.mcus.0 / stepped.mcus.1.max(1);
            self.blocks += blocks + 1;
            self.there += blocks;
        }
        planes.sent.note(&scan);
        self.is_complete = !self.is_unknown && !self.is_broken && self.has_all();
        stepped.end
    }

    /// Whether every block came, or every bit of every coefficient.
    fn has_all(&self) -> bool {
        let Some(planes) = self.planes.as_ref().filter(|_| !self.is_cut) else {
            return false;
        };
        if planes.is_progressive {
            return planes.sent.is_whole();
        }
        self.there >= planes.all.iter().map(Plane::blocks).sum::<u64>()
    }

    fn pixels(&self) -> Pixels {
        let Some(planes) =
            self.planes.as_ref().filter(|_| !self.is_unknown && self.pixels_end.is_some())
        else {
            return Pixels::Unknown;
        };
        if self.is_broken {
            return Pixels::Broken;
        }
        if self.is_complete {
            return Pixels::Whole;
        }
        if !planes.is_progressive {
            let all = planes.all.iter().map(Plane::blocks).sum();
            return Pixels::Cut { there: self.there, all };
        }
        // A row of a progressive picture is there when it can be seen; what lacks is its details.
        let means = self.means.filter(|_| planes.sent.have_begun());
        let (there, all) = means.unwrap_or((0, 1));
        Pixels::Cut { there, all }
    }
}

/// Where the next marker begins that is none of a scan's, or where the file ends.
fn next_marker(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(found) = memchr::memchr(0xFF, &bytes[at..]) {
        let fill = at + found;
        at = fill + bytes[fill..].iter().take_while(|byte| **byte == 0xFF).count();
        if !matches!(bytes.get(at), Some(0 | 0xD0..=0xD7)) {
            return fill;
        }
    }
    bytes.len()
}
