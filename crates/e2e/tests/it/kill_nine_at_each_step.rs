//! The process is killed after each step of an upload, of the work on it and of a deletion in turn: what
//! was answered stays true, and nothing is left but files that the sweep removes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use e2e::{Caller, Engine, Lab, Process, Settings, Stepper, files_below, on_both_engines};
use e2e::{picture, wait};
use serde_json::{Value, json};

on_both_engines!(killed_at_each_step_an_upload_is_whole_or_not_there);

/// What changes anything that outlives a process.
const CALLS: [&str; 12] = [
    "fsync",
    "fdatasync",
    "link",
    "linkat",
    "unlink",
    "unlinkat",
    "mkdir",
    "rmdir",
    "rename",
    "ftruncate",
    "pwrite64",
    // To PostgreSQL; answers go by another call.
    "sendto",
];
/// More kills than any way has steps.
const KILLS_MAX: usize = 80;
/// Of equal steps in a row so many are told apart.
const EQUAL_MAX: usize = 2;
const DONE_WITHIN: Duration = Duration::from_secs(30);
const EAGER: [&str; 4] = ["thumb", "preview", "h200", "h400"];

/// The steps at which the process was killed so far.
#[derive(Default)]
struct Walk {
    killed_at: BTreeSet<String>,
}

impl Walk {
    /// Has something done, and the process killed after its first step that is new; or after all was
    /// done, when there is none.
    fn until_killed<T: Send>(
        &mut self,
        mut stepper: Stepper,
        kill: impl FnOnce(),
        operate: impl FnOnce(&AtomicBool) -> T + Send,
    ) -> (Option<String>, T) {
        let (is_killed, mut steps) = (AtomicBool::new(false), Steps::default());
        std::thread::scope(|scope| {
            let operating = scope.spawn(|| operate(&is_killed));
            let killed_at = loop {
                let Some(call) = stepper.next(|| operating.is_finished()) else { break None };
                let step = steps.number(call);
                if let Some(step) = step.filter(|step| !self.killed_at.contains(step)) {
                    break Some(step);
                }
                stepper.go_on();
            };
            kill();
            is_killed.store(true, Ordering::Relaxed);
            stepper.finish();
            self.killed_at.extend(killed_at.clone());
            (killed_at, operating.join().expect("no panic"))
        })
    }

    /// The story was told: there were such steps.
    fn expect_kills_after(&self, steps: &[&str]) {
        eprintln!("{} kills: {:?}", self.killed_at.len(), self.killed_at);
        for step in steps {
            let was_met = self.killed_at.iter().any(|name| name.starts_with(step));
            assert!(was_met, "never killed after {step}: {:?}", self.killed_at);
        }
    }
}

/// Gives the steps of one run their names, so that the same step is known again in the next run.
#[derive(Default)]
struct Steps {
    last: String,
    in_a_row: usize,
    rows: BTreeMap<String, usize>,
}

impl Steps {
    /// Nothing for one of many equal steps.
    fn number(&mut self, call: String) -> Option<String> {
        if call == self.last {
            self.in_a_row += 1;
        } else {
            *self.rows.entry(call.clone()).or_default() += 1;
            self.in_a_row = 1;
            self.last = call;
        }
        let (call, in_a_row) = (&self.last, self.in_a_row);
        (in_a_row <= EQUAL_MAX).then(|| format!("{call} {}.{in_a_row}", self.rows[call]))
    }
}

fn photo() -> Vec<u8> {
    picture::jpeg(&picture::photograph(600, 450), 6)
}

fn killed_at_each_step_an_upload_is_whole_or_not_there(engine: Engine) {
    let mut lab = Settings::on(engine).arg("--no-workers").open();
    let ada = lab.account("ada", "premium");
    let (photo, mut walk, mut swept) = (photo(), Walk::default(), 0);
    for number in 0..KILLS_MAX {
        let (name, photo) = (format!("{number}.jpg"), picture::variation(&photo, number));
        let stepper = Stepper::attach(lab.server().id(), &lab.notes("steps"), &CALLS);
        let spool = lab.data().join("spool");
        let (killed_at, answer) = walk.until_killed(
            stepper,
            || lab.kill(),
            |is_killed| {
                let answer = ada.try_upload(&name, &photo);
                until_over(is_killed, "the spool is tidied", || is_tidy(&spool));
                answer
            },
        );
        lab.restart();
        eprintln!("{name}: killed after {killed_at:?}, answered {}", answer.is_some());
        let orphans = lab.sweep_orphans();
        assert!(orphans <= 1, "{orphans} files of one upload");
        swept += orphans;
        let id = answer.map(|answer| id_of(&answer.expect(201).json()["items"][0]));
        expect_whole(&ada, &name, &photo, id.as_ref());
        lab.expect_nothing_spooled();
        assert_eq!(lab.originals().len(), number + 1);
        if killed_at.is_none() {
            break;
        }
    }
    let commit: &[_] = match engine {
        Engine::Sqlite => &["pwrite64 minilab.db-wal", "fsync minilab.db-wal"],
        Engine::Postgres => &["sendto socket", "sendto COMMIT"],
    };
    let steps = ["fsync spool", "link", "fsync originals", "unlink spool"];
    walk.expect_kills_after(&[&steps, commit].concat());
    assert!(swept > 0, "no kill came between the bytes and their row");
    lab.stop();
    lab.restart_with(&[]);
    for image in ada.everything() {
        ada.ready(&id_of(&image));
    }
    lab.close();
}

/// Waits until something is done, or cannot be done any more.
fn until_over(is_killed: &AtomicBool, what: &str, mut is_done: impl FnMut() -> bool) {
    wait::until(what, DONE_WITHIN, || {
        (is_killed.load(Ordering::Relaxed) || is_done()).then_some(())
    });
}

fn is_tidy(spool: &Path) -> bool {
    files_below(spool).iter().all(|file| file.extension().is_some_and(|ext| ext == "lock"))
}

/// What was acknowledged is there; what was not is there or not; and who sends it again has it once.
fn expect_whole(ada: &Caller, name: &str, photo: &[u8], acknowledged: Option<&String>) {
    let mut images = ada.everything();
    images.retain(|image| image["filename"] == name);
    let found = images.first().map(id_of);
    assert!(images.len() <= 1, "{images:?}");
    if acknowledged.is_some() {
        assert_eq!(found.as_ref(), acknowledged);
    }
    let again = ada.upload(name, photo);
    let again = again.expect(if found.is_some() { 200 } else { 201 }).json();
    let id = id_of(&again["items"][0]);
    assert!(found.is_none_or(|found| found == id), "{again}");
    assert_eq!(ada.original(&id).expect(200).body, photo);
}

fn is_idle(admin: &Caller) -> bool {
    let stats = admin.get("/api/v1/stats").expect(200).json();
    ["pending", "started", "retry"].iter().all(|state| stats["jobs"][state] == 0)
}

fn id_of(value: &Value) -> String {
    value["id"].as_str().unwrap_or_else(|| panic!("no id in {value}")).to_owned()
}

/// A lab whose server only serves, and a worker beside it with nothing left to do.
struct Apart {
    lab: Lab,
    admin: Caller,
    worker: Option<Process>,
}

impl Apart {
    fn open() -> Self {
        let settings = Settings::on(Engine::Sqlite).arg("--no-workers");
        let lab = settings.variable("MINILAB__WORKERS", "1").open();
        let admin = lab.admin("admin");
        let mut apart = Self { lab, admin, worker: None };
        apart.start_worker();
        apart
    }

    /// Each worker sweeps once when it starts; what comes after is what the story has it do.
    fn start_worker(&mut self) {
        let done = |stats: &Value| stats["jobs"]["succeeded"].as_i64().expect("a number");
        let before = done(&self.stats());
        self.worker = Some(self.lab.start_worker());
        wait::until("the new worker has swept", DONE_WITHIN, || {
            (done(&self.stats()) > before).then_some(())
        });
        self.admin.idle();
    }

    fn stats(&self) -> Value {
        self.admin.get("/api/v1/stats").expect(200).json()
    }

    /// Has something done that the worker has to do with, and the worker killed meanwhile.
    fn until_worker_killed<T: Send>(
        &mut self,
        walk: &mut Walk,
        operate: impl FnOnce(&AtomicBool) -> T + Send,
    ) -> (Option<String>, T) {
        let worker = self.worker.take().expect("a worker");
        let stepper = Stepper::attach(worker.id(), &self.lab.notes("steps"), &CALLS);
        walk.until_killed(stepper, || worker.kill(), operate)
    }

    fn close(mut self) {
        self.worker.take().expect("a worker").stop();
        self.lab.close();
    }
}

#[test]
fn killed_at_each_step_of_its_work_a_picture_becomes_ready() {
    let mut apart = Apart::open();
    let ada = apart.lab.account("ada", "premium");
    let (photo, mut walk) = (photo(), Walk::default());
    for number in 0..KILLS_MAX {
        let photo = picture::variation(&photo, number);
        let admin = apart.admin.clone();
        let (killed_at, id) = apart.until_worker_killed(&mut walk, |is_killed| {
            let id = ada.upload_new("picture.jpg", &photo);
            until_over(is_killed, "it is ready", || ada.image(&id)["state"] == "ready");
            until_over(is_killed, "no job is left", || is_idle(&admin));
            id
        });
        apart.start_worker();
        eprintln!("killed after {killed_at:?}");
        ada.ready(&id);
        for preset in EAGER {
            picture::decode(&ada.variant(&id, preset).expect(200).body);
        }
        assert_eq!(ada.original(&id).expect(200).body, photo);
        apart.lab.expect_nothing_spooled();
        // Whoever makes the prints again makes them in the same places.
        assert_eq!(apart.lab.sweep_orphans(), 0);
        assert_eq!(apart.lab.blobs().len(), (1 + EAGER.len()) * (number + 1));
        if killed_at.is_none() {
            break;
        }
    }
    let steps = ["fsync spool", "link", "fsync variants", "pwrite64 minilab.db-wal", "unlink"];
    walk.expect_kills_after(&steps);
    apart.close();
}

#[test]
fn killed_at_each_step_of_its_work_an_original_that_is_not_kept_goes() {
    let mut apart = Apart::open();
    let keeping = json!({ "keeping": { "original": false } });
    apart.admin.json("PATCH", "/api/v1/tiers/premium", &keeping).expect(200);
    let ada = apart.lab.account("ada", "premium");
    let (photo, mut walk) = (photo(), Walk::default());
    for number in 0..KILLS_MAX {
        let photo = picture::variation(&photo, number);
        let originals = apart.lab.data().join("blobs/originals");
        let admin = apart.admin.clone();
        let (killed_at, id) = apart.until_worker_killed(&mut walk, |is_killed| {
            let id = ada.upload_new("picture.jpg", &photo);
            let is_gone = || files_below(&originals).is_empty();
            until_over(is_killed, "its original is gone", is_gone);
            until_over(is_killed, "no job is left", || is_idle(&admin));
            id
        });
        apart.start_worker();
        eprintln!("killed after {killed_at:?}");
        ada.ready(&id);
        wait::until("its original is gone", DONE_WITHIN, || {
            apart.lab.originals().is_empty().then_some(())
        });
        apart.admin.idle();
        ada.original(&id).problem(410, "original_discarded");
        for preset in EAGER {
            picture::decode(&ada.variant(&id, preset).expect(200).body);
        }
        assert_eq!(apart.lab.sweep_orphans(), 0);
        assert_eq!(apart.stats()["bytes_stored"], 0);
        if killed_at.is_none() {
            break;
        }
    }
    walk.expect_kills_after(&["unlink originals", "fsync minilab.db-wal"]);
    apart.close();
}

#[test]
fn killed_at_each_step_a_deletion_happened_or_did_not() {
    let mut apart = Apart::open();
    let ada = apart.lab.account("ada", "premium");
    let (photo, mut walk) = (photo(), Walk::default());
    for _ in 0..KILLS_MAX {
        let id = ada.upload_new("picture.jpg", &photo);
        ada.ready(&id);
        apart.admin.idle();
        let path = format!("/api/v1/images/{id}");
        let lab = &mut apart.lab;
        let stepper = Stepper::attach(lab.server().id(), &lab.notes("steps"), &CALLS);
        let delete = |_: &AtomicBool| ada.request("DELETE", &path).try_send();
        let (killed_at, answer) = walk.until_killed(stepper, || lab.kill(), delete);
        apart.lab.restart();
        eprintln!("killed after {killed_at:?}, answered {}", answer.is_some());
        let is_there = ada.get(&path).status == 200;
        if answer.is_some_and(|answer| answer.expect(204).status == 204) {
            assert!(!is_there, "a deletion that was acknowledged");
        }
        if is_there {
            assert_eq!(ada.original(&id).expect(200).body, photo);
            ada.variant(&id, "h400").expect(200);
            assert_eq!(apart.lab.sweep_orphans(), 0);
            ada.delete(&path).expect(204);
        }
        ada.get(&path).problem(404, "not_found");
        apart.lab.expect_nothing_stored();
        assert_eq!(ada.kept(), json!({ "images": 0, "bytes": 0 }));
        assert_eq!(apart.lab.sweep_orphans(), 0);
        if killed_at.is_none() {
            break;
        }
    }
    walk.expect_kills_after(&["pwrite64 minilab.db-wal", "fsync minilab.db-wal"]);
    apart.close();
}

#[test]
fn killed_at_each_step_of_a_removal_no_byte_stays() {
    let mut apart = Apart::open();
    let ada = apart.lab.account("ada", "premium");
    let (photo, mut walk) = (photo(), Walk::default());
    for _ in 0..KILLS_MAX {
        let id = ada.upload_new("picture.jpg", &photo);
        ada.ready(&id);
        apart.admin.idle();
        let path = format!("/api/v1/images/{id}");
        let variants = apart.lab.data().join("blobs/variants");
        let admin = apart.admin.clone();
        let (killed_at, ()) = apart.until_worker_killed(&mut walk, |is_killed| {
            ada.delete(&path).expect(204);
            let is_gone = || files_below(&variants).is_empty();
            until_over(is_killed, "its prints are gone", is_gone);
            until_over(is_killed, "no job is left", || is_idle(&admin));
        });
        eprintln!("killed after {killed_at:?}");
        ada.get(&path).problem(404, "not_found");
        apart.start_worker();
        ada.get(&path).problem(404, "not_found");
        apart.lab.expect_nothing_stored();
        apart.admin.idle();
        assert_eq!(apart.lab.sweep_orphans(), 0);
        if killed_at.is_none() {
            break;
        }
    }
    let steps = ["unlink variants", "unlink originals", "rmdir", "fsync minilab.db-wal"];
    walk.expect_kills_after(&steps);
    apart.close();
}

/// Where files cannot be linked they are copied, and a kill may come in the middle of that.
#[test]
fn half_a_copy_is_swept() {
    let lab = Lab::open(Engine::Sqlite);
    let ada = lab.account("ada", "premium");
    let id = ada.upload_new("picture.jpg", &photo());
    ada.ready(&id);
    for place in lab.blobs() {
        let mut half = place.into_os_string();
        half.push(".part");
        std::fs::write(half, b"half").expect("a file");
    }
    assert_eq!(lab.sweep_orphans(), 1 + EAGER.len());
    assert_eq!(lab.blobs().len(), 1 + EAGER.len());
    lab.close();
}
