//! A request's files, one after the other, whatever form they come in.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::extract::multipart::Field;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};

use super::body_limits::{BodyLimits, Most};
use super::error::UploadError;
use crate::http::Problem;
use crate::http::disposition::safe_name;
use crate::http::filename;
use crate::http::pace::Pace;
use crate::http::problem::TxError;

/// After a refused file so many more of its bytes are read, so that the next file can be reached
/// and the sender hears the answer. A sender with more than that to say is cut off.
const SKIPPED_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// A name is shorter.
const TEXT_BYTES_MAX: usize = 4096;
const SKIPPING_MAX: Duration = Duration::from_secs(30);
/// Inputs of a form beside its files.
const INPUTS_MAX: usize = 100;

/// The files of one request.
pub(super) struct Files {
    source: Source,
    flow: BodyLimits,
    inputs: usize,
}

enum Source {
    Form(Multipart),
    Raw(Raw),
}

/// One file that is the whole body.
struct Raw {
    /// Until it was handed out.
    name: Option<String>,
    content_length: Option<u64>,
    body: BodyDataStream,
}

/// A file on its way in, or another input of a form: a stream of its bytes.
pub(super) struct Part<'a> {
    /// Made safe.
    pub name: String,
    pub is_file: bool,
    /// What the form calls this input.
    pub input: String,
    /// As many bytes as it was said to have.
    pub content_length: Option<u64>,
    bytes: PartBytes<'a>,
    flow: BodyLimits,
}

enum PartBytes<'a> {
    Form(Box<Field<'a>>),
    Raw(&'a mut BodyDataStream),
}

impl Files {
    /// `name_of_raw` is the name of a file that is the whole body.
    pub(super) async fn open(
        request: Request,
        name_of_raw: Option<String>,
        pace: Pace,
        most: Most,
    ) -> Result<Self, Problem> {
        let flow = BodyLimits::new(pace, most);
        let mut request = request.map(|body| flow.watch(body));
        // Bytes are counted by the tier of the caller.
        DefaultBodyLimit::disable().apply(&mut request);
        if !is_multipart(request.headers()) {
            flow.enter_file();
            let raw = Raw {
                name: Some(safe_name(&name_of_raw.unwrap_or_default())),
                content_length: said_length(request.headers()),
                body: request.into_body().into_data_stream(),
            };
            return Ok(Self { source: Source::Raw(raw), flow, inputs: 0 });
        }
        let form = Multipart::from_request(request, &()).await;
        let form = form.map_err(|rejected| flow.refusal(rejected.body_text()))?;
        Ok(Self { source: Source::Form(form), flow, inputs: 0 })
    }

    /// The next file, or none after the last one. A form's other inputs come, too: see `is_file`.
    pub(super) async fn next(&mut self) -> Result<Option<Part<'_>>, Problem> {
        let flow = self.flow.clone();
        match &mut self.source {
            Source::Raw(raw) => Ok(raw.name.take().map(|name| Part {
                name,
                is_file: true,
                input: String::new(),
                content_length: raw.content_length,
                bytes: PartBytes::Raw(&mut raw.body),
                flow,
            })),
            Source::Form(form) => {
                flow.leave_file();
                let field = form.next_field().await;
                let field = field.map_err(|error| flow.refusal(error.body_text()))?;
                let Some(field) = field else { return Ok(None) };
                let name = filename::of_part(field.headers());
                let is_file = name.is_some() || is_file(&field);
                if is_file {
                    flow.enter_file();
                } else {
                    self.inputs += 1;
                    if self.inputs > INPUTS_MAX {
                        return Err(UploadError::TooManyInputs { max: INPUTS_MAX }.into());
                    }
                }
                let name = safe_name(&name.unwrap_or_default());
                Ok(Some(Part {
                    name,
                    is_file,
                    input: field.name().unwrap_or_default().to_owned(),
                    content_length: None,
                    bytes: PartBytes::Form(field.into()),
                    flow,
                }))
            }
        }
    }

    /// Reads on behind the answer, so that a sender who does not listen yet can finish.
    pub(super) fn let_go(self) {
        if let Source::Raw(raw) = self.source {
            read_on(raw.body);
        }
    }
}

/// The same of a body that nothing was taken of.
pub(super) fn let_go(body: Body) {
    read_on(body.into_data_stream());
}

fn read_on(mut body: BodyDataStream) {
    crate::spawn(async move { skip(&mut body).await });
}

impl Part<'_> {
    /// The text of an input that is no file, as far as it is worth reading. What is not worth it is read
    /// as well: it counts.
    pub(super) async fn text(mut self) -> Result<String, Problem> {
        let mut text = Vec::new();
        while let Some(chunk) = self.next().await {
            let chunk = chunk?;
            self.flow.count_input(chunk.len())?;
            text.extend(chunk);
            text.truncate(TEXT_BYTES_MAX);
        }
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Reads on to the end of a refused file; false when the next one cannot be reached.
    pub(super) async fn skip(self) -> bool {
        match self.bytes {
            PartBytes::Form(mut field) => skip(&mut field).await,
            PartBytes::Raw(_) => false,
        }
    }
}

impl Stream for Part<'_> {
    type Item = Result<Bytes, TxError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let chunk = match &mut self.bytes {
            PartBytes::Form(field) => {
                let chunk = ready!(field.poll_next_unpin(context));
                chunk.map(|chunk| chunk.map_err(|error| error.body_text()))
            }
            PartBytes::Raw(body) => {
                let chunk = ready!(body.poll_next_unpin(context));
                chunk.map(|chunk| chunk.map_err(|error| error.to_string()))
            }
        };
        Poll::Ready(chunk.map(|chunk| chunk.map_err(|text| TxError::from(self.flow.refusal(text)))))
    }
}

async fn skip<E>(body: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin)) -> bool {
    let mut skipped = 0;
    let read_on = async {
        while let Some(chunk) = body.next().await {
            let Ok(chunk) = chunk else { return false };
            skipped += chunk.len() as u64;
            if skipped > SKIPPED_BYTES_MAX {
                return false;
            }
        }
        true
    };
    tokio::time::timeout(SKIPPING_MAX, read_on).await.unwrap_or(false)
}

pub(super) fn said_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A form's inputs without a file name have no type of their own either.
fn is_file(field: &Field<'_>) -> bool {
    field.content_type().is_some_and(|media_type| !media_type.starts_with("text/"))
}

fn is_multipart(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|value| value.to_ascii_lowercase().starts_with("multipart/form-data"))
}
