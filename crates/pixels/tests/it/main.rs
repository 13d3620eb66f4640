//! Tests of the `pixels` crate through its public interface.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic like tests")]

mod allocations;
mod animation;
mod budget;
mod cases;
mod colour;
mod corpus;
mod cuts;
mod foreign;
mod geometry;
mod kinds;
mod ladder;
mod limits;
mod location;
mod metadata;
mod orientation;
mod output;
mod properties;
mod served;
mod support;
