//! A real Prometheus reads the numbers, with an admin's key, and answers questions about them.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use e2e::{Engine, Lab, on_both_engines, picture, wait};
use serde_json::Value;

const STARTS_WITHIN: Duration = Duration::from_mins(1);
const SCRAPES_WITHIN: Duration = Duration::from_secs(30);

on_both_engines!(prometheus_scrapes_the_lab);

fn prometheus_scrapes_the_lab(engine: Engine) {
    let lab = Lab::open(engine);
    let root = lab.admin("root");
    let id = root.upload_new("a.png", &picture::small(1));
    root.ready(&id);

    let prometheus = Prometheus::start(&lab.notes("prometheus"), &root.address(), root.key());
    wait::until("the target is up", SCRAPES_WITHIN, || {
        let targets = prometheus.get("/api/v1/targets?state=active")?;
        let target = &targets["data"]["activeTargets"][0];
        (target["health"] == "up").then_some(())
    });
    for (query, least) in [
        ("up", 1.0),
        ("minilab_lab_images", 1.0),
        ("minilab_uploads_total{outcome=\"created\"}", 1.0),
        ("minilab_job_duration_seconds_count{kind=\"develop\",outcome=\"succeeded\"}", 1.0),
        ("minilab_render_duration_seconds_count{format=\"png\"}", 1.0),
        (
            "histogram_quantile(0.5, sum by (le) (minilab_http_request_duration_seconds_bucket))",
            0.0,
        ),
        ("minilab_disk_free_bytes / minilab_disk_size_bytes", 0.0),
        ("process_resident_memory_bytes", 1e6),
        ("time() - process_start_time_seconds", 0.0),
        ("minilab_build_info", 1.0),
    ] {
        let value = wait::until(query, SCRAPES_WITHIN, || prometheus.value(query));
        assert!(value.is_finite() && value >= least, "{query}: {value}");
    }
    drop(prometheus);
    lab.close();
}

/// A Prometheus of its own, killed when it is dropped.
struct Prometheus {
    child: Child,
    address: String,
}

impl Prometheus {
    /// A missing Prometheus is a failure, never a skip.
    fn start(folder: &Path, target: &str, key: &str) -> Self {
        std::fs::create_dir_all(folder).expect("a folder");
        std::fs::write(folder.join("key"), key).expect("a file for the key");
        let config = format!(
            "global: {{ scrape_interval: 2s, scrape_timeout: 2s }}\n\
             scrape_configs:\n\
             - job_name: minilab\n  \
               authorization: {{ credentials_file: key }}\n  \
               static_configs: [ {{ targets: [ '{target}' ] }} ]\n"
        );
        std::fs::write(folder.join("prometheus.yml"), config).expect("a file for the settings");
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = free.local_addr().expect("it is bound").to_string();
        drop(free);
        let log = File::create(folder.join("log")).expect("a file for the log");
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", folder.join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("prometheus is installed: scripts/setup.sh test");
        let prometheus = Self { child, address };
        wait::until("prometheus answers", STARTS_WITHIN, || {
            prometheus.get("/api/v1/status/buildinfo")
        });
        prometheus
    }

    fn get(&self, path: &str) -> Option<Value> {
        let answer = ureq::get(format!("http://{}{path}", self.address)).call();
        let text = answer.ok()?.body_mut().read_to_string().ok()?;
        serde_json::from_str(&text).ok()
    }

    /// The one value that a query gives, once there is one.
    fn value(&self, query: &str) -> Option<f64> {
        let url = format!("http://{}/api/v1/query", self.address);
        let answer = ureq::get(url).query("query", query).call();
        let text = answer.ok()?.body_mut().read_to_string().ok()?;
        let answer: Value = serde_json::from_str(&text).ok()?;
        answer["data"]["result"][0]["value"][1].as_str()?.parse().ok()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
