//! Access and refresh tokens: how programs stay signed in, and how a stolen token ends.

use std::time::Duration;

use super::{ME, TOKENS, assert_refused, member, pair, program, refresh, sign_in};
use crate::support::Lab;

on_both_engines! {
    an_access_token_opens_for_a_quarter_of_an_hour
    a_refresh_token_brings_new_tokens_for_thirty_days
    a_refresh_token_that_comes_twice_ends_the_whole_sign_in
    of_two_parallel_refreshes_exactly_one_wins
    signing_out_ends_both_tokens_of_one_sign_in
}

async fn an_access_token_opens_for_a_quarter_of_an_hour(lab: Lab) {
    member(&lab, "ada", false).await;
    let answer = sign_in(&lab, TOKENS, "ada", super::PASSWORD).await;
    assert_eq!(answer.json()["expires_in"], 900);
    let (access, fresh) = pair(&answer);
    assert_eq!(lab.get(&access, ME).await.json()["account"], "ada");
    assert_refused(&lab.get(&fresh, ME).await, 401, "unauthorized");
    lab.app.clock.advance(Duration::from_mins(14));
    assert_eq!(lab.get(&access, ME).await.status, 200);
    lab.app.clock.advance(Duration::from_secs(61));
    assert_refused(&lab.get(&access, ME).await, 401, "unauthorized");
}

async fn a_refresh_token_brings_new_tokens_for_thirty_days(lab: Lab) {
    let key = member(&lab, "ada", false).await;
    let day = Duration::from_hours(24);
    let (access, first) = program(&lab, "ada").await;
    lab.app.clock.advance(day * 29);
    let (renewed, second) = pair(&refresh(&lab, &first).await);
    assert!(access != renewed && first != second);
    assert_eq!(lab.get(&renewed, ME).await.json()["account"], "ada");
    // The thirty days begin anew with each.
    lab.app.clock.advance(day * 29);
    let (access, third) = pair(&refresh(&lab, &second).await);
    lab.app.clock.advance(day * 31);
    for token in [&third, &access, &key, "nonsense", ""] {
        assert_refused(&refresh(&lab, token).await, 401, "unauthorized");
    }
}

async fn a_refresh_token_that_comes_twice_ends_the_whole_sign_in(lab: Lab) {
    let key = member(&lab, "ada", false).await;
    let (elsewhere, _) = program(&lab, "ada").await;
    let (first, spent) = program(&lab, "ada").await;
    let (second, live) = pair(&refresh(&lab, &spent).await);
    assert_eq!(lab.get(&second, ME).await.status, 200);

    // Somebody has a copy. Nobody can say which of the two it is, so neither goes on.
    assert_refused(&refresh(&lab, &spent).await, 401, "unauthorized");
    for access in [&first, &second] {
        assert_refused(&lab.get(access, ME).await, 401, "unauthorized");
    }
    assert_refused(&refresh(&lab, &live).await, 401, "unauthorized");
    for other in [&elsewhere, &key] {
        assert_eq!(lab.get(other, ME).await.status, 200, "another sign-in, and a key, live on");
    }
}

async fn of_two_parallel_refreshes_exactly_one_wins(lab: Lab) {
    member(&lab, "ada", false).await;
    for _ in 0..5 {
        let (_, token) = program(&lab, "ada").await;
        let (one, other) = tokio::join!(refresh(&lab, &token), refresh(&lab, &token));
        let (won, lost) = if one.status == 200 { (one, other) } else { (other, one) };
        assert_refused(&lost, 401, "unauthorized");
        // The second of two is a copy, however soon it comes: what the first got ends with it.
        let (access, live) = pair(&won);
        assert_refused(&lab.get(&access, ME).await, 401, "unauthorized");
        assert_refused(&refresh(&lab, &live).await, 401, "unauthorized");
    }
}

async fn signing_out_ends_both_tokens_of_one_sign_in(lab: Lab) {
    let key = member(&lab, "ada", false).await;
    let (elsewhere, _) = program(&lab, "ada").await;
    let (access, live) = program(&lab, "ada").await;
    assert_eq!(lab.get(&access, ME).await.status, 200);
    assert_eq!(lab.call(&access, "DELETE", TOKENS).await.status, 204);
    assert_refused(&lab.get(&access, ME).await, 401, "unauthorized");
    assert_refused(&refresh(&lab, &live).await, 401, "unauthorized");
    assert_eq!(lab.get(&elsewhere, ME).await.status, 200);
    // A key is nothing that was signed in with.
    assert_refused(&lab.call(&key, "DELETE", TOKENS).await, 422, "no_tokens");
    assert_eq!(lab.get(&key, ME).await.status, 200);
}
