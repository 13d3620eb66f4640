//! Deleting an account: alone, or with everything of theirs.

use minilab::admin::delete_account::delete_account;
use minilab::events::Actor;
use minilab::http::Problem;
use minilab::http::code::Code;
use minilab::ids::AccountId;
use serde_json::json;

use super::super::callers::assert_refused;
use super::{ACCOUNTS, change};
use crate::support::pictures::bmp;
use crate::support::{Lab, soon};

on_both_engines! {
    an_account_that_has_something_stays_unless_everything_is_to_go
    everything_of_an_account_goes_and_nothing_of_others
    two_who_delete_the_same_account_leave_nothing_of_it
    the_last_admin_and_who_is_not_there_are_not_deleted
}

async fn delete(lab: &Lab, id: AccountId, with_everything: bool) -> Result<(), Problem> {
    let actor = Actor::shell(lab.app.clock.now_ms());
    delete_account(&lab.app, id, with_everything, actor).await
}

async fn id_of(lab: &Lab, name: &str) -> AccountId {
    let path = lab.account_path(name).await;
    path.rsplit_once('/').unwrap().1.parse().unwrap()
}

async fn an_account_that_has_something_stays_unless_everything_is_to_go(lab: Lab) {
    let root = lab.admin("root").await;
    let ada = lab.account("ada", "business").await;
    let id = id_of(&lab, "ada").await;
    let image = lab.upload_ok(&ada, "a.bmp", bmp(8, 8, 0)).await;
    let refused = delete(&lab, id, false).await.unwrap_err();
    assert_eq!((refused.status.as_u16(), refused.code), (409, Code::AccountNotEmpty));
    assert_eq!((&refused.extra["images"], &refused.extra["upload_links"]), (&json!(1), &json!(0)));
    lab.call(&ada, "DELETE", &format!("/api/v1/images/{image}")).await;

    let link = json!({ "expires_in": 3600, "label": "Party" });
    let link = change(&lab, &ada, "POST", "/api/v1/upload-links", link).await;
    let refused = delete(&lab, id, false).await.unwrap_err();
    assert_eq!((refused.code, &refused.extra["upload_links"]), (Code::AccountNotEmpty, &json!(1)));
    // Nothing was done to it.
    assert_eq!(lab.get(&ada, "/api/v1/me").await.status, 200);
    let link = format!("/api/v1/upload-links/{}", link["id"].as_str().unwrap());
    assert_eq!(lab.call(&ada, "DELETE", &link).await.status, 204);

    delete(&lab, id, false).await.unwrap();
    assert_refused(&lab.get(&ada, "/api/v1/me").await, 401, "unauthorized");
    assert_refused(&lab.get(&root, &format!("{ACCOUNTS}/{id}")).await, 404, "not_found");
    // Somebody else may have the name.
    let other = lab.account("ada", "free").await;
    assert_eq!(lab.get(&other, "/api/v1/images").await.json()["total"], 0);
}

async fn everything_of_an_account_goes_and_nothing_of_others(lab: Lab) {
    let root = lab.admin("root").await;
    let (ada, bob) = (lab.account("ada", "business").await, lab.account("bob", "business").await);
    for side in 1..=20 {
        lab.upload_ok(&ada, "a.bmp", bmp(side, 9, 0)).await;
    }
    let shared = lab.upload_ok(&bob, "b.bmp", bmp(1, 9, 0)).await;
    lab.run_jobs().await;
    let made = json!({ "expires_in": 3600, "variant": "thumb" });
    let image = lab.get(&ada, "/api/v1/images?limit=1").await.json()["items"][0]["id"].clone();
    let path = format!("/api/v1/images/{}/links", image.as_str().unwrap());
    let url = change(&lab, &ada, "POST", &path, made).await["url"].as_str().unwrap().to_owned();
    let link = url.split_once(":8000").unwrap().1;
    assert_eq!(lab.get("", link).await.status, 200);
    let party = json!({ "expires_in": 3600, "label": "Party" });
    let party = change(&lab, &ada, "POST", "/api/v1/upload-links", party).await;

    delete(&lab, id_of(&lab, "ada").await, true).await.unwrap();
    assert_refused(&lab.get(&ada, "/api/v1/me").await, 401, "unauthorized");
    assert_refused(&lab.get("", link).await, 410, "link_revoked");
    let token = party["token"].as_str().unwrap();
    assert_refused(&lab.upload(token, "x.bmp", bmp(3, 3, 0)).await, 401, "unauthorized");
    lab.run_jobs().await;
    let path = format!("/api/v1/images/{shared}/variants/thumb");
    assert_eq!(lab.get(&bob, &path).await.status, 200);
    assert_eq!(lab.get(&root, "/api/v1/stats").await.json()["images"], 1);
    let originals = |path: &String| path.starts_with("originals/");
    assert_eq!(lab.stored().iter().filter(|path| originals(path)).count(), 1);
    assert_eq!(lab.differences().await, [""; 0]);
    let log = lab.get(&root, "/api/v1/audit").await.json();
    assert_eq!(log["items"][0]["action"], "account.delete");
    assert_eq!(
        (&log["items"][0]["subject"], &log["items"][0]["account"]),
        (&json!("(deleted)"), &json!("(shell)"))
    );
}

async fn two_who_delete_the_same_account_leave_nothing_of_it(lab: Lab) {
    let ada = lab.account("ada", "business").await;
    lab.admin("root").await;
    for side in 1..=40 {
        lab.upload_ok(&ada, "a.bmp", bmp(side, 7, 0)).await;
    }
    let id = id_of(&lab, "ada").await;
    // Two at once, one of which may find nobody any more.
    let (first, second) = tokio::join!(delete(&lab, id, true), delete(&lab, id, true));
    assert!(first.is_ok() || second.is_ok(), "{first:?} {second:?}");
    for outcome in [first, second] {
        assert!(outcome.is_ok() || outcome.unwrap_err().code == Code::NotFound);
    }
    soon("refused", async || lab.get(&ada, "/api/v1/me").await.status == 401).await;
    lab.run_jobs().await;
    assert_eq!(lab.stored(), [""; 0]);
    assert_eq!(lab.differences().await, [""; 0]);
}

async fn the_last_admin_and_who_is_not_there_are_not_deleted(lab: Lab) {
    let root = lab.admin("root").await;
    let id = id_of(&lab, "root").await;
    for with_everything in [false, true] {
        let refused = delete(&lab, id, with_everything).await.unwrap_err();
        assert_eq!((refused.status.as_u16(), refused.code), (409, Code::LastAdmin));
        let unknown = delete(&lab, AccountId::nil(), with_everything).await.unwrap_err();
        assert_eq!((unknown.status.as_u16(), unknown.code), (404, Code::NotFound));
    }
    assert_eq!(lab.get(&root, "/api/v1/me").await.status, 200);
    lab.admin("other").await;
    delete(&lab, id, false).await.unwrap();
    assert_refused(&lab.get(&root, "/api/v1/me").await, 401, "unauthorized");
}
