//! The bytes of a zip file as they are asked for: never more of it in memory than a chunk.

use std::collections::HashSet;
use std::io::Write;
use std::mem::take;
use std::sync::{Arc, Mutex};

use anyhow::{Context, ensure};
use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::sync::mpsc::{Sender, channel};
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, StreamWriter, ZipWriter};

use super::{ArchiveWish, Going};
use crate::app::App;
use crate::blobs::BlobKey;
use crate::http::Problem;
use crate::http::code::Code;
use crate::http::disposition::{named_as, stem};
use crate::http::intact::{self, Damage};
use crate::http::tag::short_tag;
use crate::ids::{AccountId, ImageId};
use crate::images::Image;
use crate::images::routes::{find_own, may_have_original, without_place};
use crate::shares::SharePlace;
use crate::variants::on_demand::obtain;
use crate::variants::routes::{allowed_preset, parse_format};
use axum::http::StatusCode;

/// Chunks between whoever writes and whoever reads.
const AHEAD: usize = 2;
/// From here on sizes take 64 bits; a little earlier than they must.
const LARGE_BYTES: i64 = 0xFFFF_0000;

/// Takes what the writer writes, until it is handed on.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn take(&self) -> Bytes {
        take(&mut *self.0.lock().expect("nobody panics holding it")).into()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics holding it").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A zip file on its way out.
struct Zip {
    writer: ZipWriter<StreamWriter<Sink>>,
    sink: Sink,
    out: Sender<anyhow::Result<Bytes>>,
    names: HashSet<String>,
}

/// The file as a body. Whoever takes it slowly holds the place, one file and two chunks.
pub(super) fn body(
    app: App,
    wish: ArchiveWish,
    place: SharePlace<AccountId>,
    going: Going,
) -> Body {
    let (out, chunks) = channel(AHEAD);
    crate::spawn(async move {
        let written = write(&app, wish, &going, out.clone()).await;
        if let Err(cause) = written
            && !out.is_closed()
        {
            tracing::error!(cause = format!("{cause:#}"), "a zip file breaks off");
            // The connection ends without the end of the file: nobody takes it for whole.
            let _ = out.send(Err(cause)).await;
        }
        drop(place);
    });
    let next = |mut chunks: tokio::sync::mpsc::Receiver<_>| async {
        chunks.recv().await.map(|chunk: anyhow::Result<Bytes>| (chunk, chunks))
    };
    Body::from_stream(stream::unfold(chunks, next))
}

async fn write(
    app: &App,
    wish: ArchiveWish,
    going: &Going,
    out: Sender<anyhow::Result<Bytes>>,
) -> anyhow::Result<()> {
    let sink = Sink::default();
    let writer = ZipWriter::new_stream(sink.clone());
    let mut zip = Zip { writer, sink, out, names: HashSet::new() };
    let (mut missing, mut downloaded) = (String::new(), Vec::new());
    for id in &wish.ids {
        match put(app, &wish, *id, &mut zip).await? {
            Ok(goes) => downloaded.extend(goes),
            Err(problem) => missing.extend([&*id.to_string(), ": ", &problem.detail, "\r\n"]),
        }
    }
    if !missing.is_empty() {
        let bytes = missing.len() as i64;
        zip.begin("not-included.txt", bytes, app.clock.now_ms())?;
        zip.write(missing.as_bytes()).await?;
    }
    *going.lock().expect("nobody panics holding it") = downloaded;
    zip.end().await
}

/// One picture; or why it is not there any more. Its id comes back if this was the download it goes
/// after.
async fn put(
    app: &App,
    wish: &ArchiveWish,
    id: ImageId,
    zip: &mut Zip,
) -> anyhow::Result<Result<Option<ImageId>, Problem>> {
    let image = match find_own(app, &wish.caller, id).await {
        Ok(image) => image,
        Err(problem) => return refused(problem),
    };
    let original = image.blob.original();
    let variant = match chosen(app, wish, &image).await {
        Ok(variant) => variant,
        Err(problem) => return refused(problem),
    };
    let (key, bytes, name) = match (&variant, &wish.preset) {
        (None, _) => (BlobKey::Original(&original), image.blob.bytes, original_name(&image)?),
        (Some(copy), None) => (copy.key(&original), copy.bytes, original_name(&image)?),
        (Some(made), Some(preset)) => {
            let extension = parse_format(made)?.extension();
            let name = format!("{}.{preset}.{extension}", stem(&image.filename));
            (made.key(&original), made.bytes, name)
        }
    };
    if let Some(problem) = flaw(app, &image, &key, bytes).await? {
        return Ok(Err(problem));
    }
    let hash = variant.as_ref().map_or(&image.blob.hash, |variant| &variant.hash);
    let mut chunks = match app.blobs.read(&key, 0..bytes as u64).await {
        // What turns out to be wrong breaks the file off, and is known the next time.
        Ok(Some(body)) => intact::verified(&app.blobs, body, bytes as u64, short_tag(hash), &key)
            .into_data_stream(),
        Ok(None) => {
            let detail = "too many large pictures were being sent; download it again";
            let busy = Problem::new(Code::Busy, detail);
            // For this file only: the zip goes on.
            return refused(busy.with_status(StatusCode::UNPROCESSABLE_ENTITY));
        }
        Err(cause) => {
            // Deleted since the look a moment ago, or else a fault that is worth a broken file.
            return match find_own(app, &wish.caller, id).await {
                Err(problem) => refused(problem),
                Ok(_) => Err(cause),
            };
        }
    };
    zip.begin(&name, bytes, image.created_ms)?;
    let mut left = bytes;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.context("reading a picture for a zip file")?;
        left -= chunk.len() as i64;
        zip.write(&chunk).await?;
    }
    ensure!(left == 0, "a stored file is not as long as its row says");
    Ok(Ok(image.delete_after_download()))
}

/// The file's name, under the extension of what it is.
fn original_name(image: &Image) -> anyhow::Result<String> {
    Ok(named_as(&image.filename, image.blob.format()?))
}

/// Why what is stored cannot be in the file.
async fn flaw(
    app: &App,
    image: &Image,
    key: &BlobKey<'_>,
    bytes: i64,
) -> anyhow::Result<Option<Problem>> {
    let found = intact::find_damage(&app.blobs, key, bytes as u64).await?;
    let is_marked = matches!(key, BlobKey::Original(_)) && image.blob.damaged_ms.is_some();
    let damage = found.or_else(|| is_marked.then_some(Damage::Changed));
    Ok(damage.map(|damage| damage.problem(key)))
}

fn refused<T>(problem: Problem) -> anyhow::Result<Result<T, Problem>> {
    let is_damage = problem.code == Code::OriginalDamaged;
    ensure!(is_damage || !problem.status.is_server_error(), "{}", problem.detail);
    Ok(Err(problem))
}

/// What is stored of an image for this wish; nothing is the original as it came.
async fn chosen(
    app: &App,
    wish: &ArchiveWish,
    image: &Image,
) -> Result<Option<crate::variants::Variant>, Problem> {
    let Some(preset) = &wish.preset else {
        may_have_original(&wish.caller, image)?;
        return without_place(app, &wish.caller, image).await;
    };
    let preset = allowed_preset(&wish.caller, preset)?;
    let patience = std::time::Duration::from_secs(app.config.variants.wait_secs);
    let made = obtain(app, image.account_id, image.id, preset, patience, true).await?;
    made.map(Some)
        .ok_or_else(|| Problem::new(Code::NotMadeYet, "it is not made yet; try again in a while"))
}

impl Zip {
    /// Starts a file of so many bytes, under a name that no other one has.
    fn begin(&mut self, name: &str, bytes: i64, made_ms: i64) -> anyhow::Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(bytes > LARGE_BYTES)
            .unix_permissions(0o644)
            .last_modified_time(dos_time(made_ms));
        let name = unique(name, &mut self.names);
        self.writer.start_file(name, options).context("starting a file of a zip")
    }

    async fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.writer.write_all(bytes)?;
        self.hand_on().await
    }

    async fn end(mut self) -> anyhow::Result<()> {
        let Self { writer, sink, out, .. } = &mut self;
        let writer = std::mem::replace(writer, ZipWriter::new_stream(Sink::default()));
        writer.finish().context("ending a zip file")?;
        out.send(Ok(sink.take())).await.context("nobody reads it")
    }

    /// Waits for the reader.
    async fn hand_on(&self) -> anyhow::Result<()> {
        self.out.send(Ok(self.sink.take())).await.context("nobody reads it")
    }
}

/// A name that all systems can make a file of: Windows has characters, ends and devices that it does not take.
fn portable(name: &str) -> String {
    const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];
    const NUMBERED: [&str; 2] = ["com", "lpt"];
    let is_bad = |c: char| {
        c.is_control() || matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*' | '\\' | '/')
    };
    let name = name.replace(is_bad, "_");
    let name = name.trim_end_matches(['.', ' ']);
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let is_numbered = |device: &&str| {
        stem.strip_prefix(*device).is_some_and(|rest| matches!(rest.as_bytes(), [b'1'..=b'9']))
    };
    let is_device = DEVICES.contains(&&*stem) || NUMBERED.iter().any(is_numbered);
    if is_device || name.is_empty() { format!("_{name}") } else { name.to_owned() }
}

/// `cat.jpg`, `cat (2).jpg`: some systems take `Cat.jpg` for the same name.
fn unique(name: &str, names: &mut HashSet<String>) -> String {
    let name = &portable(name)[..];
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) => (stem, format!(".{extension}")),
        None => (name, String::new()),
    };
    let mut candidate = name.to_owned();
    let mut number = 1;
    while !names.insert(candidate.to_lowercase()) {
        number += 1;
        candidate = format!("{stem} ({number}){extension}");
    }
    candidate
}

/// A moment as zip files have it: UTC, from 1980 on.
fn dos_time(ms: i64) -> zip::DateTime {
    let moment = jiff::Timestamp::from_millisecond(ms).unwrap_or_default();
    let moment = moment.to_zoned(jiff::tz::TimeZone::UTC);
    let part = |number: i8| number.unsigned_abs();
    zip::DateTime::from_date_and_time(
        moment.year().unsigned_abs(),
        part(moment.month()),
        part(moment.day()),
        part(moment.hour()),
        part(moment.minute()),
        part(moment.second()),
    )
    .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_files_have_one_name() {
        let mut names = HashSet::new();
        let named =
            ["a.jpg", "A.jpg", "a (2).jpg", "a.jpg", "a", "a"].map(|n| unique(n, &mut names));
        assert_eq!(named, ["a.jpg", "A (2).jpg", "a (2) (2).jpg", "a (3).jpg", "a", "a (2)"]);
    }

    #[test]
    fn every_system_can_make_a_file_of_a_name() {
        for (name, expected) in [
            ("cat.jpg", "cat.jpg"),
            ("at 12:30 <home>?.jpg", "at 12_30 _home__.jpg"),
            ("a\\b/c.jpg", "a_b_c.jpg"),
            ("CON.jpg", "_CON.jpg"),
            ("com1.tar.gz", "_com1.tar.gz"),
            ("com10.jpg", "com10.jpg"),
            ("console.jpg", "console.jpg"),
            ("cat. ", "cat"),
            ("...", "_"),
        ] {
            assert_eq!(portable(name), expected, "{name:?}");
        }
    }

    #[test]
    fn names_differ_for_systems_that_know_no_case() {
        let mut names = HashSet::new();
        let made =
            ["cat.jpg", "Cat.jpg", "cat?.jpg", "cat*.jpg"].map(|name| unique(name, &mut names));
        assert_eq!(made, ["cat.jpg", "Cat (2).jpg", "cat_.jpg", "cat_ (2).jpg"]);
    }
}
