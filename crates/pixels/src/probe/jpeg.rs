//! JPEG: walks the markers up to the frame header, and for progressive pictures counts the scans.

use std::io::{Read, Seek};

use super::Header;
use crate::{
    Error, Format,
    container::jpeg::{
        Component, END, Frame, Pixels, SCAN, START, Scan, Segment, Segments, Sent, extent,
    },
    cut::cut,
    error::Over,
    source::Source,
};

/// What the markers of a JPEG say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Jpeg {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) components: u8,
    /// Samples of all components per pixel of the frame, times 16 (4:2:0 is 24, 4:4:4 is 48).
    samples_x16: u64,
    /// Whether libjpeg must keep all coefficients: progressive, or one component a scan.
    buffered: bool,
    /// Scans of the picture; counted for buffered pictures only, 1 otherwise.
    pub(crate) scans: u64,
    /// Whether passes over a progressive picture are missing, down to the last bit of the last
    /// detail: decoders say nothing of passes that never come.
    pub(crate) lacks_passes: bool,
}

/// Scans times pixels that a picture may cost: about three seconds of entropy decoding.
const SCANNED_PIXELS_MAX: u64 = 3_000_000_000;
/// Bytes of a file without an end marker that is looked at closely: about a tenth of a second.
const STEPPED_BYTES_MAX: u64 = 8 << 20;
/// No encoder writes more; small pictures with thousands of scans are attacks all the same.
const SCANS_MAX: u64 = 500;

pub(crate) fn header<R: Read + Seek>(source: &mut Source<R>) -> Result<Header, Error> {
    let jpeg = structure(source)?;
    let pixels = u64::from(jpeg.width) * u64::from(jpeg.height);
    let coefficients = if jpeg.buffered { pixels * jpeg.samples_x16 / 16 * 2 } else { 0 };
    // Inks stay beside the colours made of them, at about the size that is drawn.
    let inks = if jpeg.components == 4 { pixels.min(16_000_000) * 4 } else { 0 };
    Ok(Header {
        is_truncated: is_truncated(source, &jpeg)? || jpeg.lacks_passes,
        // A row of blocks of every component, upsampled: what libjpeg holds at a time.
        fixed_bytes: coefficients + inks + u64::from(jpeg.width) * 160 + (1 << 20),
        ..Header::still(jpeg.width, jpeg.height)
    })
}

/// Reads the markers. Fails on what cannot be decoded here, and on pictures of too many scans.
pub(crate) fn structure<R: Read + Seek>(source: &mut Source<R>) -> Result<Jpeg, Error> {
    let mut frame = None;
    let mut segments = Segments::new(source);
    while let Some(segment) = segments.next() {
        match segment.marker {
            START => return Err(broken("a second picture begins inside the headers")),
            END => return Err(broken("the picture ends before it begins")),
            SCAN => {
                let frame = frame.ok_or_else(|| broken("a scan comes before the frame header"))?;
                return allow_scans(walk_scans(&mut segments, &segment, &frame)?);
            }
            marker if segment.is_frame() => {
                let body = body(&mut segments, &segment).ok_or_else(too_short)?;
                if frame.replace(read_frame(marker, &body)?).is_some() {
                    return Err(broken("it has two frame headers"));
                }
            }
            _ => {}
        }
    }
    Err(too_short())
}

/// The content of a frame's or a scan's header.
fn body<R: Read + Seek>(segments: &mut Segments<'_, R>, segment: &Segment) -> Option<Vec<u8>> {
    // 255 components of three bytes each, behind six.
    const HEADER_BYTES_MAX: u64 = 1_024;
    let length = segment.body.end - segment.body.start;
    segments.source().seek(segment.body.start)?;
    segments.source().bytes(length.min(HEADER_BYTES_MAX), HEADER_BYTES_MAX)
}

/// Looks at the pixels of a file without an end marker: whether some are missing. Fails when too
/// many are. Passes over what only decoding can tell.
fn is_truncated<R: Read + Seek>(source: &mut Source<R>, jpeg: &Jpeg) -> Result<bool, Error> {
    let len = source.len();
    source.seek(len.saturating_sub(2));
    let ends_well = source.array() == Some([0xFF, END]);
    if ends_well || len > STEPPED_BYTES_MAX || has_end(source) {
        return Ok(false);
    }
    let Some(bytes) = source.start(len) else { return Ok(false) };
    let blocks_max = u64::from(jpeg.width) * u64::from(jpeg.height);
    match extent(&bytes, blocks_max).map(|extent| extent.pixels) {
        Some(pixels @ Pixels::Cut { .. }) if !pixels.are_worth_showing() => Err(cut(pixels)),
        Some(pixels) => Ok(matches!(pixels, Pixels::Cut { .. })),
        None => Ok(false),
    }
}

/// Whether an end marker comes behind the first scan.
fn has_end<R: Read + Seek>(source: &mut Source<R>) -> bool {
    let mut segments = Segments::new(source).skip_while(|segment| segment.marker != SCAN);
    segments.any(|segment| segment.marker == END)
}

fn broken(detail: &str) -> Error {
    Error::malformed(Format::Jpeg, detail)
}

fn too_short() -> Error {
    broken("the file ends inside the headers")
}

/// Reads a frame header; fails on what cannot be decoded here.
fn read_frame(marker: u8, body: &[u8]) -> Result<Frame, Error> {
    let &[depth, _, _, _, _, components, ..] = body else { return Err(too_short()) };
    if !matches!(components, 1 | 3 | 4) {
        return Err(broken("the picture does not have 1, 3 or 4 components"));
    }
    let lossless = matches!(marker, 0xC3 | 0xC7 | 0xCB | 0xCF);
    if depth != 8 || lossless || matches!(marker, 0xC5..=0xC7 | 0xCD..=0xCF) {
        return Err(Error::unsupported(if depth == 8 {
            "lossless or hierarchical JPEG".to_owned()
        } else {
            format!("{depth}-bit JPEG")
        }));
    }
    let frame = Frame::read(marker, body).ok_or_else(too_short)?;
    let factors = 1..=4;
    let is_sampled = |one: &Component| factors.contains(&one.across) && factors.contains(&one.down);
    if !frame.components.iter().all(is_sampled) {
        return Err(broken("a sampling factor is not 1 to 4"));
    }
    Ok(frame)
}

impl Jpeg {
    /// What a frame header says, and whether the first scan holds all there is.
    fn new(frame: &Frame, first: &Scan) -> Self {
        let samples =
            frame.components.iter().map(|one| u64::from(one.across * one.down)).sum::<u64>();
        let (across, down) = frame.most();
        Self {
            width: u32::from(frame.width),
            height: u32::from(frame.height),
            components: frame.components.len() as u8,
            samples_x16: (samples * 16).div_ceil(u64::from(across * down)),
            buffered: frame.is_progressive() || first.components.len() < frame.components.len(),
            scans: 1,
            lacks_passes: false,
        }
    }
}

/// Walks the scans from the first one's header on, but further only when the decoder must buffer:
/// counts them, and looks for what they leave out.
fn walk_scans<R: Read + Seek>(
    segments: &mut Segments<'_, R>,
    first: &Segment,
    frame: &Frame,
) -> Result<Jpeg, Error> {
    let scan = read_scan(segments, first)?;
    let mut jpeg = Jpeg::new(frame, &scan);
    if !jpeg.buffered {
        return Ok(jpeg);
    }
    let mut sent = Sent::new(frame);
    sent.note(&scan);
    // Behind the end of a broken file there is nothing left to count.
    while let Some(segment) = segments.next() {
        match segment.marker {
            START | END => break,
            SCAN => {
                jpeg.scans += 1;
                // One that cannot be read brings nothing.
                if let Ok(scan) = read_scan(segments, &segment) {
                    sent.note(&scan);
                }
            }
            _ => {}
        }
        if jpeg.scans > SCANS_MAX {
            return Ok(jpeg);
        }
    }
    if !sent.is_whole() && !frame.is_progressive() {
        return Err(broken("a part of the picture's components is missing"));
    }
    jpeg.lacks_passes = !sent.is_whole();
    Ok(jpeg)
}

/// Reads a scan header, which must be all there.
fn read_scan<R: Read + Seek>(
    segments: &mut Segments<'_, R>,
    segment: &Segment,
) -> Result<Scan, Error> {
    let scan = body(segments, segment).and_then(|body| Scan::read(&body));
    scan.ok_or_else(|| {
        let is_cut = segment.body.end >= segments.source().len();
        if is_cut { too_short() } else { broken("a scan header is too short") }
    })
}

fn allow_scans(jpeg: Jpeg) -> Result<Jpeg, Error> {
    let pixels = (u64::from(jpeg.width) * u64::from(jpeg.height)).max(1);
    let most = (SCANNED_PIXELS_MAX / pixels).clamp(20, SCANS_MAX);
    if jpeg.scans > most {
        return Err(Over::Scans { found: jpeg.scans, most }.into());
    }
    Ok(jpeg)
}
