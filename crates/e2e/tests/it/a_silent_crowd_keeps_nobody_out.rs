//! Whoever connects and says nothing takes no place from those who do.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use e2e::{Caller, Engine, Settings, picture, wait};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

const CROWD: usize = 1000;

/// This process needs a file for each of the crowd.
fn allow_a_crowd() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
        .expect("up to the hard limit");
}

/// Connections that say no more than this.
fn crowd(caller: &Caller, says: &[u8]) -> Vec<TcpStream> {
    let come = |_| {
        let mut socket = TcpStream::connect(caller.address()).expect("there is room in the queue");
        socket.set_read_timeout(Some(Duration::from_secs(30))).expect("a valid timeout");
        // Another of the crowd may have pushed it out already.
        let _ = socket.write_all(says);
        socket
    };
    (0..CROWD).map(come).collect()
}

#[test]
fn with_few_descriptors_the_service_still_takes_pictures() {
    allow_a_crowd();
    let lab = Settings::on(Engine::Sqlite).open_files(256).open();
    let ada = lab.account("ada", "premium");
    let silent = [crowd(&ada, b""), crowd(&ada, b"GET / HTTP/1.1\r\nHost: x")];
    for number in 0..5 {
        let asked = Instant::now();
        ada.get("/healthz").expect(200);
        assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
        let id = ada.upload_new("a.jpg", &picture::variation(&photo(), number));
        ada.ready(&id);
    }
    assert!(lab.logged().contains("few open files"));
    drop(silent);
    lab.close();
}

fn photo() -> Vec<u8> {
    picture::jpeg(&picture::photograph(600, 400), 1)
}

/// Whether the service has closed it.
fn is_closed(mut socket: &TcpStream) -> bool {
    socket.set_read_timeout(Some(Duration::from_millis(1))).expect("a valid timeout");
    let mut rest = [0; 4096];
    loop {
        match socket.read(&mut rest) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() != std::io::ErrorKind::WouldBlock,
        }
    }
}

#[test]
fn who_says_nothing_or_only_begins_to_is_sent_away() {
    let lab = Settings::on(Engine::Sqlite)
        .variable("MINILAB__HTTP__FIRST_REQUEST_SECS", "1")
        .variable("MINILAB__HTTP__KEEP_ALIVE_SECS", "3")
        .open();
    let nobody = lab.nobody();
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    // One frame of headers: GET, http, /, and localhost by its letters.
    let request = b"\0\0\x0e\x01\x05\0\0\0\x01\x82\x86\x84\x41\x09localhost";
    let asked_once = [&preface[..], request].concat();
    for (what, says, after_secs) in [
        ("nothing", &b""[..], 1),
        ("half a preface", &b"PRI * HT"[..], 1),
        ("half a request", b"GET / HTTP/1.1\r\nHost: x", 1),
        ("a request, and no other", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 3),
        ("HTTP/2 without a request", preface, 1),
        ("HTTP/2 with one request", &asked_once, 3),
    ] {
        let began = Instant::now();
        let mut socket = TcpStream::connect(nobody.address()).expect("the service listens");
        socket.write_all(says).expect("the service reads");
        wait::until(what, Duration::from_secs(20), || is_closed(&socket).then_some(()));
        let secs = began.elapsed().as_secs_f64();
        assert!(
            secs >= f64::from(after_secs) && secs < f64::from(after_secs) + 10.0,
            "{what}: {secs}"
        );
    }
    lab.close();
}

/// Somebody who waits for a variant that nobody makes.
fn waiter(caller: &Caller, image: &str) -> TcpStream {
    let mut socket = TcpStream::connect(caller.address()).expect("the service listens");
    let head = format!(
        "GET /api/v1/images/{image}/variants/thumb HTTP/1.1\r\nHost: localhost\r\n\
         Authorization: Bearer {}\r\nPrefer: wait=30\r\n\r\n",
        caller.key()
    );
    // Another one may have pushed it out already.
    let _ = socket.write_all(head.as_bytes());
    socket
}

/// Whether a newcomer is turned away.
fn is_full(caller: &Caller) -> bool {
    let mut newcomer = TcpStream::connect(caller.address()).expect("the service listens");
    newcomer.set_read_timeout(Some(Duration::from_millis(300))).expect("a valid timeout");
    let mut said = String::new();
    let _ = newcomer.read_to_string(&mut said);
    assert!(said.is_empty() || said.contains("retry-after: 5"), "{said}");
    said.starts_with("HTTP/1.1 503")
}

#[test]
fn who_keeps_the_service_waiting_makes_room() {
    let lab = Settings::on(Engine::Sqlite)
        .variable("MINILAB__HTTP__CONNECTIONS_MAX", "4")
        .variable("MINILAB__HTTP__CONNECTIONS_EACH_MAX", "4")
        .open();
    let ada = lab.account("ada", "premium");
    for _ in 0..3 {
        let head = "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\n\
            Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
        let held = (0..4).map(|_| {
            let mut socket = TcpStream::connect(ada.address()).expect("the service listens");
            let _ = socket.write_all(head.as_bytes());
            socket
        });
        let held = held.collect::<Vec<_>>();
        wait::until("somebody else gets in", Duration::from_secs(10), || {
            ada.request("GET", "/healthz").try_send().filter(|answer| answer.status == 200)
        });
        drop(held);
    }
    lab.close();
}

#[test]
fn one_address_has_its_share_and_the_silent_make_room() {
    let lab = Settings::on(Engine::Sqlite)
        .variable("MINILAB__HTTP__CONNECTIONS_EACH_MAX", "4")
        .arg("--no-workers")
        .open();
    let admin = lab.admin("ada");
    let image = admin.upload_new("a.jpg", &photo());
    let mut busy = (0..4).map(|_| waiter(&admin, &image)).collect::<Vec<_>>();
    wait::until("all are busy: the newcomer is told so", Duration::from_secs(20), || {
        // Whoever was not heard yet when a newcomer came had to go, and comes again.
        for gone in busy.iter_mut().filter(|one| is_closed(one)) {
            *gone = waiter(&admin, &image);
        }
        is_full(&admin).then_some(())
    });
    busy.truncate(2);
    wait::until("two are left, and who asks", Duration::from_secs(10), || {
        let metrics = admin.request("GET", "/metrics").try_send()?;
        String::from_utf8(metrics.body)
            .ok()?
            .lines()
            .any(|line| line.starts_with("minilab_connections 3"))
            .then_some(())
    });
    // A silent one goes for one that speaks.
    let [silent, later] =
        [(); 2].map(|()| TcpStream::connect(admin.address()).expect("the service listens"));
    admin.get("/healthz").expect(200);
    wait::until("the longest silent is gone", Duration::from_secs(5), || {
        is_closed(&silent).then_some(())
    });
    assert!(!is_closed(&later));
    let metrics = String::from_utf8(admin.get("/metrics").expect(200).body).expect("text");
    assert!(
        metrics.contains("minilab_limit_reached_total{limit=\"connections_each\"}"),
        "{metrics}"
    );
    assert!(metrics.contains("minilab_connections "), "{metrics}");
    drop(busy);
    lab.close();
}
