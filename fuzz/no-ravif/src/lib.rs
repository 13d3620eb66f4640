//! Stands in for the AVIF encoder, which no target calls and which takes long to compile. It has what
//! `pixels` names of it, and refuses everything.

use std::marker::PhantomData;

#[derive(Default)]
pub struct Encoder;

pub enum BitDepth {
    Eight,
}

pub struct EncodedImage {
    pub avif_file: Vec<u8>,
}

pub struct Img<T>(PhantomData<T>);

impl<T> Img<T> {
    pub fn new(_: T, _: usize, _: usize) -> Self {
        Self(PhantomData)
    }
}

pub struct RGB8;

impl RGB8 {
    pub fn new(_: u8, _: u8, _: u8) -> Self {
        Self
    }
}

pub struct RGBA8;

impl RGBA8 {
    pub fn new(_: u8, _: u8, _: u8, _: u8) -> Self {
        Self
    }
}

impl Encoder {
    pub fn new() -> Self {
        Self
    }

    #[must_use]
    pub fn with_quality(self, _: f32) -> Self {
        self
    }

    #[must_use]
    pub fn with_alpha_quality(self, _: f32) -> Self {
        self
    }

    #[must_use]
    pub fn with_bit_depth(self, _: BitDepth) -> Self {
        self
    }

    #[must_use]
    pub fn with_speed(self, _: u8) -> Self {
        self
    }

    #[must_use]
    pub fn with_num_threads(self, _: Option<usize>) -> Self {
        self
    }

    pub fn encode_rgb(&self, _: Img<&[RGB8]>) -> Result<EncodedImage, &'static str> {
        Err("the fuzz targets are built without an AVIF encoder")
    }

    pub fn encode_rgba(&self, _: Img<&[RGBA8]>) -> Result<EncodedImage, &'static str> {
        Err("the fuzz targets are built without an AVIF encoder")
    }
}
