//! A thousand uploads by many at once, deletions in between, and the process killed twice: all that is
//! counted afterwards is what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use e2e::{Answer, Caller, Engine, Lab, files_below, picture, wait};
use image::{ImageFormat, RgbImage};
use serde_json::{Value, json};

const ACCOUNTS: usize = 5;
const AT_A_TIME: usize = 16;
/// Ten of them have a name in the statistics.
const MODELS: usize = 14;
const BACK_WITHIN: Duration = Duration::from_mins(1);
const DONE_WITHIN: Duration = Duration::from_mins(2);

mod on_sqlite {
    #[test]
    fn counts_survive_a_thousand_uploads_and_two_kills() {
        super::counts_survive_everything(e2e::Engine::Sqlite, 1000);
    }
}

mod on_postgres {
    #[test]
    fn counts_survive_hundreds_of_uploads_and_two_kills() {
        super::counts_survive_everything(e2e::Engine::Postgres, 400);
    }
}

fn counts_survive_everything(engine: Engine, uploads: usize) {
    let started = Instant::now();
    let mut lab = Lab::open(engine);
    let people = People::new(&lab);
    let pictures = Pictures::new();
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let kept = std::thread::scope(|scope| {
        let work = || people.upload_in_turn(&pictures, uploads, &next, &done);
        let hands: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(work)).collect();
        for third in 1..=2 {
            let is_there = || done.load(Ordering::Relaxed) >= third * uploads / 3;
            wait::until("a third is done", DONE_WITHIN, || is_there().then_some(()));
            lab.kill();
            lab.restart();
        }
        let kept = hands.into_iter().flat_map(|hand| hand.join().expect("no panic"));
        kept.collect::<Vec<_>>()
    });
    let took = started.elapsed();
    let stats = people.admin.idle();
    eprintln!(
        "{uploads} uploads, {} kept: {took:?}, {:?} until idle",
        kept.len(),
        started.elapsed()
    );
    let orphans = lab.sweep_orphans();
    assert!(orphans <= 2 * AT_A_TIME, "{orphans} files that two kills cannot have left");

    assert_eq!(stats["jobs"]["failed"], 0);
    let mut everything = Vec::new();
    for (number, account) in people.accounts.iter().enumerate() {
        let listed = account.everything();
        people.expect_theirs(number, &kept, &listed, &pictures);
        let own = account.get("/api/v1/me/stats").expect(200).json();
        expect_recount(&own, &listed);
        assert_eq!(own["bytes_stored"], distinct_bytes(&listed, &pictures));
        everything.extend(listed);
    }
    expect_recount(&stats, &everything);
    assert_eq!(uploads_counted(&stats), uploads, "each upload happened once");
    assert_eq!(stats["bytes_stored"], distinct_bytes(&everything, &pictures));
    assert_eq!(stats["bytes_stored"], bytes_below(&lab, "originals"));
    assert_eq!(stats["bytes_variants"], bytes_below(&lab, "variants"));
    people.expect_link_counts(uploads, &pictures);
    lab.close();
}

/// Somebody who brings pictures, and somebody who may delete them.
struct People {
    admin: Caller,
    accounts: Vec<Caller>,
    /// Of the first account.
    link: String,
    holder: Caller,
}

/// One image that was taken and not deleted.
struct Kept {
    sender: usize,
    picture: usize,
    id: String,
}

impl People {
    fn new(lab: &Lab) -> Self {
        let account = |number| lab.account(&format!("account-{number}"), "business");
        let accounts = (0..ACCOUNTS).map(account).collect::<Vec<_>>();
        let wanted = json!({ "expires_in": 3600 });
        let made = accounts[0].json("POST", "/api/v1/upload-links", &wanted).expect(201).json();
        let holder = accounts[0].with_key(made["token"].as_str());
        let link = made["id"].as_str().expect("an id").to_owned();
        Self { admin: lab.admin("admin"), accounts, link, holder }
    }

    /// The last one is the link.
    fn sender(&self, sender: usize) -> &Caller {
        self.accounts.get(sender).unwrap_or(&self.holder)
    }

    fn owner(&self, sender: usize) -> &Caller {
        self.accounts.get(sender).unwrap_or(&self.accounts[0])
    }

    /// Uploads, deletes every fourth time what came in longest ago, and sends things twice now and
    /// then.
    fn upload_in_turn(
        &self,
        pictures: &Pictures,
        uploads: usize,
        next: &AtomicUsize,
        done: &AtomicUsize,
    ) -> Vec<Kept> {
        let mut kept = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= uploads {
                return kept;
            }
            let (sender, picture) = (sender_of(number), content_of(number));
            let id = self.upload(sender, picture, pictures, number.is_multiple_of(25));
            kept.push(Kept { sender, picture, id });
            if number % 4 == 3 {
                let Kept { sender, id, .. } = kept.remove(0);
                self.delete(sender, &id);
            }
            done.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// As people do: who gets no answer tries again.
    fn upload(&self, sender: usize, picture: usize, pictures: &Pictures, twice: bool) -> String {
        let (name, bytes) = (format!("{picture}.bin"), pictures.bytes(picture));
        let send = || {
            let (answer, was_cut_off) = persist(|| self.sender(sender).try_upload(&name, &bytes));
            let item = answer.json()["items"][0].clone();
            (answer.status, item["id"].as_str().expect("an id").to_owned(), was_cut_off)
        };
        let (status, id, was_cut_off) = send();
        let may_be_there = was_cut_off && status == 200;
        assert!(status == 201 || may_be_there, "{picture} from {sender}: {status}");
        if twice {
            let (status, same, _) = send();
            assert_eq!((status, &same), (200, &id));
        }
        id
    }

    fn delete(&self, sender: usize, id: &str) {
        let path = format!("/api/v1/images/{id}");
        let (answer, was_cut_off) =
            persist(|| self.owner(sender).request("DELETE", &path).try_send());
        let is_gone = answer.status == 204 || (was_cut_off && answer.status == 404);
        assert!(is_gone, "{answer}");
    }

    fn expect_theirs(&self, number: usize, kept: &[Kept], listed: &[Value], pictures: &Pictures) {
        let is_own = |kept: &&Kept| self.owner(kept.sender).key() == self.accounts[number].key();
        let own = kept.iter().filter(is_own).map(|kept| kept.id.as_str()).collect::<BTreeSet<_>>();
        let ids = listed.iter().filter_map(|image| image["id"].as_str()).collect::<BTreeSet<_>>();
        assert_eq!(ids, own);
        assert_eq!(ids.len(), listed.len(), "an image was listed twice");
        for image in listed {
            assert_eq!(image["state"], "ready", "{image}");
        }
        // One original is enough to read; `check --deep` reads them all.
        for kept in kept.iter().filter(is_own).take(1) {
            let original = self.accounts[number].original(&kept.id).expect(200);
            assert_eq!(original.body, pictures.bytes(kept.picture));
        }
    }

    /// A link counts what came in, whatever became of it.
    fn expect_link_counts(&self, uploads: usize, pictures: &Pictures) {
        let path = format!("/api/v1/upload-links/{}", self.link);
        let link = self.accounts[0].get(&path).expect(200).json();
        let by_link = (0..uploads).filter(|number| sender_of(*number) == ACCOUNTS);
        let sizes = by_link.map(|number| pictures.bytes(content_of(number)).len());
        let sizes = sizes.collect::<Vec<_>>();
        assert_eq!(link["images"], sizes.len());
        assert_eq!(link["bytes"], sizes.iter().sum::<usize>());
    }
}

/// Five accounts and a link.
fn sender_of(number: usize) -> usize {
    number % (ACCOUNTS + 1)
}

/// Every tenth brings what another one brought.
fn content_of(number: usize) -> usize {
    if number % 10 == 9 { number - 3 } else { number }
}

/// Asks until there is an answer; and whether it took more than one try.
fn persist(mut ask: impl FnMut() -> Option<Answer>) -> (Answer, bool) {
    let mut tries = 0;
    let answer = wait::until("the service is back", BACK_WITHIN, || {
        tries += 1;
        ask()
    });
    (answer, tries > 1)
}

/// Small pictures of four formats; no two are alike.
struct Pictures {
    photos: Vec<Vec<u8>>,
    drawing: RgbImage,
    gif: Vec<u8>,
}

impl Pictures {
    fn new() -> Self {
        let photo = picture::photograph(64, 48);
        let by = |number| picture::jpeg_by(&format!("Camera {number:02}"), &photo, 1);
        let drawing = picture::photograph(48, 36);
        let gif = encoded(&drawing, ImageFormat::Gif);
        Self { photos: (0..MODELS).map(by).collect(), drawing, gif }
    }

    fn bytes(&self, number: usize) -> Vec<u8> {
        match number % 7 {
            0..=3 => picture::variation(&self.photos[self.model(number)], number),
            4 => encoded(&self.drawing_with(number), ImageFormat::Png),
            5 => encoded(&self.drawing_with(number), ImageFormat::WebP),
            _ => gif_saying(&self.gif, &format!("number {number:08}")),
        }
    }

    /// Some cameras are more frequent than others.
    fn model(&self, number: usize) -> usize {
        let number = number / 7 + number % 7;
        (number % self.photos.len()).min(number / 3 % self.photos.len())
    }

    fn drawing_with(&self, number: usize) -> RgbImage {
        let mut drawing = self.drawing.clone();
        drawing.put_pixel(0, 0, image::Rgb([number as u8, (number >> 8) as u8, 0]));
        drawing
    }
}

fn encoded(picture: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).expect("a picture in memory can be written");
    bytes.into_inner()
}

/// The same picture in other bytes: a comment before the end of a GIF.
fn gif_saying(gif: &[u8], comment: &str) -> Vec<u8> {
    let (end, pictures) = gif.split_last().expect("a GIF has an end");
    let mut bytes = pictures.to_vec();
    bytes.extend([0x21, 0xFE, comment.len() as u8]);
    bytes.extend(comment.bytes());
    bytes.extend([0, *end]);
    bytes
}

/// Everything that statistics say of the images that are there, against a list of these images.
#[track_caller]
fn expect_recount(stats: &Value, listed: &[Value]) {
    assert_eq!(stats["images"], listed.len());
    let bytes = listed.iter().map(|image| image["bytes"].as_u64().expect("a number"));
    assert_eq!(stats["bytes_uploaded"], bytes.sum::<u64>());
    let saved = number(&stats["bytes_uploaded"]) - number(&stats["bytes_stored"]);
    assert_eq!(number(&stats["bytes_saved"]), saved);

    let formats = counted(stats, "formats", "format");
    assert_eq!(formats, recount(listed, |image| image["format"].as_str()));
    let named = counted(stats, "cameras", "model");
    let models = recount(listed, |image| image["metadata"]["model"].as_str());
    for (model, count) in &named {
        assert_eq!(models.get(model), Some(count), "{model}");
    }
    let least_named = named.values().min().copied().unwrap_or_default();
    let others = models.iter().filter(|(model, _)| !named.contains_key(*model));
    let others = others.map(|(_, count)| *count).collect::<Vec<_>>();
    assert_eq!(named.len(), models.len().min(10));
    assert!(others.iter().all(|count| *count <= least_named), "{named:?} {others:?}");
    assert_eq!(number(&stats["other_cameras"]), others.iter().sum::<i64>());
    let unknown = listed.iter().filter(|image| image["metadata"]["model"].is_null()).count();
    assert_eq!(stats["unknown_cameras"], unknown);

    let of_cameras = named.values().sum::<i64>()
        + number(&stats["other_cameras"])
        + number(&stats["unknown_cameras"]);
    assert_eq!(formats.values().sum::<i64>(), number(&stats["images"]));
    assert_eq!(of_cameras, number(&stats["images"]));
    assert!(uploads_counted(stats) >= listed.len());
}

fn number(value: &Value) -> i64 {
    value.as_i64().expect("a number")
}

/// A list of the statistics as a map; the most frequent came first.
fn counted(stats: &Value, list: &str, name: &str) -> BTreeMap<String, i64> {
    let entries = stats[list].as_array().expect("a list");
    let counts = entries.iter().map(|entry| number(&entry["count"])).collect::<Vec<_>>();
    assert!(counts.is_sorted_by(|one, next| one >= next), "{entries:?}");
    let named = entries.iter().map(|entry| entry[name].as_str().expect("a name").to_owned());
    named.zip(counts).collect()
}

fn recount(listed: &[Value], name: impl Fn(&Value) -> Option<&str>) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for name in listed.iter().filter_map(name) {
        *counts.entry(name.to_owned()).or_default() += 1;
    }
    counts
}

fn uploads_counted(stats: &Value) -> usize {
    let days = stats["days"].as_array().expect("a list");
    assert_eq!(days.len(), 30);
    let dates = days.iter().map(|day| day["date"].as_str().expect("a date"));
    assert!(dates.is_sorted_by(|one, next| one < next), "{days:?}");
    days.iter().map(|day| number(&day["count"])).sum::<i64>() as usize
}

/// Each content once; file names say which it is.
fn distinct_bytes(listed: &[Value], pictures: &Pictures) -> usize {
    let names = listed.iter().map(|image| image["filename"].as_str().expect("a name"));
    let distinct = names.collect::<BTreeSet<_>>();
    let number = |name: &str| name.trim_end_matches(".bin").parse::<usize>().expect("a number");
    distinct.into_iter().map(|name| pictures.bytes(number(name)).len()).sum()
}

fn bytes_below(lab: &Lab, kind: &str) -> u64 {
    let files = files_below(&lab.data().join("blobs").join(kind));
    files.iter().map(|file| file.metadata().expect("nothing goes now").len()).sum()
}
