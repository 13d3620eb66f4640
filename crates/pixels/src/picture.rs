//! Pixels in memory, 8 bits a sample, rows without padding.

/// The samples of a decoded pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    Gray,
    GrayAlpha,
    Rgb,
    Rgba,
    /// 255 is full ink.
    Cmyk,
}

impl Layout {
    /// Bytes a pixel.
    pub(crate) fn channels(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::GrayAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba | Self::Cmyk => 4,
        }
    }

    pub(crate) fn has_alpha(self) -> bool {
        matches!(self, Self::GrayAlpha | Self::Rgba)
    }
}

/// Pixels as a decoder made them, in the colours of the file.
#[derive(Clone, Debug)]
pub(crate) struct Raster {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) layout: Layout,
    pub(crate) data: Vec<u8>,
}

/// Pixels in sRGB: RGB, or RGBA with straight alpha.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) has_alpha: bool,
    pub(crate) data: Vec<u8>,
}

impl From<Picture> for Raster {
    fn from(Picture { width, height, has_alpha, data }: Picture) -> Self {
        let layout = if has_alpha { Layout::Rgba } else { Layout::Rgb };
        Self { width, height, layout, data }
    }
}

impl Picture {
    /// Takes a raster whose samples are those of a picture: RGB or RGBA, in sRGB.
    pub(crate) fn from_srgb(Raster { width, height, layout, data }: Raster) -> Self {
        Self { width, height, has_alpha: layout.has_alpha(), data }
    }

    pub(crate) fn channels(&self) -> usize {
        if self.has_alpha { 4 } else { 3 }
    }

    /// Whether some pixel really is transparent.
    pub(crate) fn is_transparent(&self) -> bool {
        self.has_alpha && self.data.chunks_exact(4).any(|pixel| pixel[3] != 255)
    }

    /// The same picture with an alpha channel.
    pub(crate) fn with_alpha(self) -> Self {
        if self.has_alpha {
            return self;
        }
        let mut data = Vec::with_capacity(self.data.len() / 3 * 4);
        for pixel in self.data.chunks_exact(3) {
            data.extend_from_slice(&[pixel[0], pixel[1], pixel[2], 255]);
        }
        Self { has_alpha: true, data, ..self }
    }
}
