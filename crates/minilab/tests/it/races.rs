//! What must hold when many things happen at once, and when the process dies between two of them.

use futures_util::future::join_all;

use crate::support::Lab;
use crate::support::pictures::bmp;

mod rows {
    minilab::sql! {
        BLOBS = "SELECT COUNT(*) FROM blobs";
        IMAGES = "SELECT COUNT(*) FROM images";
        VARIANTS = "SELECT COUNT(*) FROM variants";
        DEVELOPED = "SELECT COUNT(*) FROM jobs WHERE kind = 'develop' AND state = 'succeeded'";
        JOBS = "SELECT COUNT(*) FROM jobs";
    }
}

on_both_engines! {
    of_many_parallel_uploads_exactly_the_quota_fits
    the_same_bytes_from_everywhere_are_stored_once
    ten_accounts_with_the_same_bytes_share_one_blob_and_one_rendering
    uploads_and_deletes_of_the_same_bytes_leave_nothing_wrong
    an_upload_whose_process_dies_before_the_commit_leaves_an_orphan_that_is_mended
}

async fn of_many_parallel_uploads_exactly_the_quota_fits(lab: Lab) {
    let key = lab.account("ada", "free").await;
    let uploads = (0..20).map(|seed| lab.upload(&key, "a.bmp", bmp(20, 20, seed)));
    let answers = join_all(uploads).await;
    let created = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(created, 5);
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "quota_reached"));
        assert_eq!(refused.json()["limit"], 5);
    }
    lab.run_jobs().await;
    assert_eq!(lab.differences().await, [""; 0]);
    let originals = lab.stored().iter().filter(|path| path.starts_with("originals/")).count();
    assert_eq!(originals, 5, "refused uploads leave no file");
}

async fn the_same_bytes_from_everywhere_are_stored_once(lab: Lab) {
    let mut keys = Vec::new();
    for name in ["ada", "bob", "eve"] {
        keys.push(lab.account(name, "business").await);
    }
    let uploads = (0..30).map(|turn| lab.upload(&keys[turn % 3], "a.bmp", bmp(40, 30, 7)));
    let answers = join_all(uploads).await;
    let with = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((with(201), with(200)), (3, 27), "one image for each account");
    lab.run_jobs().await;
    let originals = lab.stored().iter().filter(|path| path.starts_with("originals/")).count();
    assert_eq!(originals, 1);
    for key in &keys {
        let listed = lab.get(key, "/api/v1/images").await.json();
        assert_eq!((&listed["total"], &listed["items"][0]["state"]), (&1.into(), &"ready".into()));
    }
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn ten_accounts_with_the_same_bytes_share_one_blob_and_one_rendering(lab: Lab) {
    let mut keys = Vec::new();
    for number in 0..10 {
        keys.push(lab.account(&format!("account-{number}"), "business").await);
    }
    let picture = bmp(300, 500, 7);
    let uploads = (0..100).map(|turn| lab.upload(&keys[turn % 10], "a.bmp", picture.clone()));
    let answers = join_all(uploads).await;
    let with = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((with(201), with(200)), (10, 90));
    let rows = async || {
        let mut numbers = Vec::new();
        for sql in [rows::BLOBS, rows::IMAGES, rows::VARIANTS, rows::DEVELOPED, rows::JOBS] {
            numbers.push(lab.number(sql).await);
        }
        numbers
    };
    assert_eq!(rows().await, [1, 10, 0, 0, 1], "one job, however many wait for it");
    lab.run_jobs().await;
    assert_eq!(rows().await, [1, 10, 4, 1, 1]);
    // Another time, and another account: with the original out of reach nothing can be rendered.
    assert_eq!(lab.upload(&keys[0], "b.bmp", picture.clone()).await.status, 200);
    assert_eq!(rows().await, [1, 10, 4, 1, 1], "a duplicate is no work");
    let late = lab.account("late", "business").await;
    let id = lab.upload_ok(&late, "a.bmp", picture).await;
    let (originals, away) = (lab.data().join("blobs/originals"), lab.data().join("away"));
    std::fs::rename(&originals, &away).unwrap();
    lab.run_jobs().await;
    std::fs::rename(&away, &originals).unwrap();
    assert_eq!(lab.image(&late, &id).await["state"], "ready");
    assert_eq!(rows().await, [1, 11, 4, 2, 2]);
    assert_eq!(lab.stored().len(), 5);
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn uploads_and_deletes_of_the_same_bytes_leave_nothing_wrong(lab: Lab) {
    let mut keys = Vec::new();
    for name in ["ada", "bob", "eve", "joe"] {
        keys.push(lab.account(name, "business").await);
    }
    let busy = keys.iter().map(|key| async {
        for _ in 0..12 {
            let id = lab.upload_ok(key, "a.bmp", bmp(40, 30, 9)).await;
            let path = format!("/api/v1/images/{id}");
            assert_eq!(lab.call(key, "DELETE", &path).await.status, 204);
            assert_eq!(lab.get(key, &path).await.status, 404);
        }
        lab.upload_ok(key, "a.bmp", bmp(40, 30, 9)).await
    });
    let working = async {
        for _ in 0..60 {
            lab.run_jobs().await;
        }
    };
    let (ids, ()) = tokio::join!(join_all(busy), working);
    // Deletions that found work under way come again a little later.
    lab.app.clock.advance(std::time::Duration::from_mins(10));
    lab.run_jobs().await;
    for (key, id) in keys.iter().zip(ids) {
        let image = lab.get(key, &format!("/api/v1/images/{id}")).await.json();
        assert_eq!(image["state"], "ready", "{image}");
        let print = lab.get(key, &format!("/api/v1/images/{id}/variants/thumb")).await;
        assert_eq!(print.status, 200);
    }
    assert_eq!(lab.differences().await, [""; 0]);
    let originals = lab.stored().iter().filter(|path| path.starts_with("originals/")).count();
    assert_eq!(originals, 1, "{:?}", lab.stored());
}

async fn an_upload_whose_process_dies_before_the_commit_leaves_an_orphan_that_is_mended(lab: Lab) {
    let key = lab.account("ada", "free").await;
    // The state after the bytes were placed and before the row: as the code leaves it.
    let original = minilab::blobs::Original {
        hash: blake3::hash(b"bytes").as_bytes().to_vec(),
        generation: uuid::Uuid::now_v7(),
    };
    let (spooled, file) = lab.app.spool.create().unwrap();
    std::io::Write::write_all(&mut &file, b"bytes").unwrap();
    let place = minilab::blobs::BlobKey::Original(&original).path();
    lab.app.blobs.place(vec![(spooled.path.clone(), place)]).await.unwrap();
    drop(spooled);

    let found = minilab::check::differences(&lab.app, true).await.unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    let day = std::time::Duration::from_hours(24);
    let repair = minilab::check::repair;
    repair(&lab.app, &found[0], day).await.unwrap();
    assert_eq!(lab.stored().len(), 1, "too young to be swept");
    lab.app.clock.advance(day * 2);
    repair(&lab.app, &found[0], day).await.unwrap();
    assert_eq!(lab.stored(), [""; 0]);
    assert_eq!(lab.get(&key, "/api/v1/me").await.json()["usage"]["images"], 0);
}
