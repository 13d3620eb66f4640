//! Passwords: argon2id, a few at a time, and none that is easily guessed.

use std::sync::LazyLock;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, PasswordHash, Version};
use tokio::sync::Semaphore;

use crate::cpu;

/// OWASP's choice for argon2id: 19 MiB, two passes, one lane; some 20 ms.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// Each takes its memory and a core: more at once would let strangers fill both.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

pub const LENGTH_MIN: usize = 8;
pub const LENGTH_MAX: usize = 256;
/// From here on zxcvbn says that guessing at a throttled sign-in is hopeless.
const SCORE_MIN: zxcvbn::Score = zxcvbn::Score::Two;

/// Compared with when there is no such account, so that the answer takes as long.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| hash_now("nobody has this one").expect("fixed parameters work"));

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).expect("fixed parameters work");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash_now(password: &str) -> anyhow::Result<String> {
    let hash = argon2().hash_password(password.as_bytes());
    Ok(hash.map_err(|error| anyhow::anyhow!("hashing a password: {error}"))?.to_string())
}

/// What is stored of a password. It carries its own salt and parameters.
pub async fn hash(password: String) -> anyhow::Result<String> {
    let running = AT_ONCE.acquire().await?;
    cpu::run(move || {
        // Until it is done, also when nobody waits for it any more.
        let _running = running;
        hash_now(&password)
    })
    .await
}

/// Whether it is the password behind `stored`. Without one it takes as long to say no. `turn` is given
/// back when it is done, also when nobody waits for it any more.
pub async fn verify<T: Send + 'static>(
    turn: T,
    password: String,
    stored: Option<String>,
) -> anyhow::Result<bool> {
    let running = AT_ONCE.acquire().await?;
    cpu::run(move || {
        let _held = (running, turn);
        let known = stored.as_deref().unwrap_or(&NOBODY);
        let hash = PasswordHash::new(known)
            .map_err(|error| anyhow::anyhow!("reading a stored password: {error}"))?;
        let is_right = argon2().verify_password(password.as_bytes(), &hash).is_ok();
        Ok(is_right && stored.is_some())
    })
    .await
}

/// Why a password will not do, in words; nothing when it will.
pub fn weakness(password: &str, account: &str) -> Option<String> {
    let length = password.chars().count();
    if length < LENGTH_MIN {
        return Some(format!("a password has at least {LENGTH_MIN} characters"));
    }
    if length > LENGTH_MAX {
        return Some(format!("a password has at most {LENGTH_MAX} characters"));
    }
    let estimate = zxcvbn::zxcvbn(password, &[account, "minilab"]);
    if estimate.score() >= SCORE_MIN {
        return None;
    }
    let mut words = vec!["this password is easily guessed".to_owned()];
    if let Some(feedback) = estimate.feedback() {
        words.extend(feedback.warning().map(|warning| plain(&warning.to_string())));
        words.extend(feedback.suggestions().iter().map(|hint| plain(&hint.to_string())));
    }
    Some(words.join("; "))
}

/// A sentence as a part of a longer one.
fn plain(sentence: &str) -> String {
    let sentence = sentence.trim_end_matches('.');
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_password_itself_is_right() {
        let stored = hash("correct horse battery".to_owned()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(
            verify((), "correct horse battery".to_owned(), Some(stored.clone())).await.unwrap()
        );
        assert!(!verify((), "correct horse batterz".to_owned(), Some(stored)).await.unwrap());
        assert!(!verify((), "nobody has this one".to_owned(), None).await.unwrap());
    }

    #[test]
    fn weak_passwords_are_refused_with_the_reason() {
        for (password, reason) in [
            ("short", Some("at least 8")),
            ("password", Some("easily guessed")),
            ("12345678", Some("easily guessed")),
            ("aaaaaaaaaaaa", Some("easily guessed")),
            ("ada-lovelace", Some("easily guessed")),
            (&*"x".repeat(257), Some("at most 256")),
            ("correct horse battery", None),
            ("k7#Qz!m2vR", None),
        ] {
            let weakness = weakness(password, "ada-lovelace");
            match reason {
                Some(reason) => assert!(weakness.unwrap().contains(reason), "{password}"),
                None => assert_eq!(weakness, None, "{password}"),
            }
        }
    }
}
