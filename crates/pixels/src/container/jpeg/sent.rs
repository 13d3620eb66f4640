//! What the headers of scans say of the parts of a picture: which of them were ever sent.

use super::{Component, Frame, Scan};

/// The value of a coefficient that was never sent.
const NEVER: u8 = 255;

/// By component and coefficient: the lowest bit that a scan was sent for.
#[derive(Clone)]
pub(crate) struct Sent {
    is_progressive: bool,
    components: Vec<(u8, [u8; 64])>,
}

impl Sent {
    /// Begins in front of the first scan.
    pub(crate) fn new(frame: &Frame) -> Self {
        let component = |component: &Component| (component.id, [NEVER; 64]);
        let components = frame.components.iter().map(component).collect();
        Self { is_progressive: frame.is_progressive(), components }
    }

    /// Notes the next scan.
    pub(crate) fn note(&mut self, scan: &Scan) {
        // A sequential scan holds whole blocks, whatever it says.
        let (band, bit) = if self.is_progressive { (scan.band, scan.bits.1) } else { ((0, 63), 0) };
        let band = usize::from(band.0)..usize::from(band.1) + 1;
        let mut taken = vec![false; self.components.len()];
        for (id, ..) in &scan.components {
            let mut all = self.components.iter_mut().zip(&mut taken);
            // Of two components of one name the first that the scan has not named yet is meant.
            let Some(((_, sent), is_taken)) =
                all.find(|((known, _), is_taken)| known == id && !**is_taken)
            else {
                continue;
            };
            *is_taken = true;
            if let Some(band) = sent.get_mut(band.clone()) {
                band.fill(bit);
            }
        }
    }

    /// Whether the mean of the blocks came of every component.
    pub(crate) fn have_begun(&self) -> bool {
        self.components.iter().all(|(_, sent)| sent[0] != NEVER)
    }

    /// Whether every bit of every coefficient came.
    pub(crate) fn is_whole(&self) -> bool {
        self.components.iter().all(|(_, sent)| sent.iter().all(|bit| *bit == 0))
    }
}
