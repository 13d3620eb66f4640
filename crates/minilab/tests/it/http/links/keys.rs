//! The keys that links are sealed with: one seals, two open, and machines of one lab share them.

use std::os::unix::fs::PermissionsExt;

use minilab::config::Config;
use minilab::links::rotate;
use minilab::start::{self, watch_links as watch};

use super::{link, open, outcome, token};
use crate::support::pictures::bmp;
use crate::support::{Lab, Server, soon};

on_both_engines! {
    a_new_key_seals_the_last_one_opens_and_the_one_before_is_dead
}

/// The part of a token that names its key.
fn key_name(path: &str) -> String {
    token(path)[..5].to_owned()
}

async fn a_new_key_seals_the_last_one_opens_and_the_one_before_is_dead(lab: Lab) {
    let watching = minilab::spawn(watch(lab.app.clone()));
    let secrets = lab.data().join("secrets");
    let key = lab.account("ada", "business").await;
    let image = lab.ready(&key, "a.bmp", bmp(30, 20, 1)).await;
    let first = link(&lab, &key, &image, "h200").await;
    assert_eq!(key_name(&link(&lab, &key, &image, "h200").await), key_name(&first));

    rotate(&lab.app.db, &secrets).await.unwrap();
    // The running process reads the keys anew by itself.
    soon("a link with the new key", async || {
        key_name(&link(&lab, &key, &image, "h200").await) != key_name(&first)
    })
    .await;
    let second = link(&lab, &key, &image, "h200").await;
    for path in [&first, &second] {
        assert_eq!(open(&lab, path).await.status, 200);
    }

    rotate(&lab.app.db, &secrets).await.unwrap();
    soon("the oldest key is dead", async || open(&lab, &first).await.status == 403).await;
    assert_eq!(outcome(&open(&lab, &first).await), (403, "forged_link".to_owned()));
    assert_eq!(open(&lab, &second).await.status, 200);
    let third = link(&lab, &key, &image, "h200").await;
    assert_eq!(open(&lab, &third).await.status, 200);
    // A process that starts now has the same keys.
    let late = lab.beside().await;
    let statuses = [&first, &second, &third].map(|path| open(&late, path));
    let statuses = futures_util::future::join_all(statuses).await;
    assert_eq!(statuses.iter().map(|a| a.status.as_u16()).collect::<Vec<_>>(), [403, 200, 200]);

    let file = secrets.join("link-keys");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(&secrets).unwrap().count(), 1, "no draft is left");
    lab.app.stop.cancel();
    watching.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_with_other_secrets_does_not_start() {
    let lab = Lab::open(Server::Postgres).await;
    let data = tempfile::tempdir().unwrap();
    let mut config = Config { data: data.path().to_owned(), ..lab.app.config.clone() };
    config.blobs.url = format!("file://{}", lab.data().join("blobs").display());
    let program = std::path::PathBuf::from(env!("CARGO_BIN_EXE_minilab"));
    let open = || start::open(config.clone(), program.clone());
    let missing = format!("{:#}", open().await.err().unwrap());
    assert!(missing.contains("link-keys") && missing.contains("missing"), "{missing}");

    let elsewhere = Lab::open(Server::Sqlite).await;
    let place = data.path().join("secrets/link-keys");
    std::fs::copy(elsewhere.data().join("secrets/link-keys"), &place).unwrap();
    let other = format!("{:#}", open().await.err().unwrap());
    assert!(other.contains("does not hold the lab's keys"), "{other}");

    std::fs::copy(lab.data().join("secrets/link-keys"), &place).unwrap();
    assert!(open().await.is_ok());
}
