//! Many upload the same bytes at the same time: stored once, shown to each as their own.

use std::collections::BTreeSet;

use e2e::{Caller, Engine, Lab, on_both_engines, picture};
use serde_json::json;

on_both_engines!(the_same_bytes_are_stored_once, a_deleted_picture_can_come_back_at_once);

const ACCOUNTS: usize = 4;
const UPLOADS_EACH: usize = 6;

fn the_same_bytes_are_stored_once(engine: Engine) {
    let lab = Lab::open(engine);
    let accounts: Vec<_> =
        (0..ACCOUNTS).map(|number| lab.account(&format!("account-{number}"), "premium")).collect();
    let photo = picture::jpeg(&picture::photograph(400, 300), 1);

    let answers = std::thread::scope(|scope| {
        let uploads: Vec<_> = (0..ACCOUNTS * UPLOADS_EACH)
            .map(|number| {
                let (account, photo) = (&accounts[number % ACCOUNTS], &photo);
                scope.spawn(move || (number % ACCOUNTS, account.upload("same.jpg", photo)))
            })
            .collect();
        let answers = uploads.into_iter().map(|upload| upload.join().expect("an answer"));
        answers.collect::<Vec<_>>()
    });

    assert_eq!(lab.originals().len(), 1);
    let mut ids = BTreeSet::new();
    for (number, account) in accounts.iter().enumerate() {
        let own = answers.iter().filter(|(owner, _)| *owner == number);
        let items: Vec<_> =
            own.map(|(_, answer)| (answer.status, answer.json()["items"][0].clone())).collect();
        let id = items[0].1["id"].as_str().expect("an id").to_owned();
        assert!(items.iter().all(|(_, item)| item["id"] == *id), "{items:?}");
        let count = |status: u16, word: &str| {
            let is_so = |(s, item): &&(u16, _)| *s == status && json!(word) == item_status(item);
            items.iter().filter(is_so).count()
        };
        assert_eq!(count(201, "created"), 1, "{items:?}");
        assert_eq!(count(200, "duplicate"), UPLOADS_EACH - 1, "{items:?}");
        account.ready(&id);
        assert_eq!(account.kept(), json!({ "images": 1, "bytes": photo.len() }));
        assert_eq!(account.original(&id).expect(200).body, photo);
        ids.insert(id);
    }
    assert_eq!(ids.len(), ACCOUNTS, "an image belongs to one account");
    lab.check();

    delete_all_but_the_last(&accounts, &photo);
    accounts[ACCOUNTS - 1].delete_everything();
    lab.expect_nothing_stored();
    lab.close();
}

fn item_status(item: &serde_json::Value) -> serde_json::Value {
    item["status"].clone()
}

/// Whoever is left keeps the bytes.
fn delete_all_but_the_last(accounts: &[Caller], photo: &[u8]) {
    let (last, others) = accounts.split_last().expect("there are accounts");
    for account in others {
        account.delete_everything();
        assert_eq!(account.kept(), json!({ "images": 0, "bytes": 0 }));
    }
    let kept = last.list()["items"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(last.original(&kept).expect(200).body, photo);
    last.variant(&kept, "h400").expect(200);
}

trait Emptied {
    fn delete_everything(&self);
}

impl Emptied for Caller {
    fn delete_everything(&self) {
        for image in self.list()["items"].as_array().expect("a list") {
            let path = format!("/api/v1/images/{}", image["id"].as_str().expect("an id"));
            self.delete(&path).expect(204);
            self.get(&path).problem(404, "not_found");
        }
        assert_eq!(self.list()["total"], 0);
    }
}

/// The new upload races with the removal of the old bytes, and never loses.
fn a_deleted_picture_can_come_back_at_once(engine: Engine) {
    let lab = Lab::open(engine);
    let ada = lab.account("ada", "premium");
    let photo = picture::jpeg(&picture::photograph(400, 300), 1);
    for _ in 0..10 {
        let id = ada.upload_new("again.jpg", &photo);
        assert_eq!(ada.original(&id).expect(200).body, photo);
        ada.delete(&format!("/api/v1/images/{id}")).expect(204);
    }
    let id = ada.upload_new("for-good.jpg", &photo);
    ada.ready(&id);
    assert_eq!(ada.original(&id).expect(200).body, photo);
    ada.delete_everything();
    lab.expect_nothing_stored();
    lab.close();
}
