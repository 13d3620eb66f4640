//! Tests of the `pixels` crate through its public interface.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic like tests")]

mod animation;
mod budget;
mod colour;
mod corpus;
mod geometry;
mod limits;
mod location;
mod orientation;
mod output;
mod properties;
mod support;
