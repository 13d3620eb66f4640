//! A request written by hand onto a socket: for what no client library would send.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Sends these bytes and returns all that comes back until the service closes. `Connection: close`
/// belongs into the request.
pub fn send_raw(address: &str, request: &[u8]) -> String {
    let mut socket = TcpStream::connect(address).expect("the service listens");
    let patience = Some(Duration::from_secs(20));
    socket.set_read_timeout(patience).expect("a valid timeout");
    socket.set_write_timeout(patience).expect("a valid timeout");
    // A service that has heard enough may answer and stop listening: what it said counts.
    let sent = socket.write_all(request);
    let mut answer = Vec::new();
    let read = socket.read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer).into_owned();
    assert!(!text.is_empty(), "no answer; sending: {sent:?}, reading: {read:?}");
    text
}
