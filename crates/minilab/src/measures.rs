//! What this process did, counted where it happens; `/metrics` reads it.
//!
//! Nothing here is a stranger's word: labels are matched routes, kinds, formats and stable codes.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, OnceLock, RwLock};
use std::time::Duration;

use axum::http::{Method, StatusCode};

/// Upper bounds of the buckets, in seconds; one more takes the rest.
const BOUNDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// How long something took, as a histogram without locks.
#[derive(Default)]
pub struct Times {
    buckets: [AtomicU64; BOUNDS.len() + 1],
    micros: AtomicU64,
}

/// What a histogram held at one moment.
pub struct Histogram {
    pub sum_secs: f64,
    pub count: u64,
    /// Upper bound and how many lie between it and the one before.
    pub buckets: Vec<(f64, u64)>,
}

impl Times {
    pub fn note(&self, took: Duration) {
        let secs = took.as_secs_f64();
        let bucket = BOUNDS.iter().position(|bound| secs <= *bound).unwrap_or(BOUNDS.len());
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(took.as_micros() as u64, Ordering::Relaxed);
    }

    pub fn read(&self) -> Histogram {
        let bounds = BOUNDS.into_iter().chain([f64::INFINITY]);
        let counts = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed));
        let buckets = bounds.zip(counts).collect::<Vec<_>>();
        let count = buckets.iter().map(|(_, count)| count).sum();
        let sum_secs = self.micros.load(Ordering::Relaxed) as f64 / 1e6;
        Histogram { sum_secs, count, buckets }
    }
}

/// Histograms by labels, for what happens less often than requests.
pub struct Family<const N: usize>(Mutex<BTreeMap<[String; N], Times>>);

impl<const N: usize> Family<N> {
    const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    pub fn note(&self, labels: [&str; N], took: Duration) {
        let mut series = self.0.lock().expect("nobody panics holding it");
        series.entry(labels.map(str::to_owned)).or_default().note(took);
    }

    pub fn each<E>(
        &self,
        mut show: impl FnMut([&str; N], Histogram) -> Result<(), E>,
    ) -> Result<(), E> {
        let series = self.0.lock().expect("nobody panics holding it");
        series.iter().try_for_each(|(labels, times)| {
            show(std::array::from_fn(|label| labels[label].as_str()), times.read())
        })
    }
}

/// Tries of jobs, by kind and by how they ended.
pub static JOBS: Family<2> = Family::new();
/// Renderings, by the format of the original.
pub static RENDERS: Family<1> = Family::new();

/// Tries that did not succeed, by kind and stable code.
static CAUSES: Mutex<BTreeMap<[String; 2], u64>> = Mutex::new(BTreeMap::new());

pub fn job_failed(kind: &str, code: &str) {
    let mut causes = CAUSES.lock().expect("nobody panics holding it");
    *causes.entry([kind, code].map(str::to_owned)).or_default() += 1;
}

pub fn causes() -> Vec<([String; 2], u64)> {
    let causes = CAUSES.lock().expect("nobody panics holding it");
    causes.iter().map(|(labels, count)| (labels.clone(), *count)).collect()
}

/// What became of a file that somebody brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadOutcome {
    Created,
    Duplicate,
    Rejected,
}

impl UploadOutcome {
    pub const ALL: [Self; 3] = [Self::Created, Self::Duplicate, Self::Rejected];

    pub fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Duplicate => "duplicate",
            Self::Rejected => "rejected",
        }
    }
}

static UPLOADS: [AtomicU64; UploadOutcome::ALL.len()] =
    [const { AtomicU64::new(0) }; UploadOutcome::ALL.len()];
/// Bytes of files that came in whole, duplicates and refused ones among them.
pub static UPLOADED_BYTES: AtomicU64 = AtomicU64::new(0);

pub fn uploaded(outcome: UploadOutcome) {
    UPLOADS[outcome as usize].fetch_add(1, Ordering::Relaxed);
}

pub fn uploads(outcome: UploadOutcome) -> u64 {
    UPLOADS[outcome as usize].load(Ordering::Relaxed)
}

/// Methods that have series of their own; the others share one.
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The requests of one route: series come into being with the first request of a method.
#[derive(Default)]
struct Route([OnceLock<Box<[Times; CLASSES.len()]>>; METHODS.len()]);

/// Routes are those of the router, so there are not more of them than it has.
static ROUTES: LazyLock<RwLock<HashMap<Box<str>, Route>>> = LazyLock::new(RwLock::default);

/// Notes how long a request took until its answer began: a look under a shared lock and two additions.
pub fn answered(route: &str, method: &Method, status: StatusCode, took: Duration) {
    let position = METHODS.iter().position(|name| *name == method.as_str());
    let method = position.unwrap_or(METHODS.len() - 1);
    let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES.len()) - 1;
    let note = |route: &Route| route.0[method].get_or_init(Box::default)[class].note(took);
    if let Some(known) = ROUTES.read().expect("nobody panics holding it").get(route) {
        return note(known);
    }
    note(ROUTES.write().expect("nobody panics holding it").entry(route.into()).or_default());
}

/// Every series of requests that has something: route, method, class of status.
pub fn each_request<E>(
    mut show: impl FnMut([&str; 3], Histogram) -> Result<(), E>,
) -> Result<(), E> {
    for (name, route) in ROUTES.read().expect("nobody panics holding it").iter() {
        for (method, classes) in METHODS.iter().zip(&route.0) {
            let Some(classes) = classes.get() else { continue };
            for (class, times) in CLASSES.iter().zip(classes.iter()) {
                let times = times.read();
                if times.count > 0 {
                    show([name, method, class], times)?;
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_is_in_one_bucket() {
        let times = Times::default();
        for millis in [0, 1, 2, 100, 30_000, 31_000, 999_000] {
            times.note(Duration::from_millis(millis));
        }
        let read = times.read();
        assert_eq!(read.count, 7);
        let filled = read.buckets.iter().filter(|(_, count)| *count > 0);
        let filled = filled.map(|(upper, count)| (upper.to_string(), *count)).collect::<Vec<_>>();
        let most = f64::INFINITY.to_string();
        let expected = [("0.001", 2), ("0.0025", 1), ("0.1", 1), ("30", 1), (&most, 2)];
        assert_eq!(filled, expected.map(|(upper, count)| (upper.to_owned(), count)));
        assert!((read.sum_secs - 1060.103).abs() < 1e-6, "{}", read.sum_secs);
    }

    #[test]
    fn requests_are_told_apart_by_route_method_and_class() {
        let took = Duration::from_millis(3);
        for (method, status) in [(Method::GET, 200), (Method::GET, 201), (Method::GET, 404)] {
            answered("/measured", &method, StatusCode::from_u16(status).unwrap(), took);
        }
        answered("/measured", &Method::TRACE, StatusCode::METHOD_NOT_ALLOWED, took);
        let mut found = Vec::new();
        each_request(|labels, times| {
            if labels[0] == "/measured" {
                found.push((labels[1].to_owned(), labels[2].to_owned(), times.count));
            }
            Ok::<_, ()>(())
        })
        .unwrap();
        let series =
            |method: &str, class: &str, count| (method.to_owned(), class.to_owned(), count);
        assert_eq!(
            found,
            [series("GET", "2xx", 2), series("GET", "4xx", 1), series("other", "4xx", 1)]
        );
    }
}
