//! The pages, their scripts and their style, out of the binary itself.
//!
//! Nothing here is private: the pages ask the API for everything, as the visitor. Pages are asked about each
//! time; what they are made of lies behind an address that names this build, and may be kept.

mod files;
mod modules;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::Router;
use axum::http::HeaderMap;
use axum::response::{Redirect, Response};
use axum::routing::get;
use bytes::Bytes;

pub use files::FILES;

use crate::app::App;
use crate::http::asset::{Asset, Packed};
use crate::http::extract::Path;
use crate::http::tag::fingerprint;
use crate::http::{CachePolicy, Problem};

/// What a browser may do for a page: scripts, styles and data from here, and nothing else. No text becomes
/// markup or a script, by whatever mistake. Prints are fetched with the key and shown as blobs, because an
/// `<img>` cannot send one.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' blob:; connect-src 'self'; form-action 'none'; base-uri 'none'; \
     frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// A page: the shell around one module of the folder `pages`.
struct UiPage {
    module: &'static str,
    title: &'static str,
    /// What to do without scripts, as HTML.
    without_script: &'static str,
}

#[rustfmt::skip]
const PAGES: &[UiPage] = &[
    UiPage {
        module: "library",
        title: "Minilab",
        without_script: "The API does not: <code>POST /api/v1/images</code>.",
    },
    UiPage {
        module: "upload-links",
        title: "Upload links · Minilab",
        without_script: "The API does not: <code>POST /api/v1/upload-links</code>.",
    },
    UiPage {
        module: "guest-upload",
        title: "Bring pictures · Minilab",
        without_script: "Without it: send pictures to this address by <code>POST</code>.",
    },
    UiPage { module: "setup", title: "Set up · Minilab", without_script: "" },
    UiPage { module: "sign-in", title: "Sign in · Minilab", without_script: "" },
    UiPage { module: "sign-out", title: "Sign out · Minilab", without_script: "" },
];

static SITE: LazyLock<Site> = LazyLock::new(Site::build);

/// All there is to hand out.
struct Site {
    /// Of all files together: another build has other addresses.
    build: String,
    /// By the name of the module.
    pages: HashMap<&'static str, Packed>,
    files: HashMap<&'static str, Packed>,
}

impl Site {
    fn build() -> Self {
        // The shell is no page.
        let files = FILES.iter().filter(|(name, _)| *name != "shell.html");
        let files: Vec<_> = files.map(|(name, bytes)| (*name, served(name, bytes))).collect();
        let mut hasher = blake3::Hasher::new();
        for (name, bytes) in &files {
            hasher.update(format!("{name} {}\n", bytes.len()).as_bytes());
            hasher.update(bytes);
        }
        let build = fingerprint(hasher.finalize().as_bytes());
        let pages = PAGES.iter().map(|page| (page.module, page.render(&build))).collect();
        let files = files.into_iter().map(|(name, bytes)| (name, pack(name, bytes))).collect();
        Self { build, pages, files }
    }

    fn file(&self, name: &str) -> Result<&Packed, Problem> {
        self.files.get(name).ok_or_else(|| Problem::not_found("file"))
    }
}

impl UiPage {
    fn render(&self, build: &str) -> Packed {
        let shell = files::bytes("shell.html").expect("it is on the list");
        let shell = std::str::from_utf8(shell).expect("it is text");
        let (base, module) = (format!("/ui/{build}"), format!("pages/{}.js", self.module));
        let mut preloads = String::new();
        for name in &modules::modules_of(&module)[1..] {
            writeln!(preloads, "  <link rel=\"modulepreload\" href=\"{base}/{name}\">")
                .expect("a string takes more");
        }
        let page = shell
            .replace("{title}", self.title)
            .replace("{without_script}", self.without_script)
            .replace("{preloads}", preloads.trim_end())
            .replace("{module}", &module)
            .replace("{ui}", &base);
        pack("page.html", page.into())
    }
}

/// What goes out of a file. Comments are for those who read the source; those of others stay as they are.
fn served(name: &str, bytes: &'static [u8]) -> Bytes {
    let is_ours = files::media_type(name).contains("javascript") && !name.starts_with("vendor/");
    match std::str::from_utf8(bytes) {
        Ok(text) if is_ours => modules::without_comments(text).into(),
        _ => Bytes::from_static(bytes),
    }
}

fn pack(name: &str, bytes: Bytes) -> Packed {
    let media_type = files::media_type(name);
    Packed::new(Asset { bytes, media_type, policy: CONTENT_SECURITY_POLICY })
}

/// Every page, and the files they need.
pub fn routes() -> Router<App> {
    let page = |module: &'static str| {
        get(move |headers: HeaderMap| async move {
            SITE.pages[module].serve(&headers, CachePolicy::Revalidate)
        })
    };
    Router::new()
        .route("/", page("library"))
        .route("/sign-in", page("sign-in"))
        .route("/sign-out", page("sign-out"))
        .route("/setup", page("setup"))
        .route("/upload-links", page("upload-links"))
        .route("/invitations", get(|| async { Redirect::permanent("/upload-links") }))
        .route("/favicon.ico", get(show_favicon))
        .route("/u/{token}", page("guest-upload"))
        .route("/ui/{*path}", get(show_file))
}

/// Browsers ask for it wherever they are, also where no page names another.
async fn show_favicon(headers: HeaderMap) -> Result<Response, Problem> {
    Ok(SITE.file("favicon.ico")?.serve(&headers, CachePolicy::Revalidate))
}

/// A file of this build, by the address that names it; or one by its name alone, which may change. Of another
/// build there is nothing: pages made of two would be broken.
async fn show_file(Path(path): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    match path.split_once('/') {
        Some((build, name)) if build == SITE.build => {
            Ok(SITE.file(name)?.serve(&headers, CachePolicy::PublicImmutable))
        }
        _ => Ok(SITE.file(&path)?.serve(&headers, CachePolicy::Revalidate)),
    }
}
