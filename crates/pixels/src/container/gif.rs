//! GIF: walks the blocks.

use std::{
    io::{Read, Seek},
    ops::Range,
};

use crate::source::Source;

/// Blocks that are not pictures; real files have a few per frame.
const EXTENSIONS_MAX: u32 = 200_000;

const EXTENSION: u8 = 0x21;
const PICTURE: u8 = 0x2C;

/// What the head of a file says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Where the first block begins, behind the colour table.
    pub(crate) end: u64,
}

/// Where a picture lies on the screen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) left: u32,
    pub(crate) top: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Frame {
    /// A frame without pixels shows nothing, whatever follows it.
    pub(crate) fn is_empty(&self) -> bool {
        self.width == 0 || self.height == 0
    }
}

/// What a block is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Picture(Frame),
    /// With its label.
    Extension(u8),
    /// The end, or what is no block: it ends the walk of every reader.
    End,
}

/// A block, whole or cut off by the end of the file.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) kind: Kind,
    pub(crate) all: Range<u64>,
    pub(crate) is_whole: bool,
    /// Whether the file ends inside a piece of it; where only what closes it is missing, nothing
    /// that is shown is.
    pub(crate) is_cut: bool,
}

impl Block {
    /// Where the first piece of an extension begins, with its size.
    pub(crate) fn pieces(&self) -> u64 {
        self.all.start + 2
    }
}

/// A walk over the blocks of a file.
pub(crate) struct Blocks {
    at: u64,
    extensions_left: u32,
    has_ended: bool,
}

impl Blocks {
    /// Reads the head of a file.
    pub(crate) fn of_file<R: Read + Seek>(source: &mut Source<R>) -> Option<(Screen, Self)> {
        source.seek(6)?;
        let (width, height) = (u32::from(source.le16()?), u32::from(source.le16()?));
        let [flags, _, _] = source.array()?;
        let end = source.position() + table_bytes(flags);
        source.seek(end)?;
        let blocks = Self { at: end, extensions_left: EXTENSIONS_MAX, has_ended: false };
        Some((Screen { width, height, end }, blocks))
    }

    /// The next block.
    pub(crate) fn next<R: Read + Seek>(&mut self, source: &mut Source<R>) -> Option<Block> {
        if self.has_ended {
            return None;
        }
        let start = self.at;
        source.seek(start)?;
        let (kind, end) = match source.u8()? {
            PICTURE => {
                let (frame, flags) = frame(source)?;
                let data = source.skip(table_bytes(flags) + 1);
                (Kind::Picture(frame), data.map_or(Ending::Cut, |()| skip_pieces(source)))
            }
            EXTENSION => {
                self.extensions_left = self.extensions_left.checked_sub(1)?;
                let label = source.u8()?;
                (Kind::Extension(label), skip_pieces(source))
            }
            _ => (Kind::End, Ending::Closed),
        };
        let is_whole = end == Ending::Closed;
        self.has_ended = !is_whole || matches!(kind, Kind::End);
        self.at = if is_whole { source.position() } else { source.len() };
        Some(Block { kind, all: start..self.at, is_whole, is_cut: end == Ending::Cut })
    }
}

/// Bytes of the colour table that flags announce.
fn table_bytes(flags: u8) -> u64 {
    if flags & 0x80 == 0 { 0 } else { 3 * (2 << (flags & 7)) }
}

fn frame<R: Read + Seek>(source: &mut Source<R>) -> Option<(Frame, u8)> {
    let [x0, x1, y0, y1, w0, w1, h0, h1, flags] = source.array()?;
    let word = |low, high| u32::from(u16::from_le_bytes([low, high]));
    let frame =
        Frame { left: word(x0, x1), top: word(y0, y1), width: word(w0, w1), height: word(h0, h1) };
    Some((frame, flags))
}

/// How the pieces of a block end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Closed,
    /// Behind a piece.
    Open,
    /// Inside a piece.
    Cut,
}

fn skip_pieces<R: Read + Seek>(source: &mut Source<R>) -> Ending {
    loop {
        match source.u8() {
            None => return Ending::Open,
            Some(0) => return Ending::Closed,
            Some(size) if source.skip(u64::from(size)).is_none() => return Ending::Cut,
            Some(_) => {}
        }
    }
}
