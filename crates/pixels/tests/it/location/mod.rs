//! What [`pixels::without_location`] takes out of a file, and what it leaves as it was.

pub(crate) mod blocks;
mod corpus;
mod exiftool;
pub(crate) mod formats;
mod leftovers;
mod mutations;
mod trailers;
