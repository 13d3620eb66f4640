//! Tests of the `pixels` crate through its public interface.

mod animation;
mod budget;
mod colour;
mod corpus;
mod geometry;
mod limits;
mod orientation;
mod output;
mod properties;
mod support;
