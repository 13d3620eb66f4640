//! Bytes in, bytes out: probe, decode, orient, resize and encode pictures.

mod error;
mod facts;
mod format;
mod limits;
mod metadata;
mod probe;
mod recipe;
mod render;

pub use error::{Error, Over};
pub use facts::Facts;
pub use format::{Format, UnknownFormat};
pub use limits::Limits;
pub use metadata::{Exposure, Gps, Metadata, metadata};
pub use probe::probe;
pub use recipe::{Animation, Fit, OutputFormat, Recipe};
pub use render::{Rendered, render};

/// Raised when the bytes that [`render`] makes may change. Part of variant keys and `ETag`s.
pub const VERSION: u32 = 1;
