//! The only unsafe code: thin safe wrappers over libjpeg-turbo, libwebp, libavif and the system's libheif.

pub(crate) mod avif;
pub(crate) mod heif;
pub(crate) mod jpeg;
pub(crate) mod webp;
