//! The documented routes of older services: one thin file each, over the same features.

pub mod thumbnail;
