//! The only unsafe code: thin safe wrappers over libwebp and libavif.

pub(crate) mod avif;
pub(crate) mod webp;
