//! `/metrics`: what is there, and that nothing of a stranger is in it.

use crate::support::pictures::bmp;
use crate::support::{Lab, Server};

on_both_engines! {
    the_metrics_tell_what_happened
}

/// The value of a series whose name and labels begin so.
fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find(|line| line.starts_with(series));
    let line = line.unwrap_or_else(|| panic!("no {series} in\n{text}"));
    line.rsplit_once(' ').unwrap().1.parse().unwrap()
}

async fn the_metrics_tell_what_happened(lab: Lab) {
    let root = lab.admin("root").await;
    let picture = bmp(30, 20, 7);
    let id = lab.upload_ok(&root, "a-name-nobody-else-has.bmp", picture.clone()).await;
    lab.upload(&root, "again.bmp", picture).await;
    lab.upload(&root, "notes.txt", b"words".to_vec()).await;
    let waiting = lab.get(&root, "/metrics").await;
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(waiting.header("content-type"), media_type);
    let text = String::from_utf8(waiting.body).unwrap();
    assert!(text.ends_with("# EOF\n"));
    assert!(text.contains("minilab_jobs{kind=\"develop\",state=\"pending\"} 1.0\n"), "{text}");
    assert!(value(&text, "minilab_jobs_oldest_waiting_seconds ") >= 0.0);

    lab.run_jobs().await;
    lab.get(&root, &format!("/api/v1/images/{id}")).await;
    lab.get(&root, "/no/such/place/a-path-nobody-else-has").await;
    let text = String::from_utf8(lab.get(&root, "/metrics").await.body).unwrap();
    assert!(!text.contains("state=\"pending\""), "{text}");
    // Counted for the whole process: other tests count as well.
    for series in [
        "minilab_http_request_duration_seconds_count{route=\"/api/v1/images/{id}\",method=\"GET\",status=\"2xx\"}",
        "minilab_http_request_duration_seconds_count{route=\"-\",method=\"GET\",status=\"4xx\"}",
        "minilab_http_request_duration_seconds_bucket{le=\"+Inf\",route=\"/api/v1/images\",method=\"POST\",status=\"2xx\"}",
        "minilab_uploads_total{outcome=\"created\"}",
        "minilab_uploads_total{outcome=\"duplicate\"}",
        "minilab_uploads_total{outcome=\"rejected\"}",
        "minilab_uploaded_bytes_total ",
        "minilab_job_duration_seconds_count{kind=\"develop\",outcome=\"succeeded\"}",
        "minilab_render_duration_seconds_count{format=\"bmp\"}",
        "minilab_lab_jobs_succeeded_total ",
        "minilab_lab_images ",
        "minilab_disk_free_bytes{holds=\"data\"}",
        "minilab_disk_size_bytes{holds=\"blobs\"}",
        "minilab_render_memory_limit_bytes ",
        "minilab_database_connections_limit ",
        "minilab_build_info{version=",
        "process_cpu_seconds_total ",
        "process_resident_memory_bytes ",
        "process_open_fds ",
        "process_max_fds ",
        "process_start_time_seconds ",
    ] {
        assert!(value(&text, series) > 0.0, "{series}");
    }
    for series in [
        "minilab_limit_reached_total{limit=",
        "minilab_cache_hits_total ",
        "minilab_render_memory_used_bytes ",
    ] {
        assert!(value(&text, series) >= 0.0, "{series}");
    }
    for word in ["a-name-nobody-else-has", "a-path-nobody-else-has", &id, "root", "mlk_"] {
        assert!(!text.contains(word), "{word}");
    }
}

#[tokio::test]
async fn the_metrics_are_for_admins() {
    let lab = Lab::open(Server::Sqlite).await;
    let ada = lab.account("ada", "business").await;
    assert_eq!(lab.get(&ada, "/metrics").await.code(), "not_admin");
    assert_eq!(lab.get("", "/metrics").await.code(), "unauthorized");
}
