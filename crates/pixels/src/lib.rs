//! Bytes in, bytes out: probe, decode, orient, resize and encode strangers' pictures.
//!
//! [`probe`] reads what a file's header says and refuses what is no picture, not supported, or
//! over the [`Limits`]; it decodes nothing. [`render`] decodes a picture once and makes a variant
//! for each [`Recipe`]. [`metadata`] reads the camera's notes; [`without_location`] takes the place
//! out of a file and leaves the rest as it is.
//!
//! ```
//! use pixels::{Fit, Format, Limits, OutputFormat, Recipe, probe, render};
//!
//! let bytes = b"GIF89a\x01\0\x01\0\x80\0\0\xff\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
//! let limits = Limits::default();
//! let facts = probe(std::io::Cursor::new(bytes), &limits)?;
//! assert_eq!((facts.format, facts.upright()), (Format::Gif, (1, 1)));
//!
//! let thumb = Recipe {
//!     fit: Fit::Cover,
//!     width: Some(100),
//!     height: Some(100),
//!     format: OutputFormat::Jpeg,
//!     ..Recipe::default()
//! };
//! for made in render(bytes, &[thumb], &limits)? {
//!     assert_eq!(made?.format, Format::Jpeg);
//! }
//! # Ok::<(), pixels::Error>(())
//! ```
//!
//! The way of the pixels, one file a step: `sniff` and `probe` say what it is, `geometry` plans,
//! `ladder` chooses the steps in between, `decode` delivers pixels at about the wanted size, `colour` makes them sRGB, `resize` draws,
//! `orient` turns, `flatten` lays them on their canvas, `encode` writes. `animate` does the same
//! frame by frame. `memory` knows beforehand what all that takes.
//!
//! The result depends only on bytes, recipes and limits: there is no I/O but the reader that is
//! handed over, no clock and no global state, but for the system's libheif, which is loaded when a
//! HEIC is first met.

mod animate;
mod colour;
mod container;
mod cut;
mod date;
mod decode;
mod encode;
mod error;
mod exif;
mod facts;
mod ffi;
mod flatten;
mod format;
mod frame;
mod geometry;
mod guard;
mod hdr;
mod ladder;
mod limits;
mod location;
mod memory;
mod metadata;
mod orient;
mod picture;
mod planar;
mod probe;
mod quantise;
mod recipe;
mod reduce;
mod render;
mod rendered;
mod resize;
mod scale;
mod sniff;
mod source;

pub use error::{Error, Over};
pub use facts::Facts;
pub use format::{Format, UnknownFormat};
pub use limits::Limits;
pub use location::without_location;
pub use metadata::{Exposure, Gps, Metadata, metadata};
pub use probe::probe;
pub use recipe::{Animation, Fit, OutputFormat, Recipe};
pub use render::render;
pub use rendered::Rendered;

/// Raised when the bytes that [`render`] makes may change. Part of variant keys and `ETag`s.
pub const VERSION: u32 = 3;
