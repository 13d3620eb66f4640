//! Whoever asks for much and takes nothing costs little, and not for long.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use e2e::{Caller, Engine, Lab, Reader, Settings, resident_kib, wait};
use rustix::net::sockopt::set_socket_recv_buffer_size;

const STREAMS: usize = 200;
const IDLE_SECS: u64 = 2;

fn lab() -> Lab {
    Settings::on(Engine::Sqlite).variable("MINILAB__HTTP__IDLE_SECS", &IDLE_SECS.to_string()).open()
}

/// A few megabytes that are quickly made and quickly looked at.
fn bitmap() -> Vec<u8> {
    let (width, height) = (1600_u32, 1000_u32);
    let bytes = width * height * 3;
    let mut bmp = b"BM".to_vec();
    for number in [54 + bytes, 0, 54, 40, width, height, 1 | 24 << 16, 0, bytes, 0, 0, 0, 0] {
        bmp.extend(number.to_le_bytes());
    }
    bmp.resize((54 + bytes) as usize, 7);
    bmp
}

fn brought(caller: &Caller, name: &str, bytes: &[u8]) -> String {
    let id = caller.upload_new(name, bytes);
    caller.ready(&id);
    id
}

#[test]
fn streams_that_take_nothing_hold_little_and_are_reset() {
    let mut lab = lab();
    let ada = lab.account("ada", "premium");
    let id = brought(&ada, "a.bmp", &bitmap());
    let image = format!("/api/v1/images/{id}");
    let paths = [
        format!("{image}/original"),
        format!("{image}/variants/h400"),
        "/api/v1/images".to_owned(),
        "/docs/swagger-ui-bundle.js".to_owned(),
        "/api/openapi.json".to_owned(),
        "/api/v1/me".to_owned(),
    ];
    for path in &paths {
        ada.get(path).expect(200);
    }
    let before = resident_kib(lab.server().id());
    for path in &paths {
        let mut reader = Reader::open(&ada.address(), 1);
        let began = Instant::now();
        for _ in 0..STREAMS {
            reader.get(path, ada.key());
        }
        let patience = Duration::from_secs(20 * IDLE_SECS);
        wait::until(format!("all streams of {path} are reset"), patience, || {
            reader.look();
            assert!(!reader.is_closed(), "{path}: the connection itself is not slow");
            (reader.resets() >= STREAMS).then_some(())
        });
        assert!(began.elapsed() > Duration::from_secs(IDLE_SECS), "{path}: too early");
        let more = resident_kib(lab.server().id()).saturating_sub(before);
        assert!(more < 12 * 1024, "{path}: {more} KiB more");
    }
    assert_eq!(ada.original(&id).expect(200).body.len(), bitmap().len());
    lab.close();
}

#[test]
fn a_connection_that_takes_nothing_is_broken_off_and_a_slow_one_is_not() {
    let lab = lab();
    let ada = lab.account("ada", "premium");
    let id = brought(&ada, "a.bmp", &bitmap());
    let ask = |pause: Duration| {
        let mut socket = TcpStream::connect(ada.address()).expect("the service listens");
        let head = format!(
            "GET /api/v1/images/{id}/original HTTP/1.1\r\nHost: localhost\r\n\
             Authorization: Bearer {}\r\nConnection: close\r\n\r\n",
            ada.key()
        );
        set_socket_recv_buffer_size(&socket, 64 * 1024).expect("a valid size");
        socket.write_all(head.as_bytes()).expect("the service reads");
        let (mut taken, mut bytes) = (0, vec![0; 256 * 1024]);
        loop {
            match socket.read(&mut bytes) {
                Ok(0) => return Ok(taken),
                Ok(read) => taken += read,
                Err(error) => return Err(error),
            }
            std::thread::sleep(pause);
        }
    };
    // Slower than the network, and much faster than the least that is asked of it.
    assert!(ask(Duration::from_millis(200)).expect("all of it") > bitmap().len());
    let broken = ask(Duration::from_secs(5 * IDLE_SECS));
    assert!(broken.is_err(), "{broken:?}");
    lab.close();
}
