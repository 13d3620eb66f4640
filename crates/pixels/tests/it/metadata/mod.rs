//! The camera's notes: what they cost to read, what they claim, and what strangers make of them.

mod attacks;
mod claims;
mod cost;
mod mutations;
mod place;
mod sense;
