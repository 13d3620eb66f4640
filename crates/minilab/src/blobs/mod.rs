//! Where bytes live: files in the data directory, written once and never changed.
//!
//! A key is content hash + generation; a generation is never reused, so nothing is ever
//! overwritten and a late writer cannot bring back what was deleted.

mod key;
mod put;
mod suspects;

pub use key::{BlobKey, Original, hex};
pub use put::PARTIAL;
pub use suspects::{Suspect, Suspects};

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, ensure};
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path as StorePath;
use object_store::{ObjectStore, ObjectStoreExt};
use rustix::buffer::spare_capacity;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::{cpu, private};

/// `[blobs]`
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct BlobsConfig {
    /// `file:///absolute/path`; empty is `blobs/` in the data directory.
    pub url: String,
    /// Files that may be open at the same time to be sent.
    pub open_max: usize,
}

impl Default for BlobsConfig {
    fn default() -> Self {
        Self { url: String::new(), open_max: 1024 }
    }
}

impl BlobsConfig {
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if !self.url.is_empty() && self.directory().is_none() {
            let form = "file:///absolute/path";
            problems.push(format!("blobs.url: {:?} is not of the form {form}", self.url));
        }
        if self.open_max == 0 {
            problems.push("blobs.open_max: starts at 1".to_owned());
        }
        problems
    }

    /// Whether there are the files of some lab. Makes nothing.
    pub fn has_lab(&self, data: &Path) -> bool {
        self.root(data).join(LAB_FILE).exists()
    }

    /// Where the files lie.
    pub fn root(&self, data: &Path) -> PathBuf {
        self.directory().unwrap_or_else(|| data.join("blobs"))
    }

    fn directory(&self) -> Option<PathBuf> {
        let path = self.url.strip_prefix("file://")?;
        path.starts_with('/').then(|| PathBuf::from(path))
    }
}

/// Names the lab that the files beside it belong to.
pub const LAB_FILE: &str = "lab-id";
/// More is sent in chunks of this size: so much is held for each reader that stops.
const CHUNK_BYTES: u64 = 128 * 1024;

#[derive(Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    /// The directory behind `store`, for placing a spooled file without copying it.
    root: PathBuf,
    /// Files that may be opened to be sent.
    to_send: Arc<Semaphore>,
    /// What was found wrong on its way out.
    pub suspects: Suspects,
}

/// The bytes of a blob on their way.
pub type Chunks = BoxStream<'static, anyhow::Result<Bytes>>;

/// A stored object as a listing shows it.
pub struct StoredObject {
    pub path: String,
    pub bytes: u64,
    pub modified_ms: i64,
}

impl Blobs {
    pub fn open(config: &BlobsConfig, data: &Path) -> anyhow::Result<Self> {
        let root = config.root(data);
        private::open_directory(&root).context("making the folder of stored files")?;
        let root = root.canonicalize().with_context(|| format!("opening {}", root.display()))?;
        let store = LocalFileSystem::new_with_prefix(&root)
            .with_context(|| format!("opening {}", root.display()))?;
        put::make_shards(&root).with_context(|| format!("preparing {}", root.display()))?;
        let to_send = Arc::new(Semaphore::new(config.open_max));
        Ok(Self { store: Arc::new(store), root, to_send, suspects: Suspects::default() })
    }

    /// The bytes of `part`, as a body; nothing when too many files are being sent. The range must lie
    /// inside the blob.
    pub async fn read(&self, key: &BlobKey<'_>, part: Range<u64>) -> anyhow::Result<Option<Body>> {
        if part.end - part.start <= CHUNK_BYTES {
            let path = self.root.join(key.path().as_ref());
            let bytes = cpu::run(move || read_at(&open(&path)?, part)).await?;
            return Ok(Some(Body::from(bytes)));
        }
        let Ok(place) = self.to_send.clone().try_acquire_owned() else { return Ok(None) };
        let chunks = in_chunks(self.file(key).await?, part).inspect(move |_| _ = &place);
        Ok(Some(Body::from_stream(chunks)))
    }

    /// All bytes of a blob.
    pub async fn bytes(&self, key: &BlobKey<'_>) -> anyhow::Result<Bytes> {
        let path = self.root.join(key.path().as_ref());
        cpu::run(move || {
            let file = open(&path)?;
            let bytes =
                file.metadata().with_context(|| format!("reading {}", path.display()))?.len();
            read_at(&file, 0..bytes)
        })
        .await
    }

    /// The blob as a file, open for reading.
    pub async fn file(&self, key: &BlobKey<'_>) -> anyhow::Result<File> {
        let path = self.root.join(key.path().as_ref());
        cpu::run(move || open(&path)).await
    }

    /// The whole blob, chunk by chunk.
    pub async fn stream(&self, key: &BlobKey<'_>) -> anyhow::Result<Chunks> {
        let file = self.file(key).await?;
        let bytes = file.metadata().context("reading a blob")?.len();
        Ok(in_chunks(file, 0..bytes).boxed())
    }

    /// How many bytes are stored under `key`, or nothing when there is no such blob.
    pub async fn size(&self, key: &BlobKey<'_>) -> anyhow::Result<Option<u64>> {
        match self.store.head(&key.path()).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error).with_context(|| format!("looking for {}", key.path())),
        }
    }

    /// Sees to it that these files and that database belong together: a sweep would take the files
    /// of another lab for orphans. `has_blobs` tells whether the database speaks of any.
    pub fn belong_to(&self, lab: Uuid, has_blobs: bool) -> anyhow::Result<()> {
        let path = self.root.join(LAB_FILE);
        let named = match std::fs::read_to_string(&path) {
            Ok(named) => named,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !has_blobs => {
                put::write_durably(&path, lab.to_string().as_bytes())?;
                return Ok(());
            }
            Err(error) => {
                let path = path.display();
                return Err(error).with_context(|| format!("{path} names the lab of these files"));
            }
        };
        let is_ours = Uuid::try_parse(named.trim()) == Ok(lab);
        ensure!(is_ours, "{} belongs to another database than this one", self.root.display());
        Ok(())
    }

    /// Removes an original and everything made from it. Removing what is gone is no error.
    pub async fn remove_all(&self, original: &Original) -> anyhow::Result<()> {
        let variants = self.store.list(Some(&original.variants_prefix()));
        let paths = variants.map_ok(|meta| meta.location).try_collect::<Vec<_>>().await?;
        for path in paths {
            self.remove_path(&path).await?;
        }
        // The folder of the variants is the blob's own; that of the original is shared and stays.
        let folder = self.root.join(original.variants_prefix().as_ref());
        cpu::run(move || {
            // There may be none, or a late print in it: the sweep finds that one.
            let _ = std::fs::remove_dir(folder);
            Ok(())
        })
        .await?;
        self.remove_path(&BlobKey::Original(original).path()).await
    }

    pub async fn remove_path(&self, path: &StorePath) -> anyhow::Result<()> {
        match self.store.delete(path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error).with_context(|| format!("removing {path}")),
        }
    }

    /// Everything that is stored, in no order.
    pub fn list(&self) -> impl futures_util::Stream<Item = anyhow::Result<StoredObject>> + '_ {
        self.store.list(None).map(|meta| {
            let meta = meta.context("listing what is stored")?;
            Ok(StoredObject {
                path: meta.location.to_string(),
                bytes: meta.size,
                modified_ms: meta.last_modified.timestamp_millis(),
            })
        })
    }
}

/// Gives the memory back in which the system keeps what was read of the file: originals are rarely
/// read again, and would push out prints and the database.
pub fn forget(file: &File) {
    // Advice: where it is not taken, nothing is lost.
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
}

fn open(path: &Path) -> anyhow::Result<File> {
    File::open(path).with_context(|| format!("opening {}", path.display()))
}

/// A part of a file, chunk by chunk. While one is on its way the next is read, and no more than that.
fn in_chunks(
    file: File,
    part: Range<u64>,
) -> impl futures_util::Stream<Item = anyhow::Result<Bytes>> + Send + 'static {
    let file = Arc::new(file);
    let starts = part.clone().step_by(CHUNK_BYTES as usize);
    let reads = starts.map(move |start| {
        let (file, end) = (file.clone(), part.end.min(start + CHUNK_BYTES));
        cpu::run(move || read_at(&file, start..end))
    });
    stream::iter(reads).buffered(2)
}

/// Exactly these bytes, in exactly as much memory.
fn read_at(file: &File, part: Range<u64>) -> anyhow::Result<Bytes> {
    let length = (part.end - part.start) as usize;
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        let at = part.start + bytes.len() as u64;
        let read = match rustix::io::pread(file, spare_capacity(&mut bytes), at) {
            Err(rustix::io::Errno::INTR) => continue,
            read => read.context("reading a blob")?,
        };
        ensure!(read > 0, "a stored file is shorter than its row says");
    }
    bytes.truncate(length);
    Ok(bytes.into())
}
