//! The headers of a frame and of a scan (ITU-T T.81, B.2.2 and B.2.3).

/// What a frame header says, whatever the process.
pub(crate) struct Frame {
    /// The marker, which names the process.
    pub(crate) marker: u8,
    /// Bits a sample.
    pub(crate) depth: u8,
    pub(crate) width: u16,
    pub(crate) height: u16,
    pub(crate) components: Vec<Component>,
}

/// One component of a frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Component {
    pub(crate) id: u8,
    /// Sampling factors, as the file has them.
    pub(crate) across: u8,
    pub(crate) down: u8,
    /// Number of its quantisers.
    pub(crate) quantiser: u8,
}

impl Frame {
    /// Reads the content of a frame's segment; nothing when it is too short.
    pub(crate) fn read(marker: u8, body: &[u8]) -> Option<Self> {
        let &[depth, h1, h0, w1, w0, count, ref rest @ ..] = body else { return None };
        let (components, _) = rest.as_chunks::<3>();
        let components = components.get(..usize::from(count))?.iter();
        let component = |&[id, sampling, quantiser]: &[u8; 3]| Component {
            id,
            across: sampling >> 4,
            down: sampling & 15,
            quantiser,
        };
        Some(Self {
            marker,
            depth,
            width: u16::from_be_bytes([w1, w0]),
            height: u16::from_be_bytes([h1, h0]),
            components: components.map(component).collect(),
        })
    }

    pub(crate) fn is_progressive(&self) -> bool {
        matches!(self.marker, 0xC2 | 0xCA)
    }

    /// The largest sampling factors.
    pub(crate) fn most(&self) -> (u8, u8) {
        let across = self.components.iter().map(|component| component.across).max();
        let down = self.components.iter().map(|component| component.down).max();
        (across.unwrap_or(1), down.unwrap_or(1))
    }
}

/// What a scan header says.
pub(crate) struct Scan {
    /// Ids of its components, and the numbers of their codes: DC and AC.
    pub(crate) components: Vec<(u8, u8, u8)>,
    /// First and last coefficient.
    pub(crate) band: (u8, u8),
    /// Successive approximation: the bit before, and this one.
    pub(crate) bits: (u8, u8),
}

impl Scan {
    /// Reads the content of a scan's segment.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let (count, rest) = body.split_first()?;
        let (components, rest) = rest.split_at_checked(usize::from(*count) * 2)?;
        let &[first, last, bits, ..] = rest else { return None };
        let (components, _) = components.as_chunks::<2>();
        let component = |&[id, codes]: &[u8; 2]| (id, codes >> 4, codes & 15);
        Some(Self {
            components: components.iter().map(component).collect(),
            band: (first, last),
            bits: (bits >> 4, bits & 15),
        })
    }
}
