//! What a scan is made of, and why it may end.

use super::Scan;

/// Why a scan ended before its last MCU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A marker, or the end of the file, came first.
    Cut,
    /// Bits that are no code.
    Broken,
}

/// What the codes of a scan stand for.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Sequential,
    FirstDc,
    MoreDc,
    FirstAc { first: u32, last: u32 },
    MoreAc { first: u32, last: u32 },
}

impl Kind {
    pub(super) fn of(is_progressive: bool, scan: &Scan) -> Option<Self> {
        let (first, last) = (u32::from(scan.band.0), u32::from(scan.band.1));
        if !is_progressive {
            return Some(Self::Sequential);
        }
        Some(match (first, scan.bits.0) {
            (0, 0) if last == 0 => Self::FirstDc,
            (0, _) if last == 0 => Self::MoreDc,
            (1.., before) if first <= last && last < 64 && scan.components.len() == 1 => {
                if before == 0 {
                    Self::FirstAc { first, last }
                } else {
                    Self::MoreAc { first, last }
                }
            }
            _ => return None,
        })
    }

    /// Whether it takes codes of DC and of AC coefficients.
    pub(super) fn needs(self) -> (bool, bool) {
        match self {
            Self::Sequential => (true, true),
            Self::FirstDc => (true, false),
            Self::MoreDc => (false, false),
            Self::FirstAc { .. } | Self::MoreAc { .. } => (false, true),
        }
    }
}
