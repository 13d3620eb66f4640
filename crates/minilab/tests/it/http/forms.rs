//! A form ends: whatever it goes on and on with, it is cut off and told why.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::http::header;
use bytes::Bytes;
use futures_util::{StreamExt, stream};

use crate::support::pictures::bmp;
use crate::support::{Answer, Lab, Server, request};

/// Sends `again` without end: the answer, and how many bytes were taken.
async fn endless(lab: &Lab, key: &str, first: Vec<u8>, again: &[u8]) -> (Answer, u64) {
    let taken = Arc::new(AtomicU64::new(0));
    let counted = taken.clone();
    let again = Bytes::from(again.repeat(1 + 65_536 / again.len()));
    let blocks = stream::once(ready(Bytes::from(first))).chain(stream::repeat(again));
    // The other tasks have their turn between two blocks, as with a socket.
    let blocks = blocks.then(move |block| {
        counted.fetch_add(block.len() as u64, Ordering::Relaxed);
        async move {
            tokio::task::yield_now().await;
            Ok::<_, std::io::Error>(block)
        }
    });
    let sent = request(key, "POST", "/api/v1/images")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=B");
    let body = Body::from_stream(blocks);
    let answer = lab.send(sent.body(body).unwrap()).await;
    (answer, taken.load(Ordering::Relaxed))
}

const INPUT: &[u8] = b"--B\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n";
const FILE: &[u8] =
    b"--B\r\nContent-Disposition: form-data; name=\"x\"; filename=\"a.jpg\"\r\n\r\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_without_end_is_cut_off() {
    let lab = Lab::with(Server::Sqlite, |config| config.uploads.bytes_max = 16 << 20).await;
    let key = lab.account("ada", "free").await;
    let part = |head: &[u8], bytes: &[u8]| [head, bytes, b"\r\n"].concat();
    for (kind, again, code) in [
        ("inputs", part(INPUT, b"v"), "too_many_inputs"),
        ("large inputs", part(INPUT, &vec![b'v'; 400_000]), "inputs_too_large"),
        ("one input", vec![b'v'; 65_536], "inputs_too_large"),
        ("empty files", part(FILE, b""), "all_rejected"),
        ("refused files", part(FILE, &vec![b'v'; 300_000]), "all_rejected"),
        (
            "files and inputs",
            [part(FILE, b"v"), part(INPUT, &vec![b'v'; 30_000])].concat(),
            "all_rejected",
        ),
        ("preamble", vec![b'p'; 65_536], "inputs_too_large"),
    ] {
        let first = if kind == "one input" { INPUT.to_vec() } else { Vec::new() };
        let (answer, taken) = endless(&lab, &key, first, &again).await;
        assert_eq!(answer.code(), code, "{kind}: {}", answer.json());
        assert!(answer.status == 413 || code == "all_rejected", "{kind}: {}", answer.status);
        assert!(taken < 24 << 20, "{kind}: {taken} bytes were taken");
    }
    assert!(lab.stored().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_in_before_the_end_is_kept_and_told() {
    let lab = Lab::with(Server::Sqlite, |config| config.uploads.bytes_max = 16 << 20).await;
    let key = lab.account("ada", "free").await;
    let first = [FILE, &bmp(30, 20, 1), b"\r\n"].concat();
    let (answer, _) = endless(&lab, &key, first, &[INPUT, b"v\r\n"].concat()).await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    let items = answer.json()["items"].clone();
    assert_eq!((&items[0]["status"], &items[1]["status"]), (&"created".into(), &"rejected".into()));
    assert_eq!(items[1]["error"]["code"], "too_many_inputs");
    assert_eq!(lab.stored().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_form_of_many_files_and_inputs_is_taken() {
    let lab = Lab::open(Server::Sqlite).await;
    let key = lab.account("ada", "business").await;
    let files = (0..100_u8).map(|seed| bmp(40, 30, seed)).collect::<Vec<_>>();
    let text = vec![b'v'; 9_000];
    let inputs = files.iter().flat_map(|file| {
        [("title", None, text.as_slice()), ("file", Some("a.bmp"), file.as_slice())]
    });
    let answer = lab.form(&key, "/api/v1/images", &inputs.collect::<Vec<_>>()).await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    let items = answer.json()["items"].clone();
    assert!(items.as_array().unwrap().iter().all(|item| item["status"] == "created"), "{items}");
}
