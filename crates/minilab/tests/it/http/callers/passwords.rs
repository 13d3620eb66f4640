//! Passwords: who signs in with them, who is held back, what a change of one ends.

use serde_json::{Value, json};

use super::{
    FROM_HERE, ME, PASSWORD, SESSION, TOKENS, assert_refused, browse, browser, look, member,
    program, refresh, sign_in, word,
};
use crate::support::Lab;

on_both_engines! {
    a_wrong_password_and_an_unknown_account_look_alike
    the_eleventh_try_has_to_wait_and_other_accounts_do_not
    who_would_wait_long_to_sign_in_is_told_to_come_again
    weak_passwords_are_refused_with_the_reason
    a_suspended_account_is_refused_however_it_comes
    a_change_of_the_password_ends_other_sign_ins
    a_password_that_an_admin_sets_ends_all_sign_ins
}

/// Where one signs in.
const DOORS: [&str; 3] = [SESSION, TOKENS, "/api/token/"];
const OTHER: &str = "staple paperclip 77";

async fn who_would_wait_long_to_sign_in_is_told_to_come_again(lab: Lab) {
    member(&lab, "ada", false).await;
    let here = std::net::IpAddr::from([127, 0, 0, 1]);
    let computing = lab.app.throttle.turn(here).await.ok().unwrap();
    let mut queue = (0..8).map(|_| Box::pin(lab.app.throttle.turn(here))).collect::<Vec<_>>();
    for waiting in &mut queue {
        assert!(futures_util::poll!(waiting).is_pending());
    }
    for door in DOORS {
        let refused = sign_in(&lab, door, "ada", PASSWORD).await;
        assert_refused(&refused, 429, "too_many_sign_ins");
        assert!(!refused.header("retry-after").is_empty());
    }
    let elsewhere = std::net::IpAddr::from([203, 0, 113, 7]);
    assert!(lab.app.throttle.turn(elsewhere).await.is_ok());
    // Those who hang up are not waited for.
    drop((computing, queue));
    assert_eq!(sign_in(&lab, SESSION, "ada", PASSWORD).await.status, 204);
}

async fn a_wrong_password_and_an_unknown_account_look_alike(lab: Lab) {
    member(&lab, "ada", false).await;
    lab.account("no-password", "free").await;
    let mut seen = Vec::new();
    for door in DOORS {
        for (name, password) in [
            ("ada", "wrong horse battery"),
            ("ADA", PASSWORD),
            ("nobody", PASSWORD),
            ("no-password", PASSWORD),
            // What those without a password are compared with.
            ("no-password", "nobody has this one"),
            ("ada", &*"x".repeat(257)),
            ("", ""),
        ] {
            let answer = sign_in(&lab, door, name, password).await;
            assert_refused(&answer, 401, "wrong_password");
            assert_eq!(answer.header("set-cookie"), "");
            let mut said = answer.json();
            said["request_id"] = Value::Null;
            seen.push(said);
        }
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:?}");
}

async fn the_eleventh_try_has_to_wait_and_other_accounts_do_not(lab: Lab) {
    member(&lab, "ada", false).await;
    member(&lab, "bob", false).await;
    // Longer than any password: refused unhashed, so that ten tries take far less than the ten
    // seconds after which one is given back.
    let guess = "x".repeat(257);
    for turn in 0..10 {
        let answer = sign_in(&lab, DOORS[turn % DOORS.len()], "ada", &guess).await;
        assert_refused(&answer, 401, "wrong_password");
    }
    for door in DOORS {
        // Not even the right one.
        let answer = sign_in(&lab, door, "ada", PASSWORD).await;
        assert_refused(&answer, 429, "too_many_tries");
        let secs = answer.header("retry-after").parse::<u32>().unwrap();
        assert!((1..=60).contains(&secs), "{secs}");
        assert_ne!(sign_in(&lab, door, "bob", PASSWORD).await.status, 429);
    }
}

async fn weak_passwords_are_refused_with_the_reason(lab: Lab) {
    let root = lab.admin("root").await;
    let ada = member(&lab, "ada-lovelace", false).await;
    let account = lab.account_path("ada-lovelace").await;
    let long = "x".repeat(257);
    for (weak, reason) in [
        ("", "at least 8"),
        ("k7#Qz!m", "at least 8"),
        ("password1", "easily guessed"),
        ("aaaaaaaaaaaa", "easily guessed"),
        ("ada-lovelace", "easily guessed"),
        (&*long, "at most 256"),
    ] {
        let own = json!({ "current": PASSWORD, "new": weak });
        let new = json!({ "name": "ada-lovelace", "tier": "free", "password": weak });
        for answer in [
            lab.json(&ada, "PUT", "/api/v1/me/password", own).await,
            lab.json(&root, "POST", "/api/v1/accounts", new).await,
            lab.json(&root, "PATCH", &account, json!({ "password": weak })).await,
        ] {
            assert_refused(&answer, 422, "weak_password");
            let detail = word(&answer, "detail");
            assert!(detail.contains(reason), "{weak:?}: {detail}");
            assert!(weak.is_empty() || !detail.contains(weak), "{detail}");
        }
    }
    assert_eq!(sign_in(&lab, SESSION, "ada-lovelace", PASSWORD).await.status, 204, "unchanged");
}

async fn a_suspended_account_is_refused_however_it_comes(lab: Lab) {
    let root = lab.admin("root").await;
    let key = member(&lab, "ada", false).await;
    let cookie = browser(&lab, "ada").await;
    let (access, live) = program(&lab, "ada").await;
    for known in [lab.get(&key, ME).await, lab.get(&access, ME).await, look(&lab, &cookie).await] {
        assert_eq!(known.status, 200);
    }
    let account = lab.account_path("ada").await;
    let suspended = lab.json(&root, "PATCH", &account, json!({ "suspended": true })).await;
    assert_eq!((suspended.status.as_u16(), &suspended.json()["suspended"]), (200, &json!(true)));

    for refused in [
        lab.get(&key, ME).await,
        lab.get(&access, ME).await,
        look(&lab, &cookie).await,
        refresh(&lab, &live).await,
        sign_in(&lab, DOORS[0], "ada", PASSWORD).await,
        sign_in(&lab, DOORS[1], "ada", PASSWORD).await,
        sign_in(&lab, DOORS[2], "ada", PASSWORD).await,
    ] {
        assert_refused(&refused, 403, "suspended");
    }
    // Who does not know the password does not learn it either.
    let stranger = sign_in(&lab, SESSION, "ada", "wrong horse battery").await;
    assert_refused(&stranger, 401, "wrong_password");
    let back = lab.json(&root, "PATCH", &account, json!({ "suspended": false })).await;
    assert_eq!(back.status, 200);
    assert_eq!(lab.get(&key, ME).await.status, 200);
    assert_eq!(sign_in(&lab, SESSION, "ada", PASSWORD).await.status, 204);
}

async fn a_change_of_the_password_ends_other_sign_ins(lab: Lab) {
    let key = member(&lab, "ada", false).await;
    let [here, elsewhere] = [browser(&lab, "ada").await, browser(&lab, "ada").await];
    let (access, live) = program(&lab, "ada").await;
    let change = async |current: &str, new: &str| {
        let form = json!({ "current": current, "new": new });
        browse(&lab, &here, "PUT", "/api/v1/me/password", &[FROM_HERE], form).await
    };
    assert_refused(&change(OTHER, OTHER).await, 401, "wrong_password");
    assert_eq!(look(&lab, &elsewhere).await.status, 200, "nothing was changed");

    assert_eq!(change(PASSWORD, OTHER).await.status, 204);
    assert_eq!(look(&lab, &here).await.status, 200, "who changed it stays");
    assert_eq!(lab.get(&key, ME).await.status, 200, "keys are revoked one by one");
    for ended in
        [look(&lab, &elsewhere).await, lab.get(&access, ME).await, refresh(&lab, &live).await]
    {
        assert_refused(&ended, 401, "unauthorized");
    }
    assert_refused(&sign_in(&lab, SESSION, "ada", PASSWORD).await, 401, "wrong_password");
    assert_eq!(sign_in(&lab, SESSION, "ada", OTHER).await.status, 204);
}

async fn a_password_that_an_admin_sets_ends_all_sign_ins(lab: Lab) {
    let root = lab.admin("root").await;
    let key = member(&lab, "ada", false).await;
    let cookie = browser(&lab, "ada").await;
    let (access, live) = program(&lab, "ada").await;
    let account = lab.account_path("ada").await;
    let set = lab.json(&root, "PATCH", &account, json!({ "password": OTHER })).await;
    assert_eq!(set.status, 200);
    for ended in [look(&lab, &cookie).await, lab.get(&access, ME).await, refresh(&lab, &live).await]
    {
        assert_refused(&ended, 401, "unauthorized");
    }
    assert_eq!(lab.get(&key, ME).await.status, 200);
    assert_eq!(sign_in(&lab, TOKENS, "ada", OTHER).await.status, 200);
}
