//! Stored bytes that were found wrong while they were handed out, until somebody looks at them.

use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::{BlobKey, Original};

/// Suspects that wait. More are found again when they are asked for again.
const WAITING_MAX: usize = 64;

/// A stored file that is not what its row says: an original, or what a preset made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspect {
    pub original: Original,
    /// Preset, its version, and that of the pixels.
    pub variant: Option<(String, i64, i64)>,
}

impl From<&BlobKey<'_>> for Suspect {
    fn from(key: &BlobKey<'_>) -> Self {
        match *key {
            BlobKey::Original(original) => Self { original: original.clone(), variant: None },
            BlobKey::Variant { original, preset, version, pixels_version } => {
                let variant = Some((preset.to_owned(), version, pixels_version));
                Self { original: original.clone(), variant }
            }
        }
    }
}

/// Where suspects are reported, and where they are picked up.
#[derive(Clone)]
pub struct Suspects {
    reports: Sender<Suspect>,
    waiting: Arc<Mutex<Receiver<Suspect>>>,
}

impl Default for Suspects {
    fn default() -> Self {
        let (reports, waiting) = channel(WAITING_MAX);
        Self { reports, waiting: Arc::new(Mutex::new(waiting)) }
    }
}

impl Suspects {
    pub fn report(&self, key: &BlobKey<'_>) {
        self.report_one(key.into());
    }

    pub fn report_one(&self, suspect: Suspect) {
        // One that finds no room is reported again.
        let _ = self.reports.try_send(suspect);
    }

    /// The next one, if one waits.
    pub async fn waiting(&self) -> Option<Suspect> {
        self.waiting.lock().await.try_recv().ok()
    }

    /// The next one.
    pub async fn next(&self) -> Option<Suspect> {
        self.waiting.lock().await.recv().await
    }
}
