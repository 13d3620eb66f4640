//! What somebody meets who has never been here: mistakes in addresses, pages for people, waiting.

mod changing;
mod pages;
mod queries;
mod waiting;
mod zip;
