//! How containers are walked: one walker each, for those who read a file and for those who clean it,
//! so that no file can be read one way and cleaned another.

pub(crate) mod jpeg;
pub(crate) mod tiff;
