//! Quotas beyond the race that `races.rs` runs: what a refusal says, and that room comes back.

use futures_util::future::join_all;
use serde_json::json;

use crate::support::Lab;
use crate::support::pictures::bmp;

on_both_engines! {
    of_fifty_at_once_exactly_the_quota_fits_and_the_others_hear_why
    what_is_deleted_makes_room_at_once
    uploads_and_deletes_at_once_never_exceed_the_quota
}

const QUOTA: usize = 12;

async fn account(lab: &Lab) -> String {
    let admin = lab.admin("root").await;
    lab.patch(&admin, "/api/v1/tiers/free", json!({"images_max": QUOTA})).await;
    lab.account("ada", "free").await
}

async fn used(lab: &Lab, key: &str) -> usize {
    lab.get(key, "/api/v1/me").await.json()["usage"]["images"].as_u64().unwrap() as usize
}

async fn of_fifty_at_once_exactly_the_quota_fits_and_the_others_hear_why(lab: Lab) {
    let key = account(&lab).await;
    let uploads = (0..50).map(|seed| lab.upload(&key, "a.bmp", bmp(20, 20, seed)));
    let answers = join_all(uploads).await;
    let (created, refused) = answers.iter().partition::<Vec<_>, _>(|answer| answer.status == 201);
    assert_eq!(created.len(), QUOTA);
    for answer in refused {
        assert_eq!((answer.status.as_u16(), &*answer.code()), (403, "quota_reached"));
        let problem = answer.json();
        assert_eq!((&problem["used"], &problem["limit"]), (&QUOTA.into(), &QUOTA.into()));
        assert_eq!(problem["items"][0]["status"], "rejected");
        assert!(problem["detail"].as_str().unwrap().contains("12 of 12"), "{problem}");
    }
    assert_eq!(used(&lab, &key).await, QUOTA);
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn what_is_deleted_makes_room_at_once(lab: Lab) {
    let key = account(&lab).await;
    let mut images = Vec::new();
    for seed in 0..QUOTA {
        images.push(lab.upload_ok(&key, "a.bmp", bmp(20, 20, seed as u8)).await);
    }
    // Before any job ran, and for what was never developed.
    for (turn, image) in images.iter().enumerate().take(3) {
        let new = bmp(20, 20, 100 + turn as u8);
        assert_eq!(lab.upload(&key, "a.bmp", new.clone()).await.code(), "quota_reached");
        assert_eq!(lab.upload(&key, "a.bmp", bmp(20, 20, 11)).await.status, 200, "a duplicate");
        let path = format!("/api/v1/images/{image}");
        assert_eq!(lab.call(&key, "DELETE", &path).await.status, 204);
        assert_eq!(lab.upload(&key, "a.bmp", new).await.status, 201);
    }
    assert_eq!(used(&lab, &key).await, QUOTA);
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn uploads_and_deletes_at_once_never_exceed_the_quota(lab: Lab) {
    let key = account(&lab).await;
    let busy = (0..20).map(|sender| {
        let (lab, key) = (&lab, &key);
        async move {
            let mut kept = 0;
            for turn in 0..4 {
                let sent = lab.upload(key, "a.bmp", bmp(20, 20, sender * 4 + turn)).await;
                if sent.status != 201 {
                    assert_eq!(sent.code(), "quota_reached");
                    assert!(sent.json()["used"].as_u64().unwrap() >= QUOTA as u64);
                    continue;
                }
                assert!(used(lab, key).await <= QUOTA);
                kept += 1;
                if turn % 2 == 0 {
                    let id = sent.json()["items"][0]["id"].as_str().unwrap().to_owned();
                    let path = format!("/api/v1/images/{id}");
                    assert_eq!(lab.call(key, "DELETE", &path).await.status, 204);
                    kept -= 1;
                }
            }
            kept
        }
    });
    let (kept, ()) = tokio::join!(join_all(busy), async {
        for _ in 0..10 {
            lab.run_jobs().await;
        }
    });
    assert_eq!(used(&lab, &key).await, kept.into_iter().sum::<usize>());
    // Deletions that found work under way come again a little later.
    lab.app.clock.advance(std::time::Duration::from_mins(10));
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
}
