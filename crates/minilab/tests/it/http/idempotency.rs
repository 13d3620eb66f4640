//! `Idempotency-Key`: trying again is safe.

use axum::body::Body;
use axum::http::header;
use tokio::sync::oneshot;

use crate::support::pictures::bmp;
use crate::support::{Answer, Lab, request};

on_both_engines! {
    the_same_key_and_files_get_the_same_answer
    the_same_key_with_other_files_is_refused_and_stores_nothing
    a_key_under_way_is_a_conflict_and_comes_free_when_the_sender_breaks_off
    a_dead_process_gives_its_keys_back
}

const PATH: &str = "/api/v1/images?filename=a.bmp";

async fn send(lab: &Lab, key: &str, once: &str, body: impl Into<Body>) -> Answer {
    let sent = request(key, "POST", PATH).header("idempotency-key", once);
    lab.send(sent.body(body.into()).unwrap()).await
}

/// The same file as a form with a boundary of its own.
async fn send_form(lab: &Lab, key: &str, once: &str, boundary: &str, bytes: &[u8]) -> Answer {
    let mut body = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.bmp\"\r\n\r\n"
    )
    .into_bytes();
    body.extend(bytes);
    body.extend(format!("\r\n--{boundary}--\r\n").bytes());
    let content_type = format!("multipart/form-data; boundary={boundary}");
    let sent = request(key, "POST", "/api/v1/images")
        .header("idempotency-key", once)
        .header(header::CONTENT_TYPE, content_type);
    lab.send(sent.body(body.into()).unwrap()).await
}

async fn the_same_key_and_files_get_the_same_answer(lab: Lab) {
    let ada = lab.account("ada", "premium").await;
    let bob = lab.account("bob", "premium").await;
    let picture = bmp(30, 20, 1);
    let first = send_form(&lab, &ada, "k1", "X", &picture).await;
    assert_eq!(first.status, 201);
    lab.run_jobs().await;
    // Whatever boundary the client chose this time, and whatever became of the image since.
    for again in [
        send_form(&lab, &ada, "k1", "Y", &picture).await,
        send(&lab, &ada, "k1", picture.clone()).await,
    ] {
        assert_eq!((again.status, again.json()), (first.status, first.json()));
        assert_eq!(again.header("location"), first.header("location"));
        assert_eq!(again.header("idempotency-replayed"), "true");
    }
    // Without the key it is what it is; the key of another account is another key.
    assert_eq!(lab.upload(&ada, "a.bmp", picture.clone()).await.status, 200);
    let of_bob = send(&lab, &bob, "k1", picture.clone()).await;
    assert_eq!((of_bob.status.as_u16(), of_bob.header("idempotency-replayed")), (201, ""));

    // What was deleted is not there: the same request makes it again.
    let id = first.json()["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(lab.call(&ada, "DELETE", &format!("/api/v1/images/{id}")).await.status, 204);
    let anew = send_form(&lab, &ada, "k1", "X", &picture).await;
    assert_eq!((anew.status.as_u16(), anew.header("idempotency-replayed")), (201, ""));
    assert_ne!(anew.json()["items"][0]["id"], id.as_str());
    lab.run_jobs().await;

    let refused = send(&lab, &ada, "k2", "no picture").await;
    assert_eq!(refused.code(), "not_an_image");
    let again = send(&lab, &ada, "k2", "no picture").await;
    assert_eq!(again.code(), "not_an_image");
    assert_eq!((again.status, again.json()), (refused.status, refused.json()));
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn the_same_key_with_other_files_is_refused_and_stores_nothing(lab: Lab) {
    let key = lab.account("ada", "premium").await;
    assert_eq!(send(&lab, &key, "k", bmp(30, 20, 1)).await.status, 201);
    let other = send(&lab, &key, "k", bmp(30, 20, 2)).await;
    assert_eq!((other.status.as_u16(), other.code().as_str()), (422, "idempotency_key_reused"));
    let renamed = request(&key, "POST", "/api/v1/images?filename=b.bmp");
    let renamed = renamed.header("idempotency-key", "k").body(bmp(30, 20, 1).into()).unwrap();
    assert_eq!(lab.send(renamed).await.code(), "idempotency_key_reused");
    assert_eq!(lab.get(&key, "/api/v1/me").await.json()["usage"]["images"], 1);
    for bad in [" ", "two words", "ä", &"k".repeat(256)] {
        let answer = send(&lab, &key, bad, bmp(9, 9, 1)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, "bad_idempotency_key"));
    }
    assert_eq!(send(&lab, &key, &"k".repeat(255), bmp(9, 9, 1)).await.status, 201);
}

async fn a_key_under_way_is_a_conflict_and_comes_free_when_the_sender_breaks_off(lab: Lab) {
    let key = lab.account("ada", "premium").await;
    let (started, has_started) = oneshot::channel();
    let (go, wait) = oneshot::channel::<()>();
    // Half of a picture, then nothing until it is told to break off.
    let mut started = Some(started);
    let first = futures_util::stream::once(async move {
        started.take().unwrap().send(()).unwrap();
        Ok(bmp(30, 20, 1)[..100].to_vec())
    });
    let rest = futures_util::stream::once(async move {
        let _ = wait.await;
        Err(std::io::Error::other("the line went dead"))
    });
    let body = Body::from_stream(futures_util::StreamExt::chain(first, rest));
    let slow = async {
        let answer = send(&lab, &key, "k", body).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "broken_body"));
    };
    let meanwhile = async {
        has_started.await.unwrap();
        let answer = send(&lab, &key, "k", bmp(30, 20, 1)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (409, "request_in_flight"));
        assert_eq!(answer.header("retry-after"), "1");
        go.send(()).unwrap();
    };
    tokio::join!(slow, meanwhile);
    // What broke off was never answered for good: the next try is a first one.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    loop {
        let answer = send(&lab, &key, "k", bmp(30, 20, 1)).await;
        if answer.status == 201 {
            break;
        }
        assert_eq!(answer.code(), "request_in_flight");
        assert!(std::time::Instant::now() < deadline, "the key does not come free");
        tokio::task::yield_now().await;
    }
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn a_dead_process_gives_its_keys_back(lab: Lab) {
    let key = lab.account("ada", "premium").await;
    let (go, wait) = oneshot::channel::<()>();
    let (started, has_started) = oneshot::channel();
    let never = Body::from_stream(futures_util::stream::once(async move {
        started.send(()).unwrap();
        let _ = wait.await;
        Ok::<_, std::io::Error>(Vec::new())
    }));
    let dying = send(&lab, &key, "k", never);
    let meanwhile = async {
        has_started.await.unwrap();
        let name = lab.app.spool.process_id.clone();
        minilab::uploads::idempotency::take_back(&lab.app.db, vec![name]).await.unwrap();
        assert_eq!(send(&lab, &key, "k", bmp(30, 20, 1)).await.status, 201);
        go.send(()).unwrap();
    };
    let (dead, ()) = tokio::join!(dying, meanwhile);
    assert_eq!(dead.code(), "empty_file");
    // What the dead one would have said does not replace what was answered.
    assert_eq!(send(&lab, &key, "k", bmp(30, 20, 1)).await.status, 201);
}
