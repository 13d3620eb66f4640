//! What [`pixels::without_location`] takes out of a file, and what it leaves as it was.

mod blocks;
mod corpus;
mod formats;
mod mutations;
mod trailers;
