//! libwebp: stills and animations, in and out. Pixels are straight RGBA or RGB.
#![expect(unsafe_code, reason = "libwebp is a C library")]

use std::{ffi::CStr, marker::PhantomData, mem::MaybeUninit, ptr};

use libwebp_sys as sys;

/// Decodes a still at a size, as RGB or RGBA. The error is a status of libwebp in words.
pub(crate) fn decode(
    bytes: &[u8],
    size: (u32, u32),
    scaled: bool,
    has_alpha: bool,
) -> Result<Vec<u8>, &'static str> {
    let mut config = sys::WebPDecoderConfig::new().map_err(|()| "version mismatch")?;
    let channels = if has_alpha { 4 } else { 3 };
    let stride = size.0 as usize * channels;
    let mut pixels = vec![0; stride * size.1 as usize];
    if scaled {
        config.options.use_scaling = 1;
        config.options.scaled_width = size.0 as i32;
        config.options.scaled_height = size.1 as i32;
    }
    config.output.colorspace =
        if has_alpha { sys::WEBP_CSP_MODE::MODE_RGBA } else { sys::WEBP_CSP_MODE::MODE_RGB };
    config.output.is_external_memory = 1;
    config.output.u.RGBA = sys::WebPRGBABuffer {
        rgba: pixels.as_mut_ptr(),
        stride: stride as i32,
        size: pixels.len(),
    };
    // SAFETY: the input slice and the output buffer outlive the call, the buffer's stride and
    // size are its own, and libwebp writes nowhere else with `is_external_memory`.
    let status = unsafe { sys::WebPDecode(bytes.as_ptr(), bytes.len(), &raw mut config) };
    // SAFETY: the configuration was initialised above; external memory is left alone.
    unsafe { sys::WebPFreeDecBuffer(&raw mut config.output) };
    match status {
        sys::VP8StatusCode::VP8_STATUS_OK => Ok(pixels),
        sys::VP8StatusCode::VP8_STATUS_NOT_ENOUGH_DATA
        | sys::VP8StatusCode::VP8_STATUS_SUSPENDED => Err("the file ends inside the picture"),
        sys::VP8StatusCode::VP8_STATUS_OUT_OF_MEMORY => Err("not enough memory"),
        sys::VP8StatusCode::VP8_STATUS_UNSUPPORTED_FEATURE => Err("it uses an unknown feature"),
        _ => Err("the picture data is broken"),
    }
}

/// Decodes an animation frame by frame.
pub(crate) struct AnimationDecoder<'a> {
    decoder: *mut sys::WebPAnimDecoder,
    canvas_bytes: usize,
    loops: u32,
    bytes: PhantomData<&'a [u8]>,
}

impl<'a> AnimationDecoder<'a> {
    /// Reads the structure; `None` when libwebp finds it broken or the canvas is of another size.
    pub(crate) fn new(bytes: &'a [u8], size: (u32, u32)) -> Option<Self> {
        let mut options = MaybeUninit::<sys::WebPAnimDecoderOptions>::uninit();
        // SAFETY: the call initialises the options or says that it did not.
        let mut options = unsafe {
            let abi = sys::WEBP_DEMUX_ABI_VERSION as i32;
            if sys::WebPAnimDecoderOptionsInitInternal(options.as_mut_ptr(), abi) == 0 {
                return None;
            }
            options.assume_init()
        };
        options.color_mode = sys::WEBP_CSP_MODE::MODE_RGBA;
        options.use_threads = 0;
        let data = sys::WebPData { bytes: bytes.as_ptr(), size: bytes.len() };
        // SAFETY: the bytes live as long as the decoder (by its lifetime); libwebp copies the
        // small structures.
        let decoder = unsafe {
            let abi = sys::WEBP_DEMUX_ABI_VERSION as i32;
            sys::WebPAnimDecoderNewInternal(&raw const data, &raw const options, abi)
        };
        if decoder.is_null() {
            return None;
        }
        let mut this = Self { decoder, canvas_bytes: 0, loops: 0, bytes: PhantomData };
        let mut info = MaybeUninit::<sys::WebPAnimInfo>::uninit();
        // SAFETY: the decoder is live, and the call fills the info when it returns non-zero.
        let info = unsafe {
            if sys::WebPAnimDecoderGetInfo(this.decoder, info.as_mut_ptr()) == 0 {
                return None;
            }
            info.assume_init()
        };
        this.canvas_bytes = info.canvas_width as usize * info.canvas_height as usize * 4;
        this.loops = info.loop_count;
        ((info.canvas_width, info.canvas_height) == size).then_some(this)
    }

    /// How often the animation plays; 0 is for ever.
    pub(crate) fn loops(&self) -> u32 {
        self.loops
    }

    /// Whether another frame follows.
    pub(crate) fn has_more(&self) -> bool {
        // SAFETY: the decoder is live.
        unsafe { sys::WebPAnimDecoderHasMoreFrames(self.decoder) != 0 }
    }

    /// The next composed canvas and the time in milliseconds when it ends; `None` when broken.
    pub(crate) fn next(&mut self) -> Option<(&[u8], u32)> {
        let mut pixels = ptr::null_mut();
        let mut ends = 0;
        // SAFETY: the decoder is live and both results are ours.
        let ok =
            unsafe { sys::WebPAnimDecoderGetNext(self.decoder, &raw mut pixels, &raw mut ends) };
        if ok == 0 || pixels.is_null() {
            return None;
        }
        // SAFETY: libwebp hands out its canvas, which stays until the next call; the borrow of
        // `self` forbids one while it is read.
        let canvas = unsafe { std::slice::from_raw_parts(pixels, self.canvas_bytes) };
        Some((canvas, ends.unsigned_abs()))
    }
}

impl Drop for AnimationDecoder<'_> {
    fn drop(&mut self) {
        // SAFETY: the decoder is live and nobody else has it.
        unsafe { sys::WebPAnimDecoderDelete(self.decoder) };
    }
}

/// How to encode.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// 0 to 100.
    pub(crate) quality: f32,
    /// Effort, 0 to 6.
    pub(crate) method: i32,
    /// Every visible pixel stays what it is.
    pub(crate) lossless: bool,
}

fn config(settings: Settings) -> Option<sys::WebPConfig> {
    let mut config = sys::WebPConfig::new().ok()?;
    config.quality = settings.quality;
    config.method = settings.method;
    config.lossless = i32::from(settings.lossless);
    // SAFETY: the configuration is initialised.
    (unsafe { sys::WebPValidateConfig(&raw const config) } != 0).then_some(config)
}

/// A picture in libwebp's form; frees its planes.
struct Planes(sys::WebPPicture);

impl Planes {
    /// Copies RGB or RGBA rows. `argb` keeps them as they are, else they become YUV.
    fn new(pixels: &[u8], size: (u32, u32), has_alpha: bool, argb: bool) -> Option<Self> {
        let mut planes = Self(sys::WebPPicture::new().ok()?);
        planes.0.use_argb = i32::from(argb);
        planes.0.width = i32::try_from(size.0).ok()?;
        planes.0.height = i32::try_from(size.1).ok()?;
        let stride = size.0 as usize * if has_alpha { 4 } else { 3 };
        if pixels.len() < stride * size.1 as usize {
            return None;
        }
        // SAFETY: the rows lie inside the slice, as just checked; libwebp allocates its planes.
        let ok = unsafe {
            let picture = &raw mut planes.0;
            if has_alpha {
                sys::WebPPictureImportRGBA(picture, pixels.as_ptr(), stride as i32)
            } else {
                sys::WebPPictureImportRGB(picture, pixels.as_ptr(), stride as i32)
            }
        };
        (ok != 0).then_some(planes)
    }
}

impl Drop for Planes {
    fn drop(&mut self) {
        // SAFETY: the picture was initialised and is ours alone.
        unsafe { sys::WebPPictureFree(&raw mut self.0) };
    }
}

/// Encodes a still; `None` when libwebp refuses.
pub(crate) fn encode(
    pixels: &[u8],
    size: (u32, u32),
    has_alpha: bool,
    settings: Settings,
) -> Option<Vec<u8>> {
    let config = config(settings)?;
    let mut planes = Planes::new(pixels, size, has_alpha, settings.lossless)?;
    let mut writer = MaybeUninit::<sys::WebPMemoryWriter>::uninit();
    // SAFETY: the call initialises the writer.
    let mut writer = unsafe {
        sys::WebPMemoryWriterInit(writer.as_mut_ptr());
        writer.assume_init()
    };
    planes.0.writer = Some(sys::WebPMemoryWrite);
    planes.0.custom_ptr = (&raw mut writer).cast();
    // SAFETY: configuration and picture are initialised, and the writer outlives the call.
    let ok = unsafe { sys::WebPEncode(&raw const config, &raw mut planes.0) } != 0;
    let bytes = (ok && !writer.mem.is_null()).then(|| {
        // SAFETY: the writer holds `size` bytes that it wrote.
        unsafe { std::slice::from_raw_parts(writer.mem, writer.size) }.to_vec()
    });
    // SAFETY: the writer was initialised; nothing refers to its memory any more.
    unsafe { sys::WebPMemoryWriterClear(&raw mut writer) };
    bytes
}

/// Encodes an animation frame by frame; libwebp keeps what changes between frames.
pub(crate) struct AnimationEncoder {
    encoder: *mut sys::WebPAnimEncoder,
    size: (u32, u32),
    config: sys::WebPConfig,
}

impl AnimationEncoder {
    /// `plays` 0 is for ever. `None` when libwebp refuses the size or the settings.
    pub(crate) fn new(size: (u32, u32), plays: u32, settings: Settings) -> Option<Self> {
        let config = config(settings)?;
        let mut options = MaybeUninit::<sys::WebPAnimEncoderOptions>::uninit();
        // SAFETY: the call initialises the options or says that it did not.
        let mut options = unsafe {
            let abi = sys::WEBP_MUX_ABI_VERSION as i32;
            if sys::WebPAnimEncoderOptionsInitInternal(options.as_mut_ptr(), abi) == 0 {
                return None;
            }
            options.assume_init()
        };
        options.anim_params.loop_count = i32::try_from(plays).ok()?;
        options.anim_params.bgcolor = 0;
        let (width, height) = (i32::try_from(size.0).ok()?, i32::try_from(size.1).ok()?);
        // SAFETY: the options are initialised; libwebp copies them.
        let encoder = unsafe {
            let abi = sys::WEBP_MUX_ABI_VERSION as i32;
            sys::WebPAnimEncoderNewInternal(width, height, &raw const options, abi)
        };
        (!encoder.is_null()).then_some(Self { encoder, size, config })
    }

    /// Adds a canvas of straight RGBA that begins at a time in milliseconds.
    pub(crate) fn add(&mut self, rgba: &[u8], begins: u32) -> Result<(), String> {
        let mut planes = Planes::new(rgba, self.size, true, true).ok_or("not enough memory")?;
        let begins = i32::try_from(begins).map_err(|_| "the animation is too long")?;
        // SAFETY: the encoder is live; picture and configuration are initialised, and libwebp
        // copies the picture.
        let ok = unsafe {
            sys::WebPAnimEncoderAdd(self.encoder, &raw mut planes.0, begins, &raw const self.config)
        };
        if ok == 0 { Err(self.error()) } else { Ok(()) }
    }

    /// The finished file; the last frame ends at a time in milliseconds.
    pub(crate) fn finish(self, ends: u32) -> Result<Vec<u8>, String> {
        let ends = i32::try_from(ends).map_err(|_| "the animation is too long")?;
        let mut data = sys::WebPData { bytes: ptr::null(), size: 0 };
        // SAFETY: the encoder is live; a null frame marks the end, as libwebp documents.
        let ok = unsafe {
            sys::WebPAnimEncoderAdd(self.encoder, ptr::null_mut(), ends, ptr::null()) != 0
                && sys::WebPAnimEncoderAssemble(self.encoder, &raw mut data) != 0
        };
        if !ok || data.bytes.is_null() {
            return Err(self.error());
        }
        // SAFETY: libwebp hands over `size` bytes that were allocated by it.
        let bytes = unsafe { std::slice::from_raw_parts(data.bytes, data.size) }.to_vec();
        // SAFETY: the memory is libwebp's and nothing refers to it any more.
        unsafe { sys::WebPFree(data.bytes.cast_mut().cast()) };
        Ok(bytes)
    }

    fn error(&self) -> String {
        // SAFETY: the encoder is live and its message is a C string that it keeps.
        unsafe { CStr::from_ptr(sys::WebPAnimEncoderGetError(self.encoder)) }
            .to_string_lossy()
            .into_owned()
    }
}

impl Drop for AnimationEncoder {
    fn drop(&mut self) {
        // SAFETY: the encoder is live and nobody else has it.
        unsafe { sys::WebPAnimEncoderDelete(self.encoder) };
    }
}
