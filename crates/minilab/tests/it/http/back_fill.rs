//! After a change of a tier or a preset old images get what they lack, without anybody asking.

use std::time::Duration;

use minilab::ids::AccountId;
use minilab::images::counted::CountedImage;
use minilab::jobs::{self, Job};
use minilab::{accounts, execute};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::pictures::{bmp, undecodable};
use crate::support::{Answer, Lab, soon};

mod rows {
    minilab::sql! {
        MAKE_VARIANT = "SELECT COUNT(*) FROM jobs WHERE kind = 'make_variant'";
        BACK_FILL = "SELECT COUNT(*) FROM jobs WHERE kind = 'back_fill' AND state = 'succeeded'";
        NOT_WELL = "SELECT COUNT(*) FROM jobs WHERE state <> 'succeeded'";
        LAZY = "SELECT COUNT(*) FROM variants WHERE preset = 'w50'";
        EMOJI = "SELECT COUNT(*) FROM variants WHERE preset = 'emoji'";
        H400 = "SELECT COUNT(*) FROM variants WHERE preset = 'h400'";
        INSERT_IMAGE = "INSERT INTO images (id, account_id, blob_id, scope_id, filename, state,
                created_ms, variant_bytes)
            SELECT $1, account_id, blob_id, $2, filename, state, created_ms, variant_bytes
            FROM images WHERE id = $3";
    }
}

on_both_engines! {
    a_higher_tier_gives_old_images_its_sizes
    a_lower_tier_takes_its_sizes_out_of_the_count
    a_changed_preset_serves_the_old_bytes_until_there_are_new_ones
    a_preset_that_a_tier_gets_is_made_for_old_images
    what_was_asked_for_is_made_anew_and_nothing_else
    what_cannot_be_made_anew_stays_as_it_is
    old_bytes_go_when_no_link_can_name_them_any_more
    many_images_are_walked_in_stretches
}

fn variant_path(image: &str, preset: &str) -> String {
    format!("/api/v1/images/{image}/variants/{preset}")
}

async fn print(lab: &Lab, key: &str, image: &str, preset: &str) -> Answer {
    let print = lab.get(key, &variant_path(image, preset)).await;
    assert_eq!(print.status, 200, "{preset}");
    print
}

/// The names of what an image shows as made.
async fn made(lab: &Lab, key: &str, image: &str) -> Vec<String> {
    let image = lab.image(key, image).await;
    let variants = image["variants"].as_array().unwrap().iter();
    let ready = variants.filter(|variant| variant["state"] == "ready");
    ready.map(|variant| variant["preset"].as_str().unwrap().to_owned()).collect()
}

async fn variant_bytes(lab: &Lab, key: &str) -> i64 {
    lab.get(key, "/api/v1/me").await.json()["usage"]["variant_bytes"].as_i64().unwrap()
}

/// The sum over all that the list shows.
async fn listed_bytes(lab: &Lab, key: &str) -> i64 {
    let mut sum = 0;
    let mut path = "/api/v1/images?limit=100".to_owned();
    loop {
        let page = lab.get(key, &path).await.json();
        let variants = page["items"].as_array().unwrap().iter().flat_map(|image| {
            image["variants"].as_array().unwrap().iter().map(|variant| &variant["bytes"])
        });
        sum += variants.filter_map(Value::as_i64).sum::<i64>();
        let Some(cursor) = page["next_cursor"].as_str() else { return sum };
        path = format!("/api/v1/images?limit=100&cursor={cursor}");
    }
}

async fn a_higher_tier_gives_old_images_its_sizes(lab: Lab) {
    let admin = lab.admin("root").await;
    let key = lab.account("ada", "free").await;
    let mut images = Vec::new();
    for seed in 0..3 {
        images.push(lab.ready(&key, "a.bmp", bmp(300, 500, seed)).await);
    }
    assert_eq!(made(&lab, &key, &images[0]).await, ["h200", "preview", "thumb"]);
    let before = variant_bytes(&lab, &key).await;
    assert!(before > 0 && before == listed_bytes(&lab, &key).await);

    lab.patch(&admin, &lab.account_path("ada").await, json!({"tier": "premium"})).await;
    lab.run_jobs().await;
    for image in &images {
        assert_eq!(made(&lab, &key, image).await, ["h200", "h400", "preview", "thumb"]);
        let shown = lab.image(&key, image).await;
        assert_eq!(shown["variants"][1]["height"], 400);
    }
    let after = variant_bytes(&lab, &key).await;
    assert!(after > before && after == listed_bytes(&lab, &key).await, "{before} {after}");
    for image in &images {
        print(&lab, &key, image, "h400").await;
    }
    assert_eq!(lab.number(rows::MAKE_VARIANT).await, 0, "nobody had to ask");
    assert_eq!(lab.number(rows::NOT_WELL).await, 0);
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_lower_tier_takes_its_sizes_out_of_the_count(lab: Lab) {
    let admin = lab.admin("root").await;
    let key = lab.account("ada", "premium").await;
    let image = lab.ready(&key, "a.bmp", bmp(300, 500, 1)).await;
    let before = variant_bytes(&lab, &key).await;
    let h400 = print(&lab, &key, &image, "h400").await.body.len() as i64;
    let account = lab.account_path("ada").await;
    lab.patch(&admin, &account, json!({"tier": "free"})).await;
    let refused = lab.get(&key, &variant_path(&image, "h400")).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "preset_not_in_tier"));
    lab.run_jobs().await;
    assert_eq!(variant_bytes(&lab, &key).await, before - h400);
    assert_eq!(listed_bytes(&lab, &key).await, before - h400);
    assert_eq!(lab.differences().await, [""; 0]);
    // Back again it is counted again, and was never made twice.
    lab.patch(&admin, &account, json!({"tier": "premium"})).await;
    lab.run_jobs().await;
    assert_eq!(variant_bytes(&lab, &key).await, before);
    assert_eq!(lab.number(rows::H400).await, 1);
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_changed_preset_serves_the_old_bytes_until_there_are_new_ones(lab: Lab) {
    let admin = lab.admin("root").await;
    let key = lab.account("ada", "free").await;
    let image = lab.ready(&key, "a.bmp", bmp(300, 500, 1)).await;
    let old = print(&lab, &key, &image, "h200").await;
    let old_view = lab.image(&key, &image).await["variants"][0].clone();
    let changed = lab.patch(&admin, "/api/v1/presets/h200", json!({"quality": 20})).await;
    assert_eq!((&changed["version"], &changed["quality"]), (&2.into(), &20.into()));
    let still = print(&lab, &key, &image, "h200").await;
    assert_eq!((still.header("etag"), &still.body), (old.header("etag"), &old.body));
    assert_eq!(lab.image(&key, &image).await["variants"][0], old_view);

    lab.run_jobs().await;
    // What was handed out within the last second may be handed out again.
    soon("the new bytes", async || {
        print(&lab, &key, &image, "h200").await.header("etag") != old.header("etag")
    })
    .await;
    let new = print(&lab, &key, &image, "h200").await;
    assert!(new.body.len() < old.body.len(), "{} {}", new.body.len(), old.body.len());
    let tag = [("if-none-match", old.header("etag"))];
    assert_eq!(lab.get_with(&key, &variant_path(&image, "h200"), &tag).await.status, 200);
    let view = lab.image(&key, &image).await["variants"][0].clone();
    assert_ne!(view["url"], old_view["url"], "the address names the content");
    assert_eq!(view["bytes"], new.body.len());
    let listed = lab.get(&key, "/api/v1/images").await.json();
    assert_eq!(listed["items"][0]["variants"][0], view);
    assert_eq!(variant_bytes(&lab, &key).await, listed_bytes(&lab, &key).await);
    assert_eq!(lab.number(rows::MAKE_VARIANT).await, 0);
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_preset_that_a_tier_gets_is_made_for_old_images(lab: Lab) {
    let admin = lab.admin("root").await;
    let key = lab.account("ada", "free").await;
    let image = lab.ready(&key, "a.bmp", bmp(300, 500, 1)).await;
    let preset = json!({"name": "w50", "width": 50, "eager": false});
    assert_eq!(lab.json(&admin, "POST", "/api/v1/presets", preset).await.status, 201);
    let with = json!({"presets": ["emoji", "h200", "preview", "thumb", "w50"]});
    lab.patch(&admin, "/api/v1/tiers/free", with).await;
    lab.run_jobs().await;
    assert_eq!(lab.number(rows::LAZY).await, 0, "made when it is asked for");

    lab.patch(&admin, "/api/v1/presets/w50", json!({"eager": true})).await;
    lab.run_jobs().await;
    assert_eq!(made(&lab, &key, &image).await, ["h200", "preview", "thumb", "w50"]);
    print(&lab, &key, &image, "w50").await;
    let shown = lab.image(&key, &image).await;
    assert_eq!(
        (&shown["variants"][3]["width"], &shown["variants"][3]["height"]),
        (&50.into(), &83.into())
    );
    assert_eq!(lab.number(rows::MAKE_VARIANT).await, 0);
    assert_eq!(variant_bytes(&lab, &key).await, listed_bytes(&lab, &key).await);
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn what_was_asked_for_is_made_anew_and_nothing_else(lab: Lab) {
    let admin = lab.admin("root").await;
    let key = lab.account("ada", "premium").await;
    let image = lab.ready(&key, "a.bmp", bmp(300, 500, 1)).await;
    let before = variant_bytes(&lab, &key).await;
    let path = variant_path(&image, "display");
    assert_eq!(lab.get_with(&key, &path, &[("prefer", "wait=0")]).await.status, 202);
    lab.run_jobs().await;
    let old = print(&lab, &key, &image, "display").await;
    assert_eq!(variant_bytes(&lab, &key).await, before + old.body.len() as i64);
    assert_eq!(lab.number(rows::MAKE_VARIANT).await, 1);

    for preset in ["display", "emoji"] {
        let change = json!({"width": 64, "height": 64});
        lab.patch(&admin, &format!("/api/v1/presets/{preset}"), change).await;
        lab.run_jobs().await;
    }
    soon("the new bytes", async || {
        print(&lab, &key, &image, "display").await.header("etag") != old.header("etag")
    })
    .await;
    let new = print(&lab, &key, &image, "display").await;
    assert_eq!(variant_bytes(&lab, &key).await, before + new.body.len() as i64);
    assert_eq!(lab.number(rows::MAKE_VARIANT).await, 1, "nobody had to ask again");
    assert_eq!(lab.number(rows::EMOJI).await, 0);
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn what_cannot_be_made_anew_stays_as_it_is(lab: Lab) {
    let admin = lab.admin("root").await;
    let key = lab.account("ada", "free").await;
    let broken = lab.ready(&key, "b.bmp", undecodable(1)).await;
    let image = lab.ready(&key, "a.bmp", bmp(300, 500, 1)).await;
    let old = print(&lab, &key, &image, "h200").await;
    // No picture of this size has so few bytes.
    let change = json!({"byte_budget": 1024, "height": 4000, "enlarge": true});
    lab.patch(&admin, "/api/v1/presets/h200", change).await;
    lab.patch(&admin, "/api/v1/presets/thumb", json!({"quality": 10})).await;
    let old_thumb = lab.image(&key, &image).await["variants"][2].clone();
    lab.run_jobs().await;
    assert_eq!(print(&lab, &key, &image, "h200").await.body, old.body);
    let shown = lab.image(&key, &image).await;
    assert_eq!(shown["state"], "ready");
    assert_ne!(shown["variants"][2], old_thumb, "the others are made");
    assert_eq!(lab.image(&key, &broken).await["state"], "failed");
    assert_eq!(lab.number(rows::NOT_WELL).await, 1, "only that of the broken picture");
    assert_eq!(variant_bytes(&lab, &key).await, listed_bytes(&lab, &key).await);
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn old_bytes_go_when_no_link_can_name_them_any_more(lab: Lab) {
    let admin = lab.admin("root").await;
    let image = lab.ready(&admin, "a.bmp", bmp(300, 500, 1)).await;
    lab.patch(&admin, "/api/v1/presets/h200", json!({"quality": 20})).await;
    lab.run_jobs().await;
    let stored = async |version: u32| {
        lab.stored().iter().filter(|path| path.contains(&format!("/h200.{version}."))).count()
    };
    for (days, old) in [(29, 1), (2, 0)] {
        lab.app.clock.advance(Duration::from_hours(24 * days));
        let now_ms = lab.app.clock.now_ms();
        let sweep = lab
            .app
            .db
            .write(now_ms, |tx, now_ms| Box::pin(jobs::enqueue(tx, &Job::Sweep, None, *now_ms)));
        sweep.await.unwrap();
        lab.run_jobs().await;
        assert_eq!((stored(1).await, stored(2).await), (old, 1), "after {days} days more");
    }
    print(&lab, &admin, &image, "h200").await;
    assert_eq!(variant_bytes(&lab, &admin).await, listed_bytes(&lab, &admin).await);
    assert_eq!(lab.differences().await, [""; 0]);
}

/// Adds images of an account that show what `of` shows, as if they had come by other ways.
async fn multiply(lab: &Lab, account: AccountId, of: &str, times: i64) {
    let shown = fetch_shown(lab, of).await;
    let now_ms = lab.app.clock.now_ms();
    let args = (Uuid::try_parse(of).unwrap(), account, times, shown, now_ms);
    let added =
        lab.app.db.write(args, |tx, &(of, account, times, (bytes, variant_bytes), now_ms)| {
            Box::pin(async move {
                let (format, model, is_only_one) = ("bmp", None, false);
                let counted =
                    CountedImage { account, bytes, variant_bytes, format, model, is_only_one };
                for _ in 0..times {
                    execute!(tx, rows::INSERT_IMAGE, Uuid::now_v7(), Uuid::now_v7(), of)?;
                    counted.add(tx, now_ms).await?;
                }
                Ok::<_, sqlx::Error>(())
            })
        });
    added.await.unwrap();
}

/// Bytes of an image, and of its variants.
async fn fetch_shown(lab: &Lab, of: &str) -> (i64, i64) {
    let sql = read::BYTES;
    let id = Uuid::try_parse(of).unwrap();
    minilab::fetch_one!(&mut lab.app.db.read().await.unwrap(), (i64, i64), sql, id).unwrap()
}

mod read {
    minilab::sql! {
        BYTES = "SELECT b.bytes, i.variant_bytes FROM images i JOIN blobs b ON b.id = i.blob_id
            WHERE i.id = $1";
    }
}

async fn many_images_are_walked_in_stretches(lab: Lab) {
    let admin = lab.admin("root").await;
    let key = lab.account("ada", "free").await;
    let images_max = json!({"images_max": null});
    lab.patch(&admin, "/api/v1/tiers/free", images_max).await;
    let mut conn = lab.app.db.read().await.unwrap();
    let account = accounts::find_by_name(&mut conn, "ada").await.unwrap().unwrap().id;
    drop(conn);
    for seed in 0..10 {
        let image = lab.ready(&key, "a.bmp", bmp(60, 450, seed)).await;
        multiply(&lab, account, &image, 60).await;
    }
    // The last one is behind the first stretch.
    let last = lab.ready(&key, "z.bmp", bmp(60, 450, 99)).await;
    assert_eq!(lab.get(&key, "/api/v1/me").await.json()["usage"]["images"], 611);
    assert_eq!(lab.differences().await, [""; 0]);

    lab.patch(&admin, &lab.account_path("ada").await, json!({"tier": "business"})).await;
    lab.run_jobs().await;
    assert_eq!(lab.number(rows::BACK_FILL).await, 2);
    assert_eq!(made(&lab, &key, &last).await, ["h200", "h400", "preview", "thumb"]);
    assert_eq!(lab.number(rows::H400).await, 11);
    assert_eq!(variant_bytes(&lab, &key).await, listed_bytes(&lab, &key).await);
    assert_eq!(lab.differences().await, [""; 0]);

    // The same for all accounts at once.
    lab.patch(&admin, "/api/v1/presets/h400", json!({"quality": 20})).await;
    lab.run_jobs().await;
    assert_eq!(lab.number(rows::BACK_FILL).await, 4);
    assert_eq!(lab.number(rows::H400).await, 22);
    assert_eq!(variant_bytes(&lab, &key).await, listed_bytes(&lab, &key).await);
    assert_eq!(lab.number(rows::NOT_WELL).await, 0);
    assert_eq!(lab.differences().await, [""; 0]);
}
