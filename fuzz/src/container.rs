//! The walker that the planes need of all those of `pixels`.

#[path = "../../crates/pixels/src/container/jpeg/mod.rs"]
pub(crate) mod jpeg;
