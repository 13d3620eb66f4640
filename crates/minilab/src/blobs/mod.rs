//! Where bytes live: files in the data directory, written once and never changed.
//!
//! A key is content hash + generation; a generation is never reused, so nothing is ever
//! overwritten and a late writer cannot bring back what was deleted.

mod key;
mod put;

pub use key::{BlobKey, Original, hex};
pub use put::PARTIAL;

use std::fs::File;
use std::io::SeekFrom;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, ensure};
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path as StorePath;
use object_store::{
    GetOptions, GetRange, GetResult, GetResultPayload, ObjectStore, ObjectStoreExt,
};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use crate::cpu;

/// `[blobs]`
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct BlobsConfig {
    /// `file:///absolute/path`; empty is `blobs/` in the data directory.
    pub url: String,
}

impl BlobsConfig {
    pub fn problems(&self) -> Vec<String> {
        if self.url.is_empty() || self.directory().is_some() {
            return Vec::new();
        }
        vec![format!("blobs.url: {:?} is not of the form file:///absolute/path", self.url)]
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
/// Larger ones are streamed in chunks of this size.
const CHUNK_BYTES: usize = 512 * 1024;
/// Bytes this small are read at once.
const READ_AT_ONCE_BYTES: u64 = 256 * 1024;

#[derive(Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    /// The directory behind `store`, for placing a spooled file without copying it.
    root: PathBuf,
}

/// The bytes of a blob on their way.
pub type Chunks = BoxStream<'static, anyhow::Result<Bytes>>;

/// A stored object as a listing shows it.
pub struct Listed {
    pub path: String,
    pub bytes: u64,
    pub modified_ms: i64,
}

impl Blobs {
    pub fn open(config: &BlobsConfig, data: &Path) -> anyhow::Result<Self> {
        let root = config.root(data);
        std::fs::create_dir_all(&root).with_context(|| format!("making {}", root.display()))?;
        let root = root.canonicalize().with_context(|| format!("opening {}", root.display()))?;
        let store = LocalFileSystem::new_with_prefix(&root)
            .with_context(|| format!("opening {}", root.display()))?;
        put::make_shards(&root).with_context(|| format!("preparing {}", root.display()))?;
        Ok(Self { store: Arc::new(store), root })
    }

    /// The bytes of `part`, as a body. The range must lie inside the blob.
    pub async fn read(&self, key: &BlobKey<'_>, part: Range<u64>) -> anyhow::Result<Body> {
        let path = key.path();
        if part.is_empty() {
            return Ok(Body::empty());
        }
        let at_once = part.end - part.start <= READ_AT_ONCE_BYTES;
        let options = GetOptions { range: Some(GetRange::Bounded(part)), ..GetOptions::default() };
        let found = self.store.get_opts(&path, options).await;
        let found = found.with_context(|| format!("reading {path}"))?;
        if at_once {
            return Ok(Body::from(found.bytes().await.with_context(|| format!("reading {path}"))?));
        }
        Ok(Body::from_stream(in_chunks(found).await?))
    }

    /// All bytes of a blob.
    pub async fn bytes(&self, key: &BlobKey<'_>) -> anyhow::Result<Bytes> {
        let path = key.path();
        let found = self.store.get(&path).await.with_context(|| format!("reading {path}"))?;
        found.bytes().await.with_context(|| format!("reading {path}"))
    }

    /// The blob as a file, open for reading.
    pub async fn file(&self, key: &BlobKey<'_>) -> anyhow::Result<File> {
        let path = self.root.join(key.path().as_ref());
        cpu::run(move || File::open(&path).with_context(|| format!("opening {}", path.display())))
            .await
    }

    /// The whole blob, chunk by chunk.
    pub async fn stream(&self, key: &BlobKey<'_>) -> anyhow::Result<Chunks> {
        let path = key.path();
        let found = self.store.get(&path).await.with_context(|| format!("reading {path}"))?;
        in_chunks(found).await
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
    pub fn list(&self) -> impl futures_util::Stream<Item = anyhow::Result<Listed>> + '_ {
        self.store.list(None).map(|meta| {
            let meta = meta.context("listing what is stored")?;
            Ok(Listed {
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

/// A file's bytes in larger chunks than the store's own, for fewer trips to a thread and back.
async fn in_chunks(found: GetResult) -> anyhow::Result<Chunks> {
    let range = found.range.clone();
    match found.payload {
        GetResultPayload::File(file, _) => {
            let mut file = tokio::fs::File::from_std(file);
            file.seek(SeekFrom::Start(range.start)).await.context("reading a blob")?;
            let part = file.take(range.end - range.start);
            let chunks = ReaderStream::with_capacity(part, CHUNK_BYTES);
            Ok(chunks.map_err(|error| anyhow::Error::new(error).context("reading a blob")).boxed())
        }
        GetResultPayload::Stream(chunks) => {
            Ok(chunks.map_err(|error| anyhow::Error::new(error).context("reading a blob")).boxed())
        }
    }
}
