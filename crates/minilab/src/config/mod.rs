//! Settings: defaults, then the file, then `MINILAB__SECTION__KEY` variables.

mod filter;
mod load;
mod pictures;

pub use load::load;
pub use pictures::PicturesConfig;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::accounts::throttle::SignInConfig;
use crate::blobs::BlobsConfig;
use crate::cache::CacheConfig;
use crate::check::config::ScrubConfig;
use crate::db::DatabaseConfig;
use crate::events::EventsConfig;
use crate::http::browsers::BrowsersConfig;
use crate::http::{HttpConfig, Network};
use crate::images::ImagesConfig;
use crate::jobs::JobsConfig;
use crate::render_pool::RendererConfig;
use crate::room::RoomConfig;
use crate::uploads::UploadsConfig;
use crate::variants::VariantsConfig;

/// Every setting. The example file must equal the defaults; a test sees to it.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address and port to serve on.
    pub listen: String,
    /// Directory of everything this machine keeps: database, blobs, spool, secrets.
    pub data: PathBuf,
    /// The address that people see, for absolute URLs; empty is the listen address.
    pub public_url: String,
    /// More host names to answer to, beside that of `public_url`, `localhost` and addresses.
    pub hosts: Vec<String>,
    /// Tier of callers without a key; empty refuses them.
    pub anonymous: String,
    /// Addresses or networks of our own proxies, whose `X-Forwarded-For` is believed.
    pub proxies: Vec<Network>,
    /// Background jobs done side by side; 0 is one for each core.
    pub workers: usize,
    /// Whether the routes of older services answer.
    pub dropin: bool,
    pub log: LogConfig,
    pub database: DatabaseConfig,
    pub blobs: BlobsConfig,
    pub cache: CacheConfig,
    pub http: HttpConfig,
    pub browsers: BrowsersConfig,
    pub images: ImagesConfig,
    pub uploads: UploadsConfig,
    /// What a picture may ask for.
    pub pictures: PicturesConfig,
    pub renderer: RendererConfig,
    pub variants: VariantsConfig,
    pub sign_in: SignInConfig,
    pub room: RoomConfig,
    pub scrub: ScrubConfig,
    pub events: EventsConfig,
    pub jobs: JobsConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8000".to_owned(),
            data: PathBuf::from("data"),
            public_url: String::new(),
            hosts: Vec::new(),
            anonymous: String::new(),
            proxies: Vec::new(),
            workers: 0,
            dropin: true,
            log: LogConfig::default(),
            database: DatabaseConfig::default(),
            blobs: BlobsConfig::default(),
            cache: CacheConfig::default(),
            http: HttpConfig::default(),
            browsers: BrowsersConfig::default(),
            images: ImagesConfig::default(),
            uploads: UploadsConfig::default(),
            pictures: PicturesConfig::default(),
            renderer: RendererConfig::default(),
            variants: VariantsConfig::default(),
            sign_in: SignInConfig::default(),
            room: RoomConfig::default(),
            scrub: ScrubConfig::default(),
            events: EventsConfig::default(),
            jobs: JobsConfig::default(),
        }
    }
}

/// `[log]`
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// `text` or `json`.
    pub format: LogFormat,
    /// What is logged, such as `info` or `warn,minilab::jobs=debug`.
    pub filter: String,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".to_owned() }
    }
}

impl Config {
    /// Everything that is wrong, each problem naming its key.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.listen.parse::<std::net::SocketAddr>().is_err() {
            problems.push(format!("listen: {:?} is not of the form 127.0.0.1:8000", self.listen));
        }
        if !self.public_url.is_empty() && self.public_host().is_none() {
            let form = "https://lab.example or http://lab.example:8000";
            problems.push(format!("public_url: {:?} is not of the form {form}", self.public_url));
        } else if self.public_path().is_some_and(|path| path != "/") {
            let why = "has a path; the pages only work at the root of a host, so give Minilab a name of \
                       its own, such as https://lab.example";
            problems.push(format!("public_url: {:?} {why}", self.public_url));
        }
        for host in &self.hosts {
            if host.is_empty() || host.contains(['/', ':', ' ']) {
                problems.push(format!("hosts: {host:?} is not a host name without a port"));
            }
        }
        problems.extend(self.pictures.problems(self.renderer.child_mib));
        if self.workers > 256 {
            problems.push(format!("workers: {} is more than 256", self.workers));
        }
        problems.extend(filter::problem(&self.log.filter));
        problems.extend(self.database.problems());
        problems.extend(self.blobs.problems());
        problems.extend(self.http.problems());
        problems.extend(self.sign_in.problems());
        problems.extend(self.browsers.problems());
        problems.extend(self.images.problems());
        problems.extend(self.uploads.problems());
        problems.extend(self.renderer.problems());
        problems.extend(self.variants.problems());
        problems.extend(self.scrub.problems());
        problems.extend(self.events.problems());
        problems.extend(self.jobs.problems());
        problems
    }

    /// Whether people reach the service by TLS.
    pub fn is_secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    pub fn worker_count(&self) -> usize {
        if self.workers == 0 { crate::cpu::cores() } else { self.workers }
    }

    /// What absolute URLs start with; never ends in a slash.
    pub fn base_url(&self) -> String {
        if self.public_url.is_empty() {
            let listen = self.listen.parse::<std::net::SocketAddr>();
            return match listen {
                // All addresses of this machine are none that a browser can go to.
                Ok(listen) if listen.ip().is_unspecified() => {
                    format!("http://localhost:{}", listen.port())
                }
                _ => format!("http://{}", self.listen),
            };
        }
        self.public_url.trim_end_matches('/').to_owned()
    }

    fn public_host(&self) -> Option<String> {
        let uri = self.public_url.parse::<axum::http::Uri>().ok()?;
        let web = matches!(uri.scheme_str(), Some("http" | "https"));
        (web && uri.query().is_none()).then(|| uri.host().map(str::to_owned)).flatten()
    }

    fn public_path(&self) -> Option<String> {
        Some(self.public_url.parse::<axum::http::Uri>().ok()?.path().to_owned())
    }

    /// The names to answer to, beside `localhost` and addresses.
    pub fn host_names(&self) -> Vec<String> {
        self.hosts.iter().cloned().chain(self.public_host()).collect()
    }
}
