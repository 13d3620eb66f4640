//! From the files to the rows: what is stored that no row speaks of.

use futures_util::StreamExt;
use uuid::Uuid;

use super::{Difference, sql};
use crate::app::App;
use crate::blobs::{LAB_FILE, PARTIAL};
use crate::db::Conn;
use crate::fetch_optional;
use crate::ids::BlobId;

pub(super) async fn find_orphans(app: &App, found: &mut Vec<Difference>) -> anyhow::Result<()> {
    let mut files = app.blobs.list();
    let mut conn = app.db.read().await?;
    while let Some(file) = files.next().await {
        let file = file?;
        let (path, bytes, modified_ms) = (file.path, file.bytes, file.modified_ms);
        match is_orphan(&mut conn, &path).await? {
            Some(false) => {}
            Some(true) => found.push(Difference::OrphanFile { path, bytes, modified_ms }),
            None if path == LAB_FILE => {}
            None => found.push(Difference::ForeignFile { path }),
        }
    }
    Ok(())
}

/// Whether no row speaks of a file; nothing for one that is not ours.
pub(super) async fn is_orphan(conn: &mut Conn, path: &str) -> sqlx::Result<Option<bool>> {
    // A crash may leave half a copy beside its place. No row ever speaks of one.
    let half_of = path.strip_suffix(PARTIAL);
    let Some(named) = NamedBlob::parse(half_of.unwrap_or(path)) else { return Ok(None) };
    Ok(Some(half_of.is_some() || !named.has_row(conn).await?))
}

/// What a file's name says it is: `BlobKey`'s path, read backwards.
#[derive(Debug, PartialEq)]
struct NamedBlob {
    hash: Vec<u8>,
    generation: Uuid,
    /// Preset, version, version of `pixels`.
    variant: Option<(String, i64, i64)>,
}

impl NamedBlob {
    fn parse(path: &str) -> Option<Self> {
        let mut parts = path.split('/');
        let kind = parts.next()?;
        let _shard = parts.next()?;
        let (hash, generation) = parts.next()?.split_once('.')?;
        let variant = match (kind, parts.next()) {
            ("originals", None) => None,
            ("variants", Some(name)) => {
                let (rest, pixels_version) = name.rsplit_once('.')?;
                let (preset, version) = rest.rsplit_once('.')?;
                Some((preset.to_owned(), version.parse().ok()?, pixels_version.parse().ok()?))
            }
            _ => return None,
        };
        let generation = Uuid::try_parse(generation).ok()?;
        Some(Self { hash: parse_hex(hash)?, generation, variant })
    }

    /// Doomed blobs count: their bytes are about to be removed by a job.
    async fn has_row(&self, conn: &mut Conn) -> sqlx::Result<bool> {
        let (generation, hash) = (self.generation, &self.hash[..]);
        let sql = sql::SELECT_BY_GENERATION;
        let blob = fetch_optional!(conn, (BlobId, bool), sql, generation, hash)?;
        let Some((blob, is_discarded)) = blob else { return Ok(false) };
        let Some((preset, version, pixels_version)) = &self.variant else {
            return Ok(!is_discarded);
        };
        let (version, pixels_version) = (*version, *pixels_version);
        let row = fetch_optional!(
            conn,
            (i64,),
            sql::SELECT_VARIANT,
            blob,
            preset,
            version,
            pixels_version
        )?;
        Ok(row.is_some())
    }
}

fn parse_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks_exact(2);
    if !digits.remainder().is_empty() {
        return None;
    }
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blobs::{BlobKey, Original};

    #[test]
    fn every_key_reads_back_from_its_path() {
        let original = Original { hash: vec![0xab; 32], generation: Uuid::now_v7() };
        let named = |key: BlobKey<'_>| NamedBlob::parse(key.path().as_ref()).unwrap();
        let bare = named(BlobKey::Original(&original));
        assert_eq!((bare.hash, bare.generation), (original.hash.clone(), original.generation));
        let key =
            BlobKey::Variant { original: &original, preset: "a.b", version: 3, pixels_version: 1 };
        assert_eq!(named(key).variant, Some(("a.b".to_owned(), 3, 1)));
        for path in ["", "originals", "originals/ab/x", "other/ab/00.00", "originals/ab/0.x/y"] {
            assert_eq!(NamedBlob::parse(path), None, "{path}");
        }
    }
}
