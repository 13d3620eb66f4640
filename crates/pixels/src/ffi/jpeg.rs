//! libjpeg-turbo's decoder. The turbojpeg crate takes every warning for an error; here the caller
//! decides.
#![expect(unsafe_code, reason = "libjpeg-turbo is a C library")]

use std::ffi::CStr;

use turbojpeg::raw as sys;

/// A decompressor that has read the header of one picture.
pub(crate) struct Decoder<'a> {
    handle: sys::tjhandle,
    bytes: &'a [u8],
}

/// The samples that a picture decodes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Samples {
    Gray,
    Rgb,
    /// As stored: 255 is no ink.
    InvertedCmyk,
}

impl Samples {
    pub(crate) fn channels(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::Rgb => 3,
            Self::InvertedCmyk => 4,
        }
    }
}

/// What libjpeg-turbo said.
#[derive(Clone, Debug)]
pub(crate) struct Complaint {
    pub(crate) message: String,
    /// The picture was decoded all the same, for what it is worth. A failure behind a warning is
    /// said to be one too: its message alone tells.
    pub(crate) is_warning: bool,
}

impl<'a> Decoder<'a> {
    /// Reads the header. Faults in it come back as a complaint beside the decoder.
    pub(crate) fn new(
        bytes: &'a [u8],
        memory_mib: u32,
    ) -> Result<(Self, Option<Complaint>), Complaint> {
        // SAFETY: creates a handle or returns null.
        let handle = unsafe { sys::tj3Init(sys::TJINIT_TJINIT_DECOMPRESS as i32) };
        if handle.is_null() {
            let message = "not enough memory".to_owned();
            return Err(Complaint { message, is_warning: false });
        }
        let this = Self { handle, bytes };
        let memory = i32::try_from(memory_mib).unwrap_or(i32::MAX);
        // SAFETY: the handle is live; the bytes outlive the call.
        let result = unsafe {
            sys::tj3Set(handle, sys::TJPARAM_TJPARAM_MAXMEMORY as i32, memory);
            sys::tj3DecompressHeader(handle, bytes.as_ptr(), bytes.len() as sys::size_t)
        };
        match this.complaint(result) {
            Some(complaint) if !complaint.is_warning => Err(complaint),
            // Such pictures are not scaled while decoding, so `decode` must never see them.
            _ if this.parameter(sys::TJPARAM_TJPARAM_LOSSLESS) != 0
                || this.parameter(sys::TJPARAM_TJPARAM_PRECISION) != 8 =>
            {
                let message = "only lossy JPEG with 8 bits is read".to_owned();
                Err(Complaint { message, is_warning: false })
            }
            complaint => Ok((this, complaint)),
        }
    }

    /// Width and height as stored.
    pub(crate) fn size(&self) -> (u32, u32) {
        let side = |parameter: sys::TJPARAM| self.parameter(parameter).unsigned_abs();
        (side(sys::TJPARAM_TJPARAM_JPEGWIDTH), side(sys::TJPARAM_TJPARAM_JPEGHEIGHT))
    }

    /// Whether no chroma was left out: 4:4:4.
    pub(crate) fn has_full_chroma(&self) -> bool {
        let subsampling = self.parameter(sys::TJPARAM_TJPARAM_SUBSAMP);
        subsampling == sys::TJSAMP_TJSAMP_444
    }

    /// What the picture decodes to.
    pub(crate) fn samples(&self) -> Samples {
        match self.parameter(sys::TJPARAM_TJPARAM_COLORSPACE).unsigned_abs() {
            sys::TJCS_TJCS_GRAY => Samples::Gray,
            sys::TJCS_TJCS_CMYK | sys::TJCS_TJCS_YCCK => Samples::InvertedCmyk,
            _ => Samples::Rgb,
        }
    }

    /// Decodes at `1 / divisor` of the size (1, 2, 4 or 8; sides are rounded up).
    pub(crate) fn decode(
        &mut self,
        divisor: u32,
    ) -> Result<(Vec<u8>, Option<Complaint>), Complaint> {
        let samples = self.samples();
        let format = match samples {
            Samples::Gray => sys::TJPF_TJPF_GRAY,
            Samples::Rgb => sys::TJPF_TJPF_RGB,
            Samples::InvertedCmyk => sys::TJPF_TJPF_CMYK,
        };
        let (width, height) = self.size();
        let pitch = width.div_ceil(divisor) as usize * samples.channels();
        let mut pixels = vec![0; pitch * height.div_ceil(divisor) as usize];
        let scale = sys::tjscalingfactor { num: 1, denom: divisor as i32 };
        // SAFETY: the handle is live and the bytes outlive the call. The buffer has the rows and
        // the pitch that libjpeg-turbo computes for this scale, by the same rounding.
        let result = unsafe {
            if sys::tj3SetScalingFactor(self.handle, scale) == 0 {
                sys::tj3Decompress8(
                    self.handle,
                    self.bytes.as_ptr(),
                    self.bytes.len() as sys::size_t,
                    pixels.as_mut_ptr(),
                    pitch as i32,
                    format,
                )
            } else {
                -1
            }
        };
        match self.complaint(result) {
            Some(complaint) if !complaint.is_warning => Err(complaint),
            complaint => Ok((pixels, complaint)),
        }
    }

    fn parameter(&self, parameter: sys::TJPARAM) -> i32 {
        // SAFETY: the handle is live.
        unsafe { sys::tj3Get(self.handle, parameter as i32) }
    }

    fn complaint(&self, result: i32) -> Option<Complaint> {
        if result == 0 {
            return None;
        }
        // SAFETY: the handle is live and keeps its message, a C string, until the next call.
        let (message, code) = unsafe {
            let message = CStr::from_ptr(sys::tj3GetErrorStr(self.handle));
            (message.to_string_lossy().into_owned(), sys::tj3GetErrorCode(self.handle))
        };
        Some(Complaint { message, is_warning: code == sys::TJERR_TJERR_WARNING as i32 })
    }
}

impl Drop for Decoder<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is live and nobody else has it.
        unsafe { sys::tj3Destroy(self.handle) };
    }
}
