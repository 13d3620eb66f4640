//! The feed of events: as pages and as a stream, at every server of a database, and to nobody else.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use e2e::{Caller, Engine, Lab, on_both_engines, picture, wait};
use serde_json::{Value, json};

on_both_engines!(events_are_told_as_they_happen);

const EVENTS: &str = "/api/v1/events";
/// What is promised in fractions of a second, on a busy machine.
const SOON: Duration = Duration::from_secs(3);

/// A stream of events, read by hand: it is over when the last chunk comes.
struct Stream {
    socket: TcpStream,
    text: String,
}

impl Stream {
    fn open(caller: &Caller) -> Self {
        Self::ask(caller, "").expect("a stream")
    }

    fn open_behind(caller: &Caller, seen: i64) -> Self {
        Self::ask(caller, &format!("Last-Event-ID: {seen}\r\n")).expect("a stream")
    }

    /// Nothing when it is refused.
    fn ask(caller: &Caller, more: &str) -> Option<Self> {
        let mut socket = TcpStream::connect(caller.address()).expect("the service listens");
        socket.set_read_timeout(Some(Duration::from_millis(20))).expect("a valid timeout");
        let key = caller.key();
        let request = format!(
            "GET {EVENTS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n\
             Accept: text/event-stream\r\n{more}\r\n"
        );
        socket.write_all(request.as_bytes()).expect("the service reads");
        let mut stream = Self { socket, text: String::new() };
        stream.until("\r\n\r\n");
        if !stream.text.starts_with("HTTP/1.1 200") {
            return None;
        }
        // The first event, or a comment that there is none.
        stream.until("\n\n");
        Some(stream)
    }

    fn look(&mut self) {
        let mut bytes = [0; 4096];
        if let Ok(read) = self.socket.read(&mut bytes) {
            self.text.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
    }

    #[track_caller]
    fn until(&mut self, wanted: &str) {
        wait::until(wanted, SOON, || {
            self.look();
            self.text.contains(wanted).then_some(())
        });
    }

    #[track_caller]
    fn ends(&mut self, why: &str) -> Duration {
        let start = Instant::now();
        wait::until(why, SOON, || {
            self.look();
            self.text.ends_with("\r\n0\r\n\r\n").then_some(())
        });
        start.elapsed()
    }

    /// The number of the last event that came.
    fn last(&self) -> i64 {
        let mut ids = self.text.lines().filter_map(|line| line.strip_prefix("id: "));
        ids.next_back().expect("an event").parse().expect("a number")
    }
}

fn kinds(caller: &Caller, after: i64) -> Vec<String> {
    let page = caller.get(&format!("{EVENTS}?after={after}")).expect(200).json();
    let items = page["items"].as_array().expect("items").clone();
    items.iter().map(|event| event["type"].as_str().expect("a type").to_owned()).collect()
}

fn events_are_told_as_they_happen(engine: Engine) {
    let mut lab = Lab::open(engine);
    let (beside, elsewhere) = lab.start_server_beside();
    let root = lab.admin("root");
    let ada = lab.account("ada", "business");
    let bob = lab.account("bob", "business");
    let ada_elsewhere = elsewhere.with_key(Some(ada.key()));
    let mut here = Stream::open(&ada);
    let mut there = Stream::open(&ada_elsewhere);
    let mut of_bob = Stream::open(&bob);
    let mut of_all = Stream::open(&root);

    let photo = picture::jpeg(&picture::photograph(600, 400), 1);
    let id = ada.upload_new("secret-harbour.jpg", &photo);
    for stream in [&mut here, &mut there, &mut of_all] {
        stream.until("event: image.ready");
        assert!(stream.text.contains(&id) && !stream.text.contains("secret"), "{}", stream.text);
    }
    assert!(here.text.contains("x-accel-buffering: no"), "{}", here.text);
    let seen = there.last();

    // What happened while nobody looked is told to whoever comes back, at any server, and once.
    drop(there);
    ada.delete(&format!("/api/v1/images/{id}")).expect(204);
    here.until("event: image.deleted");
    let mut back = Stream::open_behind(&ada_elsewhere, seen);
    back.until("event: image.deleted");
    assert!(!back.text.contains("image.ready"), "{}", back.text);
    assert_eq!(kinds(&ada, 0), ["image.ready", "image.deleted"]);
    assert_eq!(kinds(&ada, seen), ["image.deleted"]);
    of_bob.look();
    assert!(!of_bob.text.contains("event:"), "{}", of_bob.text);
    assert_eq!(kinds(&bob, 0), [""; 0]);
    // An admin is told of accounts, but no names.
    let guest = json!({"name": "Zoë Guest", "tier": "free"});
    root.json("POST", "/api/v1/accounts", &guest).expect(201);
    of_all.until("event: account.create");
    assert!(!of_all.text.contains("Guest"), "{}", of_all.text);
    let all = root.get(EVENTS).expect(200).json().to_string();
    assert!(all.contains("account.create") && !all.contains("Guest"), "{all}");
    root.get("/api/v1/events?after=x").problem(422, "bad_page");

    at_most_eight(&bob, of_bob);
    who_may_no_longer_read_hears_no_more(&root, &ada, here);
    lab.stop();
    assert!(of_all.ends("the server stops") < Duration::from_millis(1500));
    drop(back);
    beside.stop();
    lab.restart();
    lab.close();
}

fn at_most_eight(bob: &Caller, first: Stream) {
    let mut streams = vec![first];
    streams.extend((1..8).map(|_| Stream::open(bob)));
    let ninth = || bob.request("GET", EVENTS).header("accept", "text/event-stream").send();
    let refused = ninth();
    refused.problem(429, "too_many_streams");
    drop(streams.pop());
    // The service finds out when it writes or reads.
    wait::until("a place is free", Duration::from_secs(20), || Stream::ask(bob, "").map(drop));
}

fn who_may_no_longer_read_hears_no_more(root: &Caller, ada: &Caller, mut stream: Stream) {
    let accounts = root.get("/api/v1/accounts").expect(200).json();
    let accounts = accounts["items"].as_array().expect("items").clone();
    let is_ada = |account: &&Value| account["name"] == "ada";
    let account = accounts.iter().find(is_ada).expect("ada")["id"].as_str().expect("an id");
    let path = format!("/api/v1/accounts/{account}");
    root.json("PATCH", &path, &json!({"suspended": true})).expect(200);
    stream.ends("a suspended account");
    ada.get(EVENTS).problem(403, "suspended");
}
