//! Why a file is not taken.

use axum::http::StatusCode;

use crate::http::Problem;
use crate::http::problem::Stop;
use crate::http::words::size;

/// The sender's fault, each with what helps.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refused {
    #[error("the file is larger than the {} that are allowed", size(*.max))]
    TooLarge { max: u64 },
    #[error("the file is empty")]
    Empty,
    #[error(transparent)]
    Picture(#[from] pixels::Error),
    #[error("{}", crate::tiers::TRUNCATED)]
    Truncated,
    #[error("{used} of {limit} images are kept; delete some first, or move to a larger tier")]
    QuotaReached { used: i64, limit: i64 },
    #[error("this account is suspended")]
    Suspended,
    #[error("one request may bring at most {max} files")]
    TooManyFiles { max: usize },
    #[error("one request may bring at most {}", size(*.max))]
    BatchTooLarge { max: u64 },
    #[error("a form may have at most {max} inputs beside its files")]
    TooManyInputs { max: usize },
    #[error("what a form brings beside its files may have at most {max} bytes")]
    InputsTooLarge { max: u64 },
    #[error("this link takes {taken} pictures, and this one is {format}")]
    FormatNotInLink { format: pixels::Format, taken: String },
    #[error("{}", link_is_full(*.images_left, *.bytes_left))]
    LinkFull { images_left: Option<i64>, bytes_left: Option<i64> },
    #[error("the library that this link brings pictures to is full")]
    LibraryFull,
    #[error("there is no file in the request")]
    NoFile,
    #[error("the request body is broken: {0}")]
    BrokenBody(String),
    #[error(
        "the bytes came too slowly: nothing for {secs} s, or less than {rate_min} bytes a second"
    )]
    TooSlow { secs: u64, rate_min: u64 },
}

fn link_is_full(images_left: Option<i64>, bytes_left: Option<i64>) -> String {
    match (images_left, bytes_left) {
        (Some(left), _) if left <= 0 => "this link is full: it takes no more pictures".to_owned(),
        (_, Some(left)) if left > 0 => {
            format!("this link has room for {} more only", size(left as u64))
        }
        _ => "this link is full: it takes no more bytes".to_owned(),
    }
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused.into())
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let detail = refused.to_string();
        match refused {
            Refused::TooLarge { max } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail).with("limit", max)
            }
            Refused::Empty => Self::unprocessable("empty_file", detail),
            Refused::Picture(error) => picture_problem(&error, detail),
            Refused::Truncated => Self::unprocessable("truncated", detail),
            Refused::QuotaReached { used, limit } => {
                Self::forbidden("quota_reached", detail).with("used", used).with("limit", limit)
            }
            Refused::LibraryFull => Self::forbidden("quota_reached", detail),
            Refused::Suspended => Self::forbidden("suspended", detail),
            Refused::TooManyFiles { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_many_files", detail)
            }
            Refused::BatchTooLarge { max } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "batch_too_large", detail)
                    .with("limit", max)
            }
            Refused::TooManyInputs { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_many_inputs", detail)
            }
            Refused::InputsTooLarge { max } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "inputs_too_large", detail)
                    .with("limit", max)
            }
            Refused::FormatNotInLink { .. } => {
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "format_not_in_link", detail)
            }
            Refused::LinkFull { images_left, bytes_left } => {
                Self::forbidden("upload_link_full", detail)
                    .with("images_left", images_left)
                    .with("bytes_left", bytes_left)
            }
            Refused::NoFile => Self::unprocessable("no_file", detail),
            Refused::BrokenBody(_) => Self::bad_request("broken_body", detail),
            Refused::TooSlow { .. } => Self::new(StatusCode::REQUEST_TIMEOUT, "too_slow", detail),
        }
    }
}

fn picture_problem(error: &pixels::Error, detail: String) -> Problem {
    let status = match error {
        pixels::Error::Unsupported { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        pixels::Error::NotAnImage { .. }
        | pixels::Error::Malformed { .. }
        | pixels::Error::OverLimit { .. }
        | pixels::Error::Encode { .. }
        | pixels::Error::OverByteBudget { .. } => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Problem::new(status, error.code(), detail)
}
