//! Why a file is not taken.

use crate::http::Problem;
use crate::http::code::Code;
use crate::http::problem::TxError;
use crate::http::words::size;

/// The sender's fault, each with what helps.
#[derive(Debug, Clone, thiserror::Error)]
pub enum UploadError {
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

impl From<UploadError> for TxError {
    fn from(refused: UploadError) -> Self {
        Self::Refused(refused.into())
    }
}

impl From<UploadError> for Problem {
    fn from(refused: UploadError) -> Self {
        let detail = refused.to_string();
        match refused {
            UploadError::TooLarge { max } => Self::new(Code::TooLarge, detail).with("limit", max),
            UploadError::Empty => Self::new(Code::EmptyFile, detail),
            UploadError::Picture(error) => Self::new((&error).into(), detail),
            UploadError::Truncated => Self::new(Code::Truncated, detail),
            UploadError::QuotaReached { used, limit } => {
                Self::new(Code::QuotaReached, detail).with("used", used).with("limit", limit)
            }
            UploadError::LibraryFull => Self::new(Code::QuotaReached, detail),
            UploadError::Suspended => Self::new(Code::Suspended, detail),
            UploadError::TooManyFiles { .. } => Self::new(Code::TooManyFiles, detail),
            UploadError::BatchTooLarge { max } => {
                Self::new(Code::BatchTooLarge, detail).with("limit", max)
            }
            UploadError::TooManyInputs { .. } => Self::new(Code::TooManyInputs, detail),
            UploadError::InputsTooLarge { max } => {
                Self::new(Code::InputsTooLarge, detail).with("limit", max)
            }
            UploadError::FormatNotInLink { .. } => Self::new(Code::FormatNotInLink, detail),
            UploadError::LinkFull { images_left, bytes_left } => {
                Self::new(Code::UploadLinkFull, detail)
                    .with("images_left", images_left)
                    .with("bytes_left", bytes_left)
            }
            UploadError::NoFile => Self::new(Code::NoFile, detail),
            UploadError::BrokenBody(_) => Self::new(Code::BrokenBody, detail),
            UploadError::TooSlow { .. } => Self::new(Code::TooSlow, detail),
        }
    }
}

impl From<&pixels::Error> for Code {
    fn from(error: &pixels::Error) -> Self {
        match error {
            pixels::Error::Unsupported { .. } => Self::UnsupportedFormat,
            pixels::Error::NotAnImage { .. } => Self::NotAnImage,
            pixels::Error::Malformed { .. } => Self::MalformedImage,
            pixels::Error::OverLimit { .. } => Self::OverLimit,
            pixels::Error::OverByteBudget { .. } => Self::OverByteBudget,
            pixels::Error::Encode { .. } => Self::EncodeFailed,
        }
    }
}

#[cfg(test)]
mod tests {
    use pixels::{Error, Format, Over};

    use super::*;

    #[test]
    fn pictures_are_refused_with_the_words_of_pixels() {
        let (format, detail) = (Format::Png, String::new());
        for error in [
            Error::Unsupported { what: detail.clone() },
            Error::NotAnImage { looks_like: detail.clone() },
            Error::Malformed { format, detail: detail.clone() },
            Error::OverLimit { over: Over::Scans { found: 2, most: 1 } },
            Error::OverByteBudget { format, best: 2, budget: 1 },
            Error::Encode { format, detail },
        ] {
            assert_eq!(Code::from(&error).as_str(), error.code());
        }
    }
}
