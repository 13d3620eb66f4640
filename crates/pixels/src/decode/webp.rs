//! WebP, by libwebp.

use std::{borrow::Cow, io::Cursor};

use crate::{
    Error, Facts, Format,
    colour::{PROFILE_BYTES_MAX, Profile},
    container::webp,
    ffi::webp::{AnimationDecoder, decode},
    frame::{AnimationHeader, Decoded, Delay, FirstFrame, Frame, FrameSink},
    picture::{Layout, Raster},
    probe,
    reduce::reduced,
    scale::box_factor,
    source::Source,
};

pub(super) fn still(bytes: &[u8], facts: &Facts, detail: f64) -> Result<Decoded, Error> {
    let mut source = Source::new(Cursor::new(bytes)).map_err(broken)?;
    if webp::is_animated(&mut source) {
        // An animation of one frame, which lies somewhere on its canvas.
        let mut first = FirstFrame::new(facts);
        animation(bytes, facts, &mut first)?;
        return first.decoded();
    }
    let factor = box_factor(facts, detail);
    let size = (reduced(facts.width, factor), reduced(facts.height, factor));
    let whole = whole_part(bytes);
    let data = decode(&whole, size, factor > 1, facts.has_alpha).map_err(broken)?;
    let layout = if facts.has_alpha { Layout::Rgba } else { Layout::Rgb };
    let raster = Raster { width: size.0, height: size.1, layout, data };
    // libwebp maps the whole picture onto the size it is asked for.
    let scale =
        (f64::from(size.0) / f64::from(facts.width), f64::from(size.1) / f64::from(facts.height));
    Ok(Decoded { raster, profile: profile(bytes), scale })
}

fn broken(error: impl ToString) -> Error {
    Error::malformed(Format::WebP, error)
}

fn profile(bytes: &[u8]) -> Profile {
    icc(bytes).map_or(Profile::Srgb, Profile::Icc)
}

fn icc(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut source = Source::new(Cursor::new(bytes)).ok()?;
    let chunk = webp::first_of(&mut source, *b"ICCP")?;
    source.bytes(chunk.content_bytes(), PROFILE_BYTES_MAX as u64)
}

/// The file up to the last frame in front of which nothing is wrong.
fn sound_part(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut source = Source::new(Cursor::new(bytes)).ok()?;
    let end = probe::webp_sound_end(&mut source)?;
    ended(bytes, end)
}

/// The file without the chunks behind its picture that are cut off: libwebp gives up for them.
fn whole_part(bytes: &[u8]) -> Cow<'_, [u8]> {
    let walked = || {
        let mut source = Source::new(Cursor::new(bytes)).ok()?;
        let mut chunks = webp::Chunks::of_file(&mut source)?;
        if chunks.said_end() <= bytes.len() as u64 {
            return None;
        }
        let whole = std::iter::from_fn(|| chunks.next(&mut source)).take_while(|it| it.is_whole);
        ended(bytes, whole.last()?.all.end)
    };
    walked().map_or(Cow::Borrowed(bytes), Cow::Owned)
}

/// The file as if it ended at a position.
fn ended(bytes: &[u8], end: u64) -> Option<Vec<u8>> {
    let mut ended = bytes.get(..end as usize)?.to_vec();
    // The last byte may be one that only fills up.
    ended.resize(ended.len().next_multiple_of(2), 0);
    let said = u32::try_from(ended.len()).ok()?.checked_sub(8)?;
    ended.get_mut(4..8)?.copy_from_slice(&said.to_le_bytes());
    Some(ended)
}

pub(super) fn animation(
    bytes: &[u8],
    facts: &Facts,
    sink: &mut dyn FrameSink,
) -> Result<(), Error> {
    let size = (facts.width, facts.height);
    let sound;
    let mut decoder = if let Some(decoder) = AnimationDecoder::new(bytes, size) {
        decoder
    } else {
        // For one fault libwebp gives the whole file up.
        sound = sound_part(bytes).ok_or_else(|| broken("the first frame is broken"))?;
        let decoder = AnimationDecoder::new(&sound, size);
        decoder.ok_or_else(|| broken("the animation is broken"))?
    };
    let plays = (decoder.loops() > 0).then_some(decoder.loops());
    sink.open(AnimationHeader { profile: profile(bytes), plays })?;
    let (mut begins, mut shown) = (0, 0);
    // Of what follows a fault the decoder may find more than is shown.
    while shown < facts.frames && decoder.has_more() {
        let Some((canvas, ends)) = decoder.next() else {
            // A broken frame leaves what was before it.
            return if shown > 0 { Ok(()) } else { Err(broken("the first frame is broken")) };
        };
        shown += 1;
        let delay = Delay::milliseconds(ends.saturating_sub(begins));
        begins = ends;
        if sink.frame(&Frame { canvas, delay })?.is_break() {
            break;
        }
    }
    Ok(())
}
