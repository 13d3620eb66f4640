//! The keys that temporary links are sealed with: XChaCha20-Poly1305, the newest and the one before.
//!
//! They lie in `secrets/`, which machines of one lab share. The database knows the newest by name, so
//! that a machine with other keys is found out before it hands out links that nobody else can open.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::SystemTime;

use anyhow::{Context, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload as Message};
use chacha20poly1305::{Key as CipherKey, XChaCha20Poly1305, XNonce};

use super::sql;
use crate::db::Db;
use crate::{execute, fetch_one};

const FILE: &str = "link-keys";
const KEYS_MAX: usize = 2;
const NAME_BYTES: usize = 4;
const NONCE_BYTES: usize = 24;
/// Bound into every token: one of another purpose, or of another layout, does not open.
const PURPOSE: &[u8] = b"minilab link 1";

/// A token that no live key of ours made.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("forged, or sealed with a key that is not live any more")]
pub struct SealError;

/// Seals and opens tokens.
#[derive(Clone)]
pub struct Seal {
    file: Arc<PathBuf>,
    live: Arc<RwLock<Live>>,
}

struct Live {
    /// The newest first; only that one seals.
    keys: Vec<SealKey>,
    changed: Option<SystemTime>,
}

struct SealKey {
    name: [u8; NAME_BYTES],
    cipher: XChaCha20Poly1305,
    /// Nonces are made with it.
    nonce_key: [u8; 32],
}

impl SealKey {
    fn new(secret: &[u8; 32]) -> Self {
        let mut name = [0; NAME_BYTES];
        let digest = blake3::derive_key("minilab 2026 name of a key that seals links", secret);
        name.copy_from_slice(&digest[..NAME_BYTES]);
        let nonce_key = blake3::derive_key("minilab 2026 nonces of a key that seals links", secret);
        Self { name, cipher: XChaCha20Poly1305::new(&CipherKey::from(*secret)), nonce_key }
    }

    /// What is said decides the nonce: the same is sealed to the same token, and two nonces are alike only
    /// if what they seal is.
    fn nonce(&self, plain: &[u8]) -> [u8; NONCE_BYTES] {
        let mut nonce = [0; NONCE_BYTES];
        nonce
            .copy_from_slice(&blake3::keyed_hash(&self.nonce_key, plain).as_bytes()[..NONCE_BYTES]);
        nonce
    }
}

impl Seal {
    /// Opens the keys of this lab; the first process makes them.
    pub async fn open(db: &Db, secrets: &Path) -> anyhow::Result<Self> {
        let file = secrets.join(FILE);
        let (known,) = fetch_one!(&mut db.read().await?, (Option<String>,), sql::SELECT_SEAL_KEY)?;
        if known.is_none() && !file.exists() {
            write(&file, &[rand::random()])?;
        }
        let live = load(&file)?;
        let names = live.keys.iter().map(|key| crate::blobs::hex(&key.name)).collect::<Vec<_>>();
        match known {
            None => remember(db, names[0].clone()).await?,
            Some(known) => ensure!(
                names.contains(&known),
                "{} does not hold the lab's keys: machines that share a database share `secrets/`",
                file.display()
            ),
        }
        Ok(Self { file: Arc::new(file), live: Arc::new(RwLock::new(live)) })
    }

    /// Another process may have made a new key.
    pub fn reload_if_changed(&self) -> anyhow::Result<()> {
        let changed = std::fs::metadata(&*self.file)?.modified().ok();
        if self.live.read().expect("nobody panics holding it").changed != changed {
            *self.live.write().expect("nobody panics holding it") = load(&self.file)?;
            tracing::info!("read the keys of links anew");
        }
        Ok(())
    }

    /// Encrypts with the newest key: its name, a nonce, the sealed bytes, as text for a URL. The same
    /// text for the same bytes, so that a link that was handed out can be handed out again.
    pub fn seal(&self, plain: &[u8]) -> String {
        let live = self.live.read().expect("nobody panics holding it");
        let key = live.keys.first().expect("there is one at least");
        let nonce = key.nonce(plain);
        let message = Message { msg: plain, aad: PURPOSE };
        let sealed =
            key.cipher.encrypt(&XNonce::from(nonce), message).expect("far below any limit");
        URL_SAFE_NO_PAD.encode([&key.name[..], &nonce, &sealed].concat())
    }

    /// Decrypts what one of the live keys sealed, and nothing else.
    pub fn open_token(&self, token: &str) -> Result<Vec<u8>, SealError> {
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| SealError)?;
        let (name, rest) = bytes.split_first_chunk::<NAME_BYTES>().ok_or(SealError)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(SealError)?;
        let live = self.live.read().expect("nobody panics holding it");
        let key = live.keys.iter().find(|key| key.name == *name).ok_or(SealError)?;
        let message = Message { msg: sealed, aad: PURPOSE };
        key.cipher.decrypt(&XNonce::from(*nonce), message).map_err(|_| SealError)
    }
}

/// Makes a new key; links of the last one live on, those of the one before are dead at once.
pub async fn rotate(db: &Db, secrets: &Path) -> anyhow::Result<()> {
    let file = secrets.join(FILE);
    let mut keys = vec![rand::random()];
    keys.extend(read(&file)?.into_iter().take(KEYS_MAX - 1));
    write(&file, &keys)?;
    remember(db, crate::blobs::hex(&SealKey::new(&keys[0]).name)).await
}

async fn remember(db: &Db, name: String) -> anyhow::Result<()> {
    db.write(name, |tx, name| Box::pin(async move { execute!(tx, sql::SET_SEAL_KEY, &**name) }))
        .await
        .context("noting the name of the key")?;
    Ok(())
}

fn load(file: &Path) -> anyhow::Result<Live> {
    // Before the keys: a change in between is seen by the next look.
    let changed = std::fs::metadata(file).and_then(|facts| facts.modified()).ok();
    let keys = read(file)?.iter().map(SealKey::new).collect::<Vec<_>>();
    ensure!(!keys.is_empty(), "{} holds no key", file.display());
    Ok(Live { keys, changed })
}

fn read(file: &Path) -> anyhow::Result<Vec<[u8; 32]>> {
    let text = std::fs::read_to_string(file).with_context(|| match std::fs::metadata(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            format!("{} holds the keys of links and is missing", file.display())
        }
        _ => format!("reading {}", file.display()),
    })?;
    let keys = text.lines().filter(|line| !line.trim().is_empty()).map(|line| {
        let secret = URL_SAFE_NO_PAD.decode(line.trim()).ok();
        secret.and_then(|secret| secret.try_into().ok())
    });
    let keys = keys.collect::<Option<Vec<_>>>();
    keys.with_context(|| format!("{} is not a file of keys", file.display()))
}

/// Written beside and renamed: a reader sees the old keys or the new ones.
fn write(file: &Path, keys: &[[u8; 32]]) -> anyhow::Result<()> {
    let text = keys.iter().map(|key| URL_SAFE_NO_PAD.encode(key) + "\n").collect::<String>();
    let draft = file.with_extension(format!("{}.new", std::process::id()));
    let written = || {
        let mut new = crate::private::create(&draft)?;
        new.write_all(text.as_bytes())?;
        new.sync_all()?;
        std::fs::rename(&draft, file)
    };
    written().with_context(|| format!("writing {}", file.display()))
}
