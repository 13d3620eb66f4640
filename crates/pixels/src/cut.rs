//! What is said of a JPEG of which too much is missing.

use crate::{Error, Format, container::jpeg::Pixels};

/// Says how little of the picture is there.
pub(crate) fn cut(pixels: Pixels) -> Error {
    let detail = match pixels {
        Pixels::Cut { there, all } => {
            format!("the file ends inside the picture: {} % of it are there", there * 100 / all)
        }
        _ => "the file ends early".to_owned(),
    };
    Error::malformed(Format::Jpeg, detail)
}
