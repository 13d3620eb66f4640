//! libavif with dav1d: decodes stills and sequences.
#![expect(unsafe_code, reason = "libavif is a C library")]

use std::{ffi::CStr, marker::PhantomData};

use libavif_sys as sys;

/// A parsed AVIF file.
pub(crate) struct Decoder<'a> {
    decoder: *mut sys::avifDecoder,
    bytes: PhantomData<&'a [u8]>,
}

/// The bounds that libavif itself enforces.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) pixels: u32,
    pub(crate) side: u32,
    pub(crate) frames: u32,
}

/// Colour of the decoded picture.
#[derive(Clone, Debug)]
pub(crate) struct Colour {
    pub(crate) icc: Vec<u8>,
    pub(crate) primaries: u16,
    pub(crate) transfer: u16,
}

impl<'a> Decoder<'a> {
    /// Parses the boxes.
    pub(crate) fn new(bytes: &'a [u8], bounds: Bounds) -> Result<Self, String> {
        // SAFETY: creates a decoder or returns null.
        let decoder = unsafe { sys::avifDecoderCreate() };
        if decoder.is_null() {
            return Err("not enough memory".to_owned());
        }
        let this = Self { decoder, bytes: PhantomData };
        // SAFETY: the decoder is live and ours alone; the bytes live as long as it does.
        unsafe {
            (*decoder).maxThreads = 1;
            (*decoder).ignoreExif = 1;
            (*decoder).ignoreXMP = 1;
            (*decoder).imageSizeLimit = bounds.pixels;
            (*decoder).imageDimensionLimit = bounds.side;
            (*decoder).imageCountLimit = bounds.frames;
            // Common encoders leave out `pixi`; every browser shows their pictures.
            (*decoder).strictFlags = sys::AVIF_STRICT_DISABLED;
            check(sys::avifDecoderSetIOMemory(decoder, bytes.as_ptr(), bytes.len()))?;
            check(sys::avifDecoderParse(decoder))?;
        }
        Ok(this)
    }

    /// Frames of the sequence; 1 for a still.
    pub(crate) fn frames(&self) -> u32 {
        // SAFETY: the decoder is live.
        unsafe { (*self.decoder).imageCount }.unsigned_abs()
    }

    /// How often a sequence plays; `None` for ever.
    pub(crate) fn plays(&self) -> Option<u32> {
        // SAFETY: the decoder is live.
        let repeats = unsafe { (*self.decoder).repetitionCount };
        u32::try_from(repeats).ok().map(|repeats| repeats.saturating_add(1))
    }

    /// Decodes the next frame; it stays until the next call.
    pub(crate) fn next(&mut self) -> Result<(), String> {
        // SAFETY: the decoder is live and was parsed.
        check(unsafe { sys::avifDecoderNextImage(self.decoder) })
    }

    /// Width and height of the decoded frame.
    pub(crate) fn size(&self) -> (u32, u32) {
        // SAFETY: the decoder is live and always has an image after parsing.
        unsafe { ((*(*self.decoder).image).width, (*(*self.decoder).image).height) }
    }

    /// Milliseconds that the decoded frame is shown.
    pub(crate) fn milliseconds(&self) -> u32 {
        // SAFETY: the decoder is live.
        let seconds = unsafe { (*self.decoder).imageTiming.duration };
        (seconds * 1_000.0).round().clamp(0.0, 16_000_000.0) as u32
    }

    /// Colour of the decoded frame.
    pub(crate) fn colour(&self) -> Colour {
        // SAFETY: the decoder is live, its image too; the profile's pointer and size belong
        // together and are copied at once.
        unsafe {
            let image = &*(*self.decoder).image;
            let icc = if image.icc.data.is_null() {
                Vec::new()
            } else {
                std::slice::from_raw_parts(image.icc.data, image.icc.size).to_vec()
            };
            Colour { icc, primaries: image.colorPrimaries, transfer: image.transferCharacteristics }
        }
    }

    /// Converts rows `top..top + rows` of the decoded frame to 8-bit RGB or straight RGBA.
    /// `top` must be even, for pictures with halved colour rows.
    pub(crate) fn rows(&self, top: u32, rows: u32, has_alpha: bool) -> Result<Vec<u8>, String> {
        let (width, height) = self.size();
        if top + rows > height || !top.is_multiple_of(2) {
            return Err("rows outside the picture".to_owned());
        }
        let row_bytes = width as usize * if has_alpha { 4 } else { 3 };
        let mut pixels = vec![0; row_bytes * rows as usize];
        let view = View::new()?;
        // SAFETY: the view borrows planes of the live image for rows inside it, and is dropped
        // before this function returns. The pixel buffer has exactly the rows and row bytes told.
        unsafe {
            let rect = sys::avifCropRect { x: 0, y: top, width, height: rows };
            check(sys::avifImageSetViewRect(view.0, (*self.decoder).image, &raw const rect))?;
            let mut rgb = sys::avifRGBImage::default();
            sys::avifRGBImageSetDefaults(&raw mut rgb, view.0);
            rgb.depth = 8;
            rgb.format =
                if has_alpha { sys::AVIF_RGB_FORMAT_RGBA } else { sys::AVIF_RGB_FORMAT_RGB };
            rgb.maxThreads = 1;
            rgb.pixels = pixels.as_mut_ptr();
            rgb.rowBytes = row_bytes as u32;
            check(sys::avifImageYUVToRGB(view.0, &raw mut rgb))?;
        }
        Ok(pixels)
    }
}

impl Drop for Decoder<'_> {
    fn drop(&mut self) {
        // SAFETY: the decoder is live and nobody else has it.
        unsafe { sys::avifDecoderDestroy(self.decoder) };
    }
}

/// An image that borrows another one's planes.
struct View(*mut sys::avifImage);

impl View {
    fn new() -> Result<Self, String> {
        // SAFETY: creates an empty image or returns null.
        let image = unsafe { sys::avifImageCreateEmpty() };
        if image.is_null() { Err("not enough memory".to_owned()) } else { Ok(Self(image)) }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        // SAFETY: the image is live and ours; borrowed planes are not freed with it.
        unsafe { sys::avifImageDestroy(self.0) };
    }
}

fn check(result: sys::avifResult) -> Result<(), String> {
    if result == sys::AVIF_RESULT_OK {
        return Ok(());
    }
    // SAFETY: returns a static C string for every number.
    let text = unsafe { CStr::from_ptr(sys::avifResultToString(result)) };
    Err(text.to_string_lossy().to_lowercase())
}
