//! Of many uploads at the same time exactly as many succeed as the tier keeps.

use e2e::{Answer, Engine, Lab, on_both_engines, picture};
use serde_json::json;

on_both_engines!(a_quota_holds_under_any_concurrency);

const UPLOADS: usize = 20;
const KEPT: usize = 5;

fn a_quota_holds_under_any_concurrency(engine: Engine) {
    let lab = Lab::open(engine);
    let bob = lab.account("bob", "free");
    let pictures: Vec<_> = (0..UPLOADS).map(picture::small).collect();

    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let uploads: Vec<_> = pictures
            .iter()
            .map(|bytes| (bytes, &bob))
            .map(|(bytes, bob)| scope.spawn(move || bob.upload("one.png", bytes)))
            .collect();
        let answers = uploads.into_iter().map(|upload| upload.join().expect("an answer"));
        answers.collect()
    });
    let created = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(created, KEPT, "{:?}", answers.iter().map(|a| a.status).collect::<Vec<_>>());
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        let problem = refused.problem(403, "quota_reached");
        assert_eq!(problem["items"][0]["error"]["code"], "quota_reached");
        assert_eq!(problem["items"][0]["error"]["limit"], KEPT);
    }
    assert_eq!(bob.usage()["images"], KEPT);
    assert_eq!(bob.list()["total"], KEPT);
    // The refused ones left no byte behind.
    assert_eq!(lab.originals().len(), KEPT);

    let listed = bob.list();
    for image in listed["items"].as_array().expect("a list") {
        bob.ready(image["id"].as_str().expect("an id"));
    }
    lab.expect_nothing_spooled();
    let oldest = listed["items"][KEPT - 1]["id"].as_str().expect("an id");
    bob.delete(&format!("/api/v1/images/{oldest}")).expect(204);
    bob.upload_new("room-again.png", &picture::small(UPLOADS));
    bob.upload("no-more.png", &picture::small(UPLOADS + 1)).problem(403, "quota_reached");

    // A duplicate needs no room.
    let twin = bob.upload("twin.png", &picture::small(UPLOADS)).expect(200);
    assert_eq!(twin.json()["items"][0]["status"], json!("duplicate"));
    for image in bob.list()["items"].as_array().expect("a list") {
        bob.ready(image["id"].as_str().expect("an id"));
    }
    lab.close();
}
