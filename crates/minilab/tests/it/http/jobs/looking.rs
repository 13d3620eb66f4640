//! Lists, single jobs, causes, rates, workers and files of them.

use serde_json::json;

use super::{job, jobs};
use crate::support::pictures::{bmp, undecodable};
use crate::support::{Lab, Server, soon};

on_both_engines! {
    a_job_is_shown_with_every_try
    a_filter_finds_what_all_its_words_mean
    causes_are_grouped_and_found_by_their_filter
    rates_are_those_of_the_rows
    whoever_waits_hears_of_the_end
    a_job_says_why_it_waits
    workers_are_shown_with_what_they_do
}

async fn a_job_is_shown_with_every_try(lab: Lab) {
    let (ada, admin) = (lab.account("ada", "premium").await, lab.admin("root").await);
    let image = lab.ready(&ada, "a.bmp", bmp(300, 200, 1)).await;
    let listed = jobs(&lab, &ada, "").await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    let shown = job(&lab, &ada, &listed[0]["id"]).await;
    assert_eq!(shown["kind"], "develop");
    assert_eq!(shown["state"], "succeeded");
    assert_eq!(shown["attempts"], 1);
    assert_eq!(shown["image_id"], image);
    assert_eq!(shown["waits_for"], json!(null));
    let tries = shown["timeline"].as_array().unwrap();
    assert_eq!(tries.len(), 1);
    assert_eq!(tries[0]["outcome"], "succeeded");
    let names = |value: &serde_json::Value| {
        let stages = value["stages"].as_array().unwrap().iter();
        stages.map(|stage| stage["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&tries[0]), ["wait", "work"]);
    let all = jobs(&lab, &admin, "kind:develop").await;
    let whole = job(&lab, &admin, &all[0]["id"]).await;
    let stages = ["wait", "prepare", "read", "line", "render", "store", "commit"];
    assert_eq!(names(&whole["timeline"][0]), stages);
    assert!(whole["timeline"][0]["worker"].is_string());
    // Ids of jobs are the lab's; an account has its own.
    let foreign = format!("/api/v1/jobs/{}", all[0]["id"].as_str().unwrap());
    assert_eq!(lab.get(&ada, &foreign).await.status, 404);
}

async fn a_filter_finds_what_all_its_words_mean(lab: Lab) {
    let (ada, bob) = (lab.account("ada", "premium").await, lab.account("bob", "premium").await);
    let admin = lab.admin("root").await;
    let good = lab.ready(&ada, "a.bmp", bmp(300, 200, 1)).await;
    lab.ready(&bob, "b.png", undecodable(2)).await;
    for (key, filter, count) in [
        (&admin, "kind:develop".to_owned(), 2),
        (&admin, "kind:develop state:failed".to_owned(), 1),
        (&admin, "account:ada".to_owned(), 1),
        (&admin, "account:bob cause:malformed_image".to_owned(), 1),
        (&admin, "account:ada cause:malformed_image".to_owned(), 0),
        (&admin, format!("image:{good}"), 1),
        (&admin, "kind:develop since:1h attempts:1".to_owned(), 2),
        (&admin, "kind:develop attempts:>1".to_owned(), 0),
        (&admin, "kind:develop wait:<1h".to_owned(), 2),
        (&ada, String::new(), 1),
        (&ada, "state:succeeded".to_owned(), 1),
        (&ada, "state:failed".to_owned(), 0),
        (&ada, format!("image:{good}"), 1),
        (&bob, format!("image:{good}"), 0),
        (&bob, "cause:malformed_image".to_owned(), 1),
    ] {
        assert_eq!(jobs(&lab, key, &filter).await.len(), count, "{filter}");
    }
    for (key, filter, said) in [
        (&admin, "state:broken", "pending, started, retry"),
        (&admin, "colour:red", "state, kind, cause"),
        (&admin, "account:nobody", "no account"),
        (&ada, "account:bob", "only admins"),
        (&ada, "worker:x", "only admins"),
    ] {
        let refused = lab.get(key, &format!("/api/v1/jobs?filter={filter}")).await;
        assert_eq!((refused.status.as_u16(), &*refused.code()), (422, "bad_filter"), "{filter}");
        let problem = refused.json();
        assert_eq!(problem["word"], filter);
        assert!(problem["detail"].as_str().unwrap().contains(said), "{problem}");
    }
    let page = lab.get(&admin, "/api/v1/jobs?limit=1&filter=kind:develop").await;
    assert_eq!(page.json()["total"], 2);
    let cursor = page.json()["next_cursor"].as_str().unwrap().to_owned();
    assert!(page.header("link").contains("filter=kind%3Adevelop"), "{}", page.header("link"));
    let path = format!("/api/v1/jobs?limit=1&filter=kind:develop&cursor={cursor}");
    let next = lab.get(&admin, &path).await.json();
    assert_ne!(next["items"][0]["id"], page.json()["items"][0]["id"]);
}

async fn causes_are_grouped_and_found_by_their_filter(lab: Lab) {
    let (ada, admin) = (lab.account("ada", "premium").await, lab.admin("root").await);
    for seed in 0..3 {
        lab.ready(&ada, "a.png", undecodable(seed)).await;
    }
    for key in [&ada, &admin] {
        let causes = lab.get(key, "/api/v1/jobs/causes").await.json();
        let cause = &causes["items"][0];
        assert_eq!((&cause["cause"], &cause["count"]), (&json!("malformed_image"), &json!(3)));
        assert_eq!(causes["items"].as_array().unwrap().len(), 1);
        let found = jobs(&lab, key, cause["filter"].as_str().unwrap()).await;
        assert_eq!(found.len(), 3);
    }
}

async fn rates_are_those_of_the_rows(lab: Lab) {
    let (ada, admin) = (lab.account("ada", "premium").await, lab.admin("root").await);
    lab.ready(&ada, "a.bmp", bmp(300, 200, 1)).await;
    lab.ready(&ada, "b.png", undecodable(2)).await;
    for key in [&ada, &admin] {
        for window in ["1h", "24h", "30d"] {
            let path = format!("/api/v1/jobs/rates?window={window}");
            let rates = lab.get(key, &path).await.json();
            let totals = rates["totals"].as_array().unwrap();
            let developed = totals.iter().find(|one| one["kind"] == "develop").unwrap();
            for (name, count) in [("enqueued", 2), ("started", 2), ("succeeded", 1), ("failed", 1)]
            {
                assert_eq!(developed[name], count, "{window} {name}: {rates}");
            }
            assert!(developed["work_ms"]["p50"].as_f64().unwrap() >= 1.0);
            let items = rates["items"].as_array().unwrap().iter();
            let of_kind = items.filter(|one| one["kind"] == "develop");
            let sum = of_kind.map(|one| one["enqueued"].as_i64().unwrap()).sum::<i64>();
            assert_eq!(sum, 2);
        }
    }
    assert_eq!(lab.get(&ada, "/api/v1/jobs/rates?window=2h").await.code(), "bad_query");
}

async fn whoever_waits_hears_of_the_end(lab: Lab) {
    let ada = lab.account("ada", "premium").await;
    lab.upload_ok(&ada, "a.bmp", bmp(300, 200, 1)).await;
    let listed = jobs(&lab, &ada, "state:pending").await;
    let path = format!("/api/v1/jobs/{}", listed[0]["id"].as_str().unwrap());
    let wait = [("prefer", "wait=20")];
    let (answer, ()) =
        tokio::join!(lab.get_with(&ada, &path, &wait), async { lab.run_jobs().await });
    assert_eq!(answer.json()["state"], "succeeded");
    assert_eq!(answer.header("preference-applied"), "wait=20");
}

async fn a_job_says_why_it_waits(lab: Lab) {
    let (ada, admin) = (lab.account("ada", "premium").await, lab.admin("root").await);
    lab.upload_ok(&ada, "a.bmp", bmp(300, 200, 1)).await;
    let id = jobs(&lab, &ada, "").await[0]["id"].clone();
    assert_eq!(job(&lab, &ada, &id).await["waits_for"]["reason"], "no_worker");
    let pause = json!({ "reason": "a new disk", "until": "2999-01-01T00:00:00Z" });
    let paused = lab.json(&admin, "PUT", "/api/v1/jobs/pauses/develop", pause).await;
    assert_eq!(paused.status, 200, "{}", paused.json());
    let waits = job(&lab, &ada, &id).await["waits_for"].clone();
    assert_eq!(
        (&waits["reason"], &waits["until"]),
        (&json!("paused"), &json!("2999-01-01T00:00:00.000Z"))
    );
    assert!(waits["detail"].as_str().unwrap().contains("a new disk"), "{waits}");
}

async fn workers_are_shown_with_what_they_do(lab: Lab) {
    let admin = lab.admin("root").await;
    let working = lab.work();
    soon("a worker says that it lives", async || {
        let found = lab.get(&admin, "/api/v1/workers").await.json();
        found["items"][0]["state"] == "working"
    })
    .await;
    let shown = lab.get(&admin, "/api/v1/workers").await.json();
    let one = &shown["items"][0];
    assert_eq!(one["role"], "serve");
    assert_eq!(one["pid"], std::process::id());
    assert!(one["kinds"].as_array().unwrap().contains(&json!("develop")));
    soon("the sweep is on the schedule", async || {
        let schedule = lab.get(&admin, "/api/v1/schedule").await.json();
        schedule["items"][0]["last_state"] == "succeeded"
    })
    .await;
    working.stop().await;
    let beside = lab.beside().await;
    let shown = beside.get(&admin, "/api/v1/workers").await.json();
    assert_eq!(shown["items"][0]["state"], "stopped");
    lab.app.clock.advance(std::time::Duration::from_secs(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_jobs_come_as_one_file() {
    let lab = Lab::open(Server::Sqlite).await;
    let (ada, admin) = (lab.account("ada", "premium").await, lab.admin("root").await);
    for seed in 0..3 {
        lab.ready(&ada, "a.png", undecodable(seed)).await;
    }
    let csv = lab.get(&admin, "/api/v1/jobs?format=csv&filter=state:failed").await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    let text = String::from_utf8(csv.body).unwrap();
    let lines = text.split("\r\n").collect::<Vec<_>>();
    assert_eq!((lines.len(), lines[4]), (5, ""));
    assert!(lines[0].starts_with("id,kind,state,attempts,"), "{}", lines[0]);
    assert!(lines[1].contains(",develop,failed,1,"), "{}", lines[1]);
    let lines = lab.get(&ada, "/api/v1/jobs?format=ndjson").await;
    assert_eq!(lines.header("content-type"), "application/x-ndjson");
    let text = String::from_utf8(lines.body).unwrap();
    let read = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    assert!(read.clone().all(|job| job["cause"] == "malformed_image"));
    assert_eq!(read.count(), 3);
    assert_eq!(lab.get(&ada, "/api/v1/jobs?format=xml").await.code(), "bad_query");
}
