//! All files of a request: stored, or only compared with those of an earlier one.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::Request;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::body_limits::Most;
use super::error::UploadError;
use super::files::{self, Files, Part, said_length};
use super::receive::{Allowed, Received, inspect, receive};
use super::store::{StoredImage, store};
use crate::accounts::Caller;
use crate::app::App;
use crate::http::Problem;
use crate::http::pace::Pace;
use crate::measures::{self, UploadOutcome};
use crate::tiers::retention::DeleteAfter;

/// What became of one file of a request.
pub struct UploadItem<T = StoredImage> {
    pub filename: String,
    /// BLAKE3 of the bytes, if all of them came in.
    pub hash: Option<[u8; 32]>,
    pub outcome: Result<T, Problem>,
}

impl<T> UploadItem<T> {
    /// Why the request ended before its end.
    fn nameless(problem: Problem) -> Self {
        Self { filename: String::new(), hash: None, outcome: Err(problem) }
    }
}

/// How a request may bring files.
#[derive(Default)]
pub struct Batch {
    pub files_max: usize,
    /// The name of a file that is the whole body.
    pub name_of_raw: Option<String>,
    /// The form's input that holds a title, if it is wanted.
    pub title_input: Option<&'static str>,
    /// When the images go by themselves, if not as tier and link say.
    pub delete_after: Option<DeleteAfter>,
}

/// What a request brought.
pub struct Brought<T = StoredImage> {
    pub items: Vec<UploadItem<T>>,
    pub title: Option<String>,
}

impl Batch {
    /// Takes in every file of the request. One bad file does not spoil the others.
    pub async fn store(
        self,
        app: &App,
        caller: &Caller,
        request: Request,
    ) -> Result<Brought, Problem> {
        let delete_after = self.delete_after;
        let keep = |filename, received| {
            store(app.clone(), caller.clone(), filename, received, delete_after).boxed()
        };
        let brought = self.for_each_file(app, caller, request, keep).await?;
        for item in &brought.items {
            measures::uploaded(match item.outcome {
                Ok(StoredImage::Created(_)) => UploadOutcome::Created,
                Ok(StoredImage::Duplicate(_)) => UploadOutcome::Duplicate,
                Err(_) => UploadOutcome::Rejected,
            });
        }
        Ok(brought)
    }

    /// Receives the files and keeps nothing.
    pub async fn compare(
        self,
        app: &App,
        caller: &Caller,
        request: Request,
    ) -> Result<Brought<()>, Problem> {
        let pictures = &app.config.pictures;
        let look = |_, received: Received| {
            let limits = pictures.limits(received.bytes);
            async move { Ok(inspect(received.buffered, limits).await.map(|_| ())?) }.boxed()
        };
        self.for_each_file(app, caller, request, look).await
    }

    async fn for_each_file<T>(
        self,
        app: &App,
        caller: &Caller,
        request: Request,
        keep: impl Fn(String, Received) -> BoxFuture<'static, Result<T, Problem>>,
    ) -> Result<Brought<T>, Problem> {
        let pace = Pace {
            idle: Duration::from_secs(app.config.uploads.idle_secs),
            rate_min: app.config.uploads.rate_min,
        };
        let said = said_length(request.headers()).unwrap_or(0);
        // What is too large in any case is told so, and not that there is no room for it.
        let said = if said > app.config.uploads.bytes_max { 0 } else { said };
        if let Err(full) = app.room.check(said) {
            files::let_go(request.into_body());
            return Err(full);
        }
        let most = Most { files: self.files_max, bytes: app.config.uploads.bytes_max };
        let mut files = Files::open(request, self.name_of_raw, pace, most).await?;
        let (mut items, mut title) = (Vec::new(), None);
        let mut bytes_left = app.config.uploads.bytes_max;
        loop {
            let mut file = match files.next().await {
                Ok(Some(file)) if file.is_file => file,
                Ok(Some(input)) => {
                    let is_title = self.title_input == Some(&*input.input);
                    match input.text().await {
                        Ok(text) if is_title => title = Some(text),
                        Ok(_) => {}
                        Err(problem) if items.is_empty() => return Err(problem),
                        Err(problem) => {
                            items.push(UploadItem::nameless(problem));
                            break;
                        }
                    }
                    continue;
                }
                Ok(None) => break,
                Err(problem) if items.is_empty() => return Err(problem),
                // What was stored before the body broke off is stored, and said so.
                Err(problem) => {
                    items.push(UploadItem::nameless(problem));
                    break;
                }
            };
            let filename = std::mem::take(&mut file.name);
            if items.len() == self.files_max {
                let outcome = Err(UploadError::TooManyFiles { max: self.files_max }.into());
                items.push(UploadItem { filename, hash: None, outcome });
                break;
            }
            let (hash, outcome) = match receive_file(app, caller, &mut file, bytes_left).await {
                Ok(received) => {
                    bytes_left -= received.bytes;
                    measures::UPLOADED_BYTES.fetch_add(received.bytes, Ordering::Relaxed);
                    let hash = received.hash;
                    (Some(hash), keep(filename.clone(), received).await)
                }
                Err(problem) => (None, Err(problem)),
            };
            let is_refused = outcome.is_err();
            items.push(UploadItem { filename, hash, outcome });
            if is_refused && !file.skip().await {
                break;
            }
        }
        files.let_go();
        if items.is_empty() {
            Err(UploadError::NoFile.into())
        } else {
            Ok(Brought { items, title })
        }
    }
}

/// Takes in one file. `bytes_left` are those of the whole request.
async fn receive_file(
    app: &App,
    caller: &Caller,
    file: &mut Part<'_>,
    bytes_left: u64,
) -> Result<Received, Problem> {
    let of_link = caller.link.as_ref().and_then(|link| link.bytes_max).map(|most| most as u64);
    let of_file = caller.tier().upload_bytes_max.min(of_link.unwrap_or(u64::MAX));
    let bytes_max = of_file.min(bytes_left);
    let too_large = || {
        if bytes_left < of_file {
            UploadError::BatchTooLarge { max: app.config.uploads.bytes_max }
        } else {
            UploadError::TooLarge { max: of_file }
        }
    };
    // A length that is said and too large need not be waited for.
    if file.content_length.is_some_and(|said| said > bytes_max) {
        return Err(too_large().into());
    }
    let allowed = Allowed { bytes_max, too_large: too_large(), room: app.room.clone() };
    Ok(receive(&app.spool, file, allowed).await?)
}
