//! The system's libheif, loaded when it is first needed: decodes the primary picture of a HEIC file.
#![expect(unsafe_code, reason = "libheif is a C library")]

use std::{
    ffi::{CStr, c_char, c_int, c_void},
    marker::PhantomData,
    ptr,
    sync::OnceLock,
};

use libloading::os::unix::{Library as Loaded, RTLD_LOCAL, RTLD_NOW};

use crate::Error;

/// The name stands for an interface that has only grown since 1.0.
const NAME: &str = "libheif.so.1";

const COMPRESSION_HEVC: c_int = 1;
const COLORSPACE_RGB: c_int = 1;
const CHROMA_INTERLEAVED_RGB: c_int = 10;
const CHROMA_INTERLEAVED_RGBA: c_int = 11;
const CHANNEL_INTERLEAVED: c_int = 10;

/// `heif_error`, which is handed back as a value.
#[repr(C)]
struct Outcome {
    code: c_int,
    subcode: c_int,
    message: *const c_char,
}

/// The beginning of `heif_decoding_options`, which libheif itself allocates.
#[repr(C)]
struct Options {
    version: u8,
    ignore_transformations: u8,
}

/// The beginning of `heif_color_profile_nclx`, which libheif itself allocates.
#[repr(C)]
struct Nclx {
    version: u8,
    primaries: c_int,
    transfer: c_int,
}

type Pointer = *mut c_void;

/// The functions that are used here, by their names.
pub(crate) struct Library {
    context_alloc: unsafe extern "C" fn() -> Pointer,
    context_free: unsafe extern "C" fn(Pointer),
    set_threads: unsafe extern "C" fn(Pointer, c_int),
    set_side_max: unsafe extern "C" fn(Pointer, c_int),
    read: unsafe extern "C" fn(Pointer, *const u8, usize, Pointer) -> Outcome,
    primary: unsafe extern "C" fn(Pointer, *mut Pointer) -> Outcome,
    handle_release: unsafe extern "C" fn(Pointer),
    icc_bytes: unsafe extern "C" fn(Pointer) -> usize,
    icc: unsafe extern "C" fn(Pointer, *mut u8) -> Outcome,
    nclx: unsafe extern "C" fn(Pointer, *mut *mut Nclx) -> Outcome,
    nclx_free: unsafe extern "C" fn(*mut Nclx),
    options_alloc: unsafe extern "C" fn() -> *mut Options,
    options_free: unsafe extern "C" fn(*mut Options),
    decode: unsafe extern "C" fn(Pointer, *mut Pointer, c_int, c_int, *mut Options) -> Outcome,
    image_release: unsafe extern "C" fn(Pointer),
    width: unsafe extern "C" fn(Pointer, c_int) -> c_int,
    height: unsafe extern "C" fn(Pointer, c_int) -> c_int,
    plane: unsafe extern "C" fn(Pointer, c_int, *mut c_int) -> *const u8,
}

impl Library {
    /// The library, once it was found; it stays loaded.
    pub(crate) fn get() -> Result<&'static Self, Error> {
        static LIBRARY: OnceLock<Option<Library>> = OnceLock::new();
        let library = LIBRARY.get_or_init(|| Self::load().ok().flatten());
        library.as_ref().ok_or_else(|| Error::unsupported("HEIC on a machine without libheif"))
    }

    /// Nothing if it is there, but cannot decode HEVC.
    fn load() -> Result<Option<Self>, libloading::Error> {
        // SAFETY: all symbols are bound now, so nothing is loaded later on; the library's
        // initialisers are those of libheif and of its codecs.
        let loaded = unsafe { Loaded::open(Some(NAME), RTLD_NOW | RTLD_LOCAL)? };
        // SAFETY: the types are those of libheif's header, and `loaded` is never unloaded.
        let library = unsafe {
            let init: unsafe extern "C" fn(Pointer) -> Outcome = *loaded.get(b"heif_init\0")?;
            let can_decode: unsafe extern "C" fn(c_int) -> c_int =
                *loaded.get(b"heif_have_decoder_for_format\0")?;
            // Decoders may be plug-ins, which are looked for here.
            if init(ptr::null_mut()).code != 0 || can_decode(COMPRESSION_HEVC) == 0 {
                return Ok(None);
            }
            Self {
                context_alloc: *loaded.get(b"heif_context_alloc\0")?,
                context_free: *loaded.get(b"heif_context_free\0")?,
                set_threads: *loaded.get(b"heif_context_set_max_decoding_threads\0")?,
                set_side_max: *loaded.get(b"heif_context_set_maximum_image_size_limit\0")?,
                read: *loaded.get(b"heif_context_read_from_memory_without_copy\0")?,
                primary: *loaded.get(b"heif_context_get_primary_image_handle\0")?,
                handle_release: *loaded.get(b"heif_image_handle_release\0")?,
                icc_bytes: *loaded.get(b"heif_image_handle_get_raw_color_profile_size\0")?,
                icc: *loaded.get(b"heif_image_handle_get_raw_color_profile\0")?,
                nclx: *loaded.get(b"heif_image_handle_get_nclx_color_profile\0")?,
                nclx_free: *loaded.get(b"heif_nclx_color_profile_free\0")?,
                options_alloc: *loaded.get(b"heif_decoding_options_alloc\0")?,
                options_free: *loaded.get(b"heif_decoding_options_free\0")?,
                decode: *loaded.get(b"heif_decode_image\0")?,
                image_release: *loaded.get(b"heif_image_release\0")?,
                width: *loaded.get(b"heif_image_get_width\0")?,
                height: *loaded.get(b"heif_image_get_height\0")?,
                plane: *loaded.get(b"heif_image_get_plane_readonly\0")?,
            }
        };
        std::mem::forget(loaded);
        Ok(Some(library))
    }

    /// Parses a file and finds its primary picture. Neither side may be over `side_max`.
    pub(crate) fn open<'a>(
        &'static self,
        bytes: &'a [u8],
        side_max: u32,
    ) -> Result<Picture<'a>, String> {
        // SAFETY: creates a context or returns null.
        let context = unsafe { (self.context_alloc)() };
        if context.is_null() {
            return Err("not enough memory".to_owned());
        }
        let mut picture =
            Picture { library: self, context, handle: ptr::null_mut(), bytes: PhantomData };
        // SAFETY: the context is live and ours alone; the bytes live as long as it does.
        unsafe {
            (self.set_threads)(context, 0);
            (self.set_side_max)(context, c_int::try_from(side_max).unwrap_or(c_int::MAX));
            check(&(self.read)(context, bytes.as_ptr(), bytes.len(), ptr::null_mut()))?;
            check(&(self.primary)(context, &raw mut picture.handle))?;
        }
        Ok(picture)
    }
}

/// The primary picture of a file.
pub(crate) struct Picture<'a> {
    library: &'static Library,
    context: Pointer,
    /// Null until it is found.
    handle: Pointer,
    bytes: PhantomData<&'a [u8]>,
}

impl Picture<'_> {
    /// The ICC profile; empty when there is none.
    pub(crate) fn icc(&self) -> Vec<u8> {
        // SAFETY: the handle is live; as many bytes are written as were asked for before.
        unsafe {
            let mut icc = vec![0; (self.library.icc_bytes)(self.handle)];
            if icc.is_empty() || (self.library.icc)(self.handle, icc.as_mut_ptr()).code != 0 {
                return Vec::new();
            }
            icc
        }
    }

    /// Colour primaries and transfer characteristics, as code points of CICP.
    pub(crate) fn code_points(&self) -> Option<(u16, u16)> {
        let mut nclx = ptr::null_mut();
        // SAFETY: the handle is live; what is handed out is read once and given back.
        unsafe {
            if (self.library.nclx)(self.handle, &raw mut nclx).code != 0 || nclx.is_null() {
                return None;
            }
            let (primaries, transfer) = ((*nclx).primaries, (*nclx).transfer);
            (self.library.nclx_free)(nclx);
            Some((primaries.try_into().ok()?, transfer.try_into().ok()?))
        }
    }

    /// Decodes to 8-bit RGB or straight RGBA, neither turned nor cropped.
    pub(crate) fn decode(&self, has_alpha: bool) -> Result<Pixels, String> {
        let chroma = if has_alpha { CHROMA_INTERLEAVED_RGBA } else { CHROMA_INTERLEAVED_RGB };
        let mut image = ptr::null_mut();
        // SAFETY: the handle and its context are live. The options are used only during the call.
        let outcome = unsafe {
            let options = (self.library.options_alloc)();
            if options.is_null() {
                return Err("not enough memory".to_owned());
            }
            (*options).ignore_transformations = 1;
            let outcome =
                (self.library.decode)(self.handle, &raw mut image, COLORSPACE_RGB, chroma, options);
            (self.library.options_free)(options);
            outcome
        };
        check(&outcome)?;
        let channels = if has_alpha { 4 } else { 3 };
        Ok(Pixels { library: self.library, image, channels })
    }
}

impl Drop for Picture<'_> {
    fn drop(&mut self) {
        // SAFETY: both are live and nobody else has them; a null handle is let pass.
        unsafe {
            (self.library.handle_release)(self.handle);
            (self.library.context_free)(self.context);
        }
    }
}

/// A decoded picture.
pub(crate) struct Pixels {
    library: &'static Library,
    image: Pointer,
    channels: usize,
}

impl Pixels {
    /// Width and height; nothing when there are no pixels.
    pub(crate) fn size(&self) -> Option<(u32, u32)> {
        // SAFETY: the image is live.
        let (width, height) = unsafe {
            let side = |of: unsafe extern "C" fn(Pointer, c_int) -> c_int| {
                of(self.image, CHANNEL_INTERLEAVED)
            };
            (side(self.library.width), side(self.library.height))
        };
        Some((u32::try_from(width).ok()?, u32::try_from(height).ok()?))
    }

    /// The rows, from the top down.
    pub(crate) fn rows(&self) -> Option<impl Iterator<Item = &[u8]>> {
        let (width, height) = self.size()?;
        let row_bytes = width as usize * self.channels;
        let mut stride = 0;
        // SAFETY: the image is live.
        let plane =
            unsafe { (self.library.plane)(self.image, CHANNEL_INTERLEAVED, &raw mut stride) };
        let stride = usize::try_from(stride).ok().filter(|stride| *stride >= row_bytes)?;
        // SAFETY: the plane has `height` rows of `stride` bytes, of which the pixels are the
        // first, and lives as long as the image, which `self` keeps.
        let row =
            move |row| unsafe { std::slice::from_raw_parts(plane.add(row * stride), row_bytes) };
        (!plane.is_null()).then(|| (0..height as usize).map(row))
    }
}

impl Drop for Pixels {
    fn drop(&mut self) {
        // SAFETY: the image is live and nobody else has it.
        unsafe { (self.library.image_release)(self.image) };
    }
}

fn check(outcome: &Outcome) -> Result<(), String> {
    if outcome.code == 0 {
        return Ok(());
    }
    if outcome.message.is_null() {
        return Err(format!("libheif gave up ({}, {})", outcome.code, outcome.subcode));
    }
    // SAFETY: a message is a C string that lives as long as what it speaks of.
    let text = unsafe { CStr::from_ptr(outcome.message) };
    Err(text.to_string_lossy().to_lowercase())
}
