//! Events: what happened, told once, in an order that no reader can miss anything of.

use std::time::Duration;

use futures_util::future::join_all;
use minilab::events::{self, Event, EventKind, StoredEvent};
use minilab::ids::ImageId;
use minilab::images::expire;
use serde_json::{Value, json};

use crate::support::Lab;
use crate::support::pictures::{bmp, corpus, undecodable};

on_both_engines! {
    what_becomes_of_images_and_links_is_told_by_their_ids_alone
    who_has_seen_a_number_never_finds_a_smaller_one_later
    what_is_undone_was_never_told
    events_go_after_a_month_and_the_audit_log_after_two_years
}

async fn told(lab: &Lab) -> Vec<StoredEvent> {
    events::after(&lab.app.db, 0, 1000).await.unwrap()
}

async fn kinds(lab: &Lab) -> Vec<String> {
    told(lab).await.into_iter().map(|event| event.kind).collect()
}

async fn what_becomes_of_images_and_links_is_told_by_their_ids_alone(lab: Lab) {
    let ada = lab.account("grace", "business").await;
    let place = corpus("photos/synth_gps_n_e.jpg");
    let image = lab.upload_ok(&ada, "my-secret-street.jpg", place).await;
    lab.run_jobs().await;
    let broken = lab.upload_ok(&ada, "broken-secret.png", undecodable(1)).await;
    lab.run_jobs().await;
    // A second one who brings the same bytes is told of their own image only.
    let bob = lab.account("bob", "business").await;
    let path = format!("/api/v1/images/{image}");
    let links = format!("{path}/links");
    let wish = json!({"expires_in": 600, "variant": "h200"});
    assert_eq!(lab.json(&ada, "POST", &links, wish).await.status, 201);
    let listed = lab.get(&ada, &links).await.json();
    let link = listed["items"][0]["id"].as_str().unwrap().to_owned();
    lab.call(&ada, "DELETE", &format!("{path}/links/{link}")).await;
    let new = json!({"expires_in": 600, "label": "secret party"});
    let upload_link = lab.json(&bob, "POST", "/api/v1/upload-links", new).await.json();
    let upload_link = format!("/api/v1/upload-links/{}", upload_link["id"].as_str().unwrap());
    lab.json(&bob, "PATCH", &upload_link, json!({"label": "secret feast"})).await;
    lab.call(&bob, "DELETE", &upload_link).await;
    lab.patch(&ada, &path, json!({"delete_after": 60})).await;
    lab.app.clock.advance(Duration::from_secs(61));
    expire::ask_if_due(&lab.app).await.unwrap();
    lab.run_jobs().await;
    lab.call(&ada, "DELETE", &format!("/api/v1/images/{broken}")).await;

    let told = told(&lab).await;
    let expected = [
        ("image.ready", Some(&image)),
        ("image.failed", Some(&broken)),
        ("link.create", Some(&image)),
        ("link.revoke", Some(&image)),
        ("upload_link.create", None),
        ("upload_link.change", None),
        ("upload_link.revoke", None),
        ("image.expired", Some(&image)),
        ("image.deleted", Some(&broken)),
    ];
    let images = told.iter().map(|event| event.image_id.map(|id| id.to_string()));
    let seen = told.iter().map(|event| &*event.kind).zip(images).collect::<Vec<_>>();
    let expected = expected.map(|(kind, image)| (kind, image.cloned()));
    assert_eq!(seen, expected);
    assert!(told.iter().all(|event| event.account_id.is_some()), "{told:?}");
    let data = |at: usize| serde_json::from_str::<Value>(&told[at].data).unwrap();
    assert_eq!(data(2)["link"], link);
    assert!(data(1)["code"].is_string(), "{}", told[1].data);
    // No word of digits that an id has by chance.
    let text = format!("{told:?}");
    for secret in ["secret", "street", "59.", "gps", "grace", "127.0.0.1"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn record_one(lab: &Lab, number: i64, does_fail: bool) -> anyhow::Result<()> {
    let args = (number, does_fail, lab.app.clock.now_ms());
    lab.app
        .db
        .write(args, |tx, &(number, does_fail, now_ms)| {
            Box::pin(async move {
                let event = Event::new(EventKind::ImageDeleted, now_ms).image(ImageId::new());
                events::record(tx, &event.data(json!({"number": number}))).await?;
                // The later ones are often done earlier.
                tokio::time::sleep(Duration::from_millis(number.unsigned_abs() % 7)).await;
                anyhow::ensure!(!does_fail, "undone");
                Ok(())
            })
        })
        .await
}

async fn who_has_seen_a_number_never_finds_a_smaller_one_later(lab: Lab) {
    const ALL: i64 = 120;
    let writing = join_all((0..ALL).map(|number| record_one(&lab, number, false)));
    let reading = async {
        let mut seen = Vec::new();
        while seen.len() < ALL as usize {
            let last = seen.last().map_or(0, |(seq, _)| *seq);
            let more = events::after(&lab.app.db, last, 7).await.unwrap();
            seen.extend(more.into_iter().map(|event| (event.seq, event.data)));
        }
        seen
    };
    // Two who read at once also number at once.
    let (written, first, second) = tokio::join!(writing, reading, kinds_until(&lab, ALL as usize));
    assert!(written.into_iter().all(|outcome| outcome.is_ok()));
    assert_eq!(second, ALL as usize);
    let numbers = first.iter().map(|(seq, _)| *seq).collect::<Vec<_>>();
    assert_eq!(numbers, (1..=ALL).collect::<Vec<_>>(), "no gap, nothing twice");
    let mut data = first.into_iter().map(|(_, data)| data).collect::<Vec<_>>();
    data.sort();
    data.dedup();
    assert_eq!(data.len(), ALL as usize);
}

/// Reads from the beginning again and again, until so many events are there.
async fn kinds_until(lab: &Lab, count: usize) -> usize {
    loop {
        let seen = kinds(lab).await.len();
        if seen >= count {
            return seen;
        }
    }
}

async fn what_is_undone_was_never_told(lab: Lab) {
    record_one(&lab, 1, true).await.unwrap_err();
    assert_eq!(kinds(&lab).await, [""; 0]);
    record_one(&lab, 2, false).await.unwrap();
    assert_eq!(kinds(&lab).await, ["image.deleted"]);
}

async fn events_go_after_a_month_and_the_audit_log_after_two_years(lab: Lab) {
    let root = lab.admin("root").await;
    lab.ready(&root, "a.bmp", bmp(9, 9, 0)).await;
    lab.json(&root, "POST", "/api/v1/tiers", json!({"name": "studio"})).await;
    let prune = async |days: u64| {
        lab.app.clock.advance(Duration::from_secs(days * 86_400));
        let now_ms = lab.app.clock.now_ms();
        events::prune(&lab.app.db, &lab.app.config.events, now_ms).await.unwrap();
        kinds(&lab).await
    };
    assert_eq!(prune(29).await, ["image.ready", "tier.create"]);
    assert_eq!(prune(2).await, ["tier.create"]);
    assert_eq!(prune(698).await, ["tier.create"]);
    assert_eq!(prune(2).await, [""; 0]);
    // Numbers are not given twice.
    record_one(&lab, 1, false).await.unwrap();
    assert_eq!(told(&lab).await[0].seq, 3);
}
