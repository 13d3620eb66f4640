//! Every file of the corpus is uploaded: each meets what it deserves, and the service lives on.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use e2e::{Caller, Corpus, Engine, Entry, Expected, Lab, MemoryWatch, picture};
use serde_json::{Value, json};

const AT_A_TIME: usize = 4;
const SETTLED_WITHIN: Duration = Duration::from_secs(30);
/// A child may have 512 MiB; what the kernel counts beside that is small.
const CHILD_KIB_MAX: u64 = (512 + 64) * 1024;
const SERVER_KIB_MAX: u64 = 512 * 1024;

#[test]
fn hostile_files_meet_what_they_deserve() {
    let mut lab = Lab::open(Engine::Sqlite);
    let firm = lab.account("firm", "business");
    let corpus = Corpus::open();
    assert!(!corpus.entries.is_empty(), "a corpus without files");
    let watch = MemoryWatch::over(lab.server().id());

    let next = AtomicUsize::new(0);
    let outcomes = std::thread::scope(|scope| {
        let uploaders: Vec<_> =
            (0..AT_A_TIME).map(|_| scope.spawn(|| upload_in_turn(&firm, &corpus, &next))).collect();
        let outcomes =
            uploaders.into_iter().flat_map(|uploader| uploader.join().expect("no panic"));
        outcomes.collect::<Vec<_>>()
    });

    let peaks = watch.finish();
    println!("{} files; {peaks:?}; {}", outcomes.len(), slowest(&outcomes));
    assert!(lab.server().is_alive(), "the service died");
    assert_eq!(outcomes.len(), corpus.entries.len());
    let wrong: Vec<_> = outcomes.iter().filter(|outcome| outcome.problem().is_some()).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), outcomes.len(), table(&wrong));
    assert!(peaks.child_kib < CHILD_KIB_MAX, "{peaks:?}");
    assert!(peaks.server_kib < SERVER_KIB_MAX, "{peaks:?}");
    lab.close();
}

/// What became of one file.
struct Outcome<'a> {
    entry: &'a Entry,
    /// Of the upload.
    status: u16,
    /// What the refusal or the failure is called.
    code: String,
    /// Nothing when it was refused at the door.
    image: Option<Value>,
    thumbnail: Option<(u32, u32)>,
    took: Duration,
}

fn upload_in_turn<'a>(firm: &Caller, corpus: &'a Corpus, next: &AtomicUsize) -> Vec<Outcome<'a>> {
    let mut outcomes = Vec::new();
    while let Some(entry) = corpus.entries.get(next.fetch_add(1, Ordering::Relaxed)) {
        outcomes.push(upload(firm, entry, &corpus.bytes(entry)));
        firm.get("/healthz").expect(200);
    }
    outcomes
}

fn upload<'a>(firm: &Caller, entry: &'a Entry, bytes: &[u8]) -> Outcome<'a> {
    let started = Instant::now();
    let answer = firm.upload("file", bytes);
    let mut outcome = Outcome {
        entry,
        status: answer.status,
        code: String::new(),
        image: None,
        thumbnail: None,
        took: Duration::ZERO,
    };
    if matches!(answer.status, 200 | 201) {
        let id = answer.json()["items"][0]["id"].as_str().expect("an id").to_owned();
        let path = format!("/api/v1/images/{id}/variants/thumb");
        let waited = firm.request("GET", &path).header("prefer", "wait=30").send();
        if waited.status == 200 {
            let thumbnail = picture::decode(&waited.body);
            outcome.thumbnail = Some((thumbnail.width(), thumbnail.height()));
        }
        let image = firm.image(&id);
        outcome.code = code_of(&image["error"]);
        outcome.image = Some(image);
    } else {
        outcome.code = code_of(&answer.json());
    }
    outcome.took = started.elapsed();
    outcome
}

fn code_of(error: &Value) -> String {
    error["code"].as_str().unwrap_or_default().to_owned()
}

impl Outcome<'_> {
    fn state(&self) -> &str {
        let state = self.image.as_ref().and_then(|image| image["state"].as_str());
        state.unwrap_or("refused")
    }

    /// What is wrong with it, if anything.
    fn problem(&self) -> Option<String> {
        let refused = self.image.is_none();
        if self.took > SETTLED_WITHIN || self.state() == "processing" {
            return Some(format!("not settled within {SETTLED_WITHIN:?}"));
        }
        if refused && !(400..500).contains(&self.status) {
            return Some(format!("refused with {}", self.status));
        }
        if (refused || self.state() == "failed") && self.code.is_empty() {
            return Some("no reason is given".to_owned());
        }
        let is_fine = match (self.entry.expected, self.state()) {
            (Expected::Accept | Expected::Policy, "ready") => return self.difference(),
            (Expected::Policy, "failed") => self.entry.is_disputed,
            (Expected::Policy, "refused") => matches!(self.status, 415 | 422),
            (Expected::Either, _) | (Expected::Reject, "refused" | "failed") => true,
            _ => false,
        };
        (!is_fine).then(|| format!("expected to {:?}", self.entry.expected))
    }

    /// A picture that is ready has the right size and a thumbnail within its box.
    fn difference(&self) -> Option<String> {
        let image = self.image.as_ref()?;
        if let Some((width, height)) = self.entry.upright
            && (&image["width"], &image["height"]) != (&json!(width), &json!(height))
        {
            return Some(format!("{width}x{height} was expected"));
        }
        match self.thumbnail {
            Some((1..=100, 1..=100)) => None,
            other => Some(format!("the thumbnail is {other:?}")),
        }
    }
}

fn slowest(outcomes: &[Outcome<'_>]) -> String {
    let slowest = outcomes.iter().max_by_key(|outcome| outcome.took);
    slowest.map_or_else(String::new, |outcome| {
        format!("slowest: {} in {:.1?}", outcome.entry.path, outcome.took)
    })
}

fn table(outcomes: &[&Outcome<'_>]) -> String {
    let mut table = String::new();
    for outcome in outcomes {
        let image = outcome.image.clone().unwrap_or_default();
        let _ = writeln!(
            table,
            "{}\t{}\t{} {} {}\t{}x{}\t{:.1?}\t({:?}: {})",
            outcome.entry.path,
            outcome.problem().unwrap_or_default(),
            outcome.status,
            outcome.state(),
            outcome.code,
            image["width"],
            image["height"],
            outcome.took,
            outcome.entry.expected,
            outcome.entry.reason,
        );
    }
    table
}
