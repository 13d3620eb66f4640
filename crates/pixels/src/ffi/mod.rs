//! The only unsafe code: thin safe wrappers over libjpeg-turbo, libwebp and libavif.

pub(crate) mod avif;
pub(crate) mod jpeg;
pub(crate) mod webp;
