//! The files that the pages are made of, as they lie in the folder `ui`.

/// Name and bytes.
type File = (&'static str, &'static [u8]);

macro_rules! files {
    ($($name:literal,)+) => {
        &[$((
            $name,
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../ui/", $name)),
        ),)+]
    };
}

/// Every file that the pages need, and the licences of what others made; a test compares with the folder.
pub const FILES: &[File] = files! {
    "allowance.js",
    "api.js",
    "card.js",
    "clipboard.js",
    "components/brand.js",
    "components/confirm.js",
    "components/file-intake.js",
    "components/form.js",
    "components/image-card.js",
    "components/image-dialog.js",
    "components/image-grid.js",
    "components/navigation.js",
    "components/page-shell.js",
    "components/show-more.js",
    "components/toast.js",
    "components/upload-link-form.js",
    "components/upload-link-row.js",
    "components/upload-summary.js",
    "download.js",
    "favicon.ico",
    "favicon.svg",
    "focus.js",
    "format.js",
    "html.js",
    "inside-pages.js",
    "library.js",
    "limit.js",
    "pages/guest-upload.js",
    "pages/library.js",
    "pages/setup.js",
    "pages/sign-in.js",
    "pages/sign-out.js",
    "pages/upload-links.js",
    "paginated-list.js",
    "picture.js",
    "prints.js",
    "session.js",
    "shell.html",
    "sign-in-flow.js",
    "style.css",
    "toast.js",
    "uploader.js",
    "vendor/hooks.js",
    "vendor/htm.LICENSE.txt",
    "vendor/htm.js",
    "vendor/preact.LICENSE.txt",
    "vendor/preact.js",
    "vendor/signals-core.LICENSE.txt",
    "vendor/signals-core.js",
    "vendor/signals.LICENSE.txt",
    "vendor/signals.js",
};

/// The bytes of a file, by its name.
pub(super) fn bytes(name: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
}

/// What a file is, by the end of its name.
pub(super) fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("css") => "text/css; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("ico") => "image/x-icon",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    }
}
