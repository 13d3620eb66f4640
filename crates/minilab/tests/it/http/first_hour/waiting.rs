//! `Prefer: wait`: obeyed, and said to be.

use axum::body::Body;

use crate::support::pictures::{bmp, undecodable};
use crate::support::{Lab, request};

on_both_engines! {
    an_upload_waits_until_its_pictures_are_made
    who_does_not_ask_does_not_wait
}

async fn an_upload_waits_until_its_pictures_are_made(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let working = lab.work();
    for (bytes, state) in
        [(bmp(300, 300, 1), "ready"), (undecodable(2), "failed"), (bmp(300, 300, 1), "ready")]
    {
        let asked =
            request(&ada, "POST", "/api/v1/images").header("prefer", "respond-async, wait=20");
        let answer = lab.send(asked.body(Body::from(bytes)).unwrap()).await;
        if answer.status == 422 {
            // Some cut files are refused at once.
            continue;
        }
        assert_eq!(answer.header("preference-applied"), "wait=20");
        assert_eq!(answer.json()["items"][0]["image"]["state"], state, "{}", answer.json());
    }
    let listed = lab.get(&ada, "/api/v1/images").await.json();
    // The oldest is a whole picture.
    let oldest = crate::support::ids(&listed["items"]).pop().unwrap();
    let path = format!("/api/v1/images/{oldest}");
    for path in [path.clone(), format!("{path}/variants/thumb")] {
        let shown = lab.get_with(&ada, &path, &[("prefer", "wait=99")]).await;
        assert_eq!(shown.header("preference-applied"), "wait=30", "{path}");
        assert_eq!(lab.get(&ada, &path).await.header("preference-applied"), "", "{path}");
    }
    working.stop().await;
}

async fn who_does_not_ask_does_not_wait(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    let answer = lab.upload(&ada, "a.bmp", bmp(300, 300, 1)).await;
    assert_eq!(answer.json()["items"][0]["image"]["state"], "processing");
    assert_eq!(answer.header("preference-applied"), "");
    // Nobody works: the wait has an end.
    let asked = request(&ada, "POST", "/api/v1/images").header("prefer", "wait=1");
    let answer = lab.send(asked.body(Body::from(bmp(300, 300, 2))).unwrap()).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.json()["items"][0]["image"]["state"], "processing");
}
