//! What glibc's allocator does with memory that was given back.

/// Keeps freed memory for the next picture, up to so many bytes an arena: pages from the kernel have
/// to be found and cleared first, which takes longer than much of what is done with them.
#[expect(unsafe_code, reason = "glibc is a C library")]
pub fn keep(bytes: i32) {
    // SAFETY: numbers for the allocator, set before there are other threads.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, bytes);
        libc::mallopt(libc::M_TRIM_THRESHOLD, bytes);
    }
}
