//! Workers are killed at random while pictures come in: every job ends once, every variant is right, nothing is
//! left over, and what was counted is what happened.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use e2e::{Caller, Engine, Process, Settings, on_both_engines, picture, variable, wait};
use serde_json::Value;

on_both_engines!(every_job_ends_once_whatever_is_killed);

/// Seconds of killing; `make kills` gives more.
const SECS: u64 = 20;
const WORKERS: usize = 2;
/// Between two kills, milliseconds.
const KILL_AFTER: std::ops::Range<u64> = 300..2500;
/// Pictures that are brought, at most, for each second of killing: all are looked at afterwards.
const PICTURES_EACH_SEC: u64 = 20;
const DONE_WITHIN: Duration = Duration::from_secs(150);

/// Numbers that look random and are the same for the same seed (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % most
    }
}

fn number_of(name: &str) -> Option<u64> {
    variable(name).map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

fn every_job_ends_once_whatever_is_killed(engine: Engine) {
    let seed = number_of("E2E_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    let secs = number_of("E2E_KILL_SECS").unwrap_or(SECS);
    eprintln!("seed {seed}: E2E_SEED={seed} tells the same story again; {secs} s");
    let mut random = Random(seed);
    let mut lab = Settings::on(engine).arg("--no-workers").open();
    let (ada, admin) = (lab.account("ada", "business"), lab.admin("root"));
    let mut workers = (0..WORKERS).map(|_| lab.start_worker()).collect::<Vec<_>>();
    let is_over = AtomicBool::new(false);
    let (ids, kills) = std::thread::scope(|scope| {
        let bringing = scope.spawn(|| bring(&ada, &is_over, (secs * PICTURES_EACH_SEC) as usize));
        let (end, mut kills) = (Instant::now() + Duration::from_secs(secs), 0);
        while Instant::now() < end {
            let after = KILL_AFTER.start + random.below(KILL_AFTER.end - KILL_AFTER.start);
            std::thread::sleep(Duration::from_millis(after));
            let unlucky = random.below(WORKERS as u64) as usize;
            workers.swap_remove(unlucky).kill();
            kills += 1;
            workers.push(lab.start_worker());
        }
        is_over.store(true, Ordering::Relaxed);
        (bringing.join().expect("no panic"), kills)
    });
    let pictures = ids.len();
    for id in &ids {
        expect_right(&ada, id);
    }
    let lost = expect_each_ended_once(&admin, &ids);
    eprintln!("seed {seed}: {kills} kills, {pictures} pictures, {lost} tries were lost");
    assert!(kills >= 5 && pictures > 20, "the story was not told: {kills} kills, {pictures}");
    workers.into_iter().for_each(Process::stop);
    lab.expect_nothing_spooled();
    lab.sweep_orphans();
    lab.close();
}

/// Brings pictures, each another one, until it is over.
fn bring(ada: &Caller, is_over: &AtomicBool, most: usize) -> Vec<String> {
    let mut ids = Vec::new();
    while !is_over.load(Ordering::Relaxed) && ids.len() < most {
        ids.push(ada.upload_new("small.png", &picture::small(ids.len())));
    }
    ids
}

/// The image is ready, and its variants are pictures of the right size.
fn expect_right(ada: &Caller, id: &str) {
    let ready = wait::until(format_args!("{id} is done"), DONE_WITHIN, || {
        let image = ada.image(id);
        (image["state"] != "processing").then_some(image)
    });
    assert_eq!(ready["state"], "ready", "{ready}");
    for (preset, width, height) in [("thumb", 100, 90), ("preview", 100, 75), ("h400", 120, 90)] {
        let print = picture::decode(&ada.variant(id, preset).expect(200).body);
        assert_eq!((print.width(), print.height()), (width, height), "{id} {preset}");
    }
}

/// One successful try for each picture, no job that is not at its end, and rates that say the same. How many
/// tries were lost.
fn expect_each_ended_once(admin: &Caller, ids: &[String]) -> i64 {
    wait::until("no job is left", DONE_WITHIN, || {
        let stats = admin.get("/api/v1/stats").expect(200).json();
        let is_none = |state: &str| stats["jobs"][state] == 0;
        ["pending", "started", "retry"].into_iter().all(is_none).then_some(())
    });
    let file = admin.get("/api/v1/jobs?format=ndjson&filter=kind:develop").expect(200).body;
    let file = String::from_utf8(file).expect("JSON is UTF-8");
    let jobs = file.lines().map(|line| serde_json::from_str(line).expect("a line of JSON"));
    let jobs = jobs.collect::<Vec<Value>>();
    let images = jobs.iter().map(|job| job["image_id"].as_str().expect("an id").to_owned());
    assert_eq!(images.collect::<BTreeSet<_>>(), ids.iter().cloned().collect());
    assert_eq!(jobs.len(), ids.len(), "a job for each picture");
    let mut outcomes = BTreeMap::<String, i64>::new();
    for job in &jobs {
        assert_eq!(job["state"], "succeeded", "{job}");
        let id = job["id"].as_str().expect("an id");
        let shown = admin.get(&format!("/api/v1/jobs/{id}")).expect(200).json();
        let timeline = shown["timeline"].as_array().expect("tries");
        let succeeded = timeline.iter().filter(|one| one["outcome"] == "succeeded").count();
        assert_eq!(succeeded, 1, "{shown}");
        for one in timeline {
            let outcome = one["outcome"].as_str().expect("a word").to_owned();
            *outcomes.entry(outcome).or_default() += 1;
        }
    }
    for window in ["1h", "24h"] {
        let rates = admin.get(&format!("/api/v1/jobs/rates?window={window}")).expect(200).json();
        let totals = rates["totals"].as_array().expect("a list").iter();
        let develop = totals.clone().find(|one| one["kind"] == "develop").expect("of its kind");
        assert_eq!(develop["enqueued"], ids.len(), "{develop}");
        assert_eq!(develop["started"], outcomes.values().sum::<i64>(), "{develop} {outcomes:?}");
        for outcome in ["succeeded", "lost", "failed"] {
            let count = outcomes.get(outcome).copied().unwrap_or(0);
            assert_eq!(develop[outcome], count, "{window} {develop} {outcomes:?}");
        }
    }
    outcomes.get("lost").copied().unwrap_or(0)
}
