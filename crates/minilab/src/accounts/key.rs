//! What proves who calls: `mlk_<id>_<secret>` and its kin. Only a hash of the secret is stored.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// What a key opens. Its prefix says which, so that one is never taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An API key, until it is revoked.
    Api,
    /// The cookie of a browser that signed in.
    Cookie,
    /// An access token, for minutes.
    Access,
    /// A refresh token, for one use.
    Refresh,
    /// The link that makes the first admin.
    Setup,
    /// An upload link.
    Upload,
}

impl Kind {
    const ALL: [Self; 6] =
        [Self::Api, Self::Cookie, Self::Access, Self::Refresh, Self::Setup, Self::Upload];

    fn prefix(self) -> &'static str {
        match self {
            Self::Api => "mlk",
            Self::Cookie => "mlc",
            Self::Access => "mla",
            Self::Refresh => "mlr",
            Self::Setup => "mls",
            Self::Upload => "mlu",
        }
    }

    /// As its column holds it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Api => "key",
            Self::Cookie => "cookie",
            Self::Access => "access",
            Self::Refresh => "refresh",
            Self::Setup => "setup",
            Self::Upload => "upload",
        }
    }
}

/// A key as its holder has it.
#[derive(Clone)]
pub struct Key {
    pub kind: Kind,
    pub id: Uuid,
    secret: [u8; 32],
}

impl Key {
    pub fn random(kind: Kind) -> Self {
        Self { kind, id: Uuid::now_v7(), secret: rand::random() }
    }

    /// Another secret for what has an id.
    pub fn renewed(kind: Kind, id: Uuid) -> Self {
        Self { id, ..Self::random(kind) }
    }

    /// Reads the text form; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (prefix, rest) = text.split_once('_')?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.prefix() == prefix)?;
        let (id, secret) = rest.split_once('_')?;
        // An id can be written in several ways; a key is handed out in one.
        let is_plain = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if id.len() != 32 || !id.bytes().all(is_plain) {
            return None;
        }
        // Room for what the decoder fears there may be: a byte more.
        let mut decoded = [0; 33];
        let length = URL_SAFE_NO_PAD.decode_slice(secret, &mut decoded).ok()?;
        let secret = decoded[..length].try_into().ok()?;
        Some(Self { kind, id: Uuid::try_parse(id).ok()?, secret })
    }

    /// What is stored. The secret has 256 random bits, so a plain hash is enough.
    pub fn secret_hash(&self) -> [u8; 32] {
        *blake3::hash(&self.secret).as_bytes()
    }

    /// Compares in constant time.
    pub fn matches(&self, secret_hash: &[u8]) -> bool {
        self.secret_hash().ct_eq(secret_hash).into()
    }

    /// The text form, shown once.
    pub fn reveal(&self) -> String {
        let prefix = self.kind.prefix();
        format!("{prefix}_{}_{}", self.id.simple(), URL_SAFE_NO_PAD.encode(self.secret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_matches_only_its_own_hash() {
        for kind in Kind::ALL {
            let key = Key::random(kind);
            let read = Key::parse(&key.reveal()).unwrap();
            assert_eq!((read.kind, read.id), (kind, key.id));
            assert!(read.matches(&key.secret_hash()));
            assert!(!read.matches(&Key::random(kind).secret_hash()));
            assert!(!read.matches(&[]));
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in
            ["", "mlk", "mlk_", "mlk_x_y", "abc_00_00", "mlk_00000000000000000000000000000000_"]
        {
            assert!(Key::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_key_is_read_only_in_the_form_it_is_handed_out() {
        let key = Key::random(Kind::Api);
        let (simple, text) = (key.id.simple().to_string(), key.reveal());
        for id in [
            simple.to_uppercase(),
            key.id.to_string(),
            key.id.braced().to_string(),
            key.id.urn().to_string(),
        ] {
            assert!(Key::parse(&text.replace(&simple, &id)).is_none(), "{id}");
        }
    }
}
