//! Bytes in, bytes out: probe, decode, orient, resize and encode pictures.

mod animate;
mod colour;
mod decode;
mod encode;
mod error;
mod exif;
mod facts;
mod ffi;
mod flatten;
mod format;
mod geometry;
mod hdr;
mod limits;
mod memory;
mod metadata;
mod orient;
mod picture;
mod probe;
mod quantise;
mod recipe;
mod reduce;
mod render;
mod resize;
mod sniff;
mod source;

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
