//! A reader of HTTP/2 that takes as little as it likes: frames written by hand.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const ACK: u8 = 1;
const END_STREAM_AND_HEADERS: u8 = 1 | 4;
const INITIAL_WINDOW_SIZE: u16 = 4;

/// A connection whose streams may be sent `window` bytes each, and not one more.
pub struct Reader {
    socket: TcpStream,
    next_stream: u32,
    unread: Vec<u8>,
    resets: usize,
    is_closed: bool,
}

impl Reader {
    pub fn open(address: &str, window: u32) -> Self {
        let mut socket = TcpStream::connect(address).expect("the service listens");
        socket.set_read_timeout(Some(Duration::from_millis(20))).expect("a valid timeout");
        let mut settings = INITIAL_WINDOW_SIZE.to_be_bytes().to_vec();
        settings.extend(window.to_be_bytes());
        let mut hello = PREFACE.to_vec();
        hello.extend(frame(SETTINGS, 0, 0, &settings));
        socket.write_all(&hello).expect("the service reads");
        Self { socket, next_stream: 1, unread: Vec::new(), resets: 0, is_closed: false }
    }

    /// Asks on a new stream.
    pub fn get(&mut self, path: &str, key: &str) {
        // Of the static table: GET, http; then literals that are not remembered.
        let mut head = vec![0x82, 0x86];
        for (name, value) in [
            (&[0x04][..], path.to_owned()),
            (&[0x01], "localhost".to_owned()),
            (&[0x0f, 0x08], format!("Bearer {key}")),
        ] {
            head.extend(name);
            assert!(value.len() < 127, "longer lengths are written in another way");
            head.push(value.len() as u8);
            head.extend(value.bytes());
        }
        let request = frame(HEADERS, END_STREAM_AND_HEADERS, self.next_stream, &head);
        self.next_stream += 2;
        self.socket.write_all(&request).expect("the service reads");
    }

    /// Wants no more on the last stream.
    pub fn reset(&mut self) {
        let cancel = 8_u32.to_be_bytes();
        let stream = self.next_stream - 2;
        self.socket.write_all(&frame(RST_STREAM, 0, stream, &cancel)).expect("the service reads");
    }

    /// Reads what is there, as a client that is alive: pings are answered.
    pub fn look(&mut self) {
        let mut bytes = [0; 16 * 1024];
        match self.socket.read(&mut bytes) {
            Ok(0) => self.is_closed = true,
            Ok(read) => self.unread.extend(&bytes[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => self.is_closed = true,
        }
        while let Some((kind, flags, payload)) = self.next_frame() {
            match kind {
                RST_STREAM => self.resets += 1,
                PING if flags & ACK == 0 => {
                    // A service that has just closed does not mind.
                    let _ = self.socket.write_all(&frame(PING, ACK, 0, &payload));
                }
                _ => {}
            }
        }
    }

    /// How many streams the service has ended before their time.
    pub fn resets(&self) -> usize {
        self.resets
    }

    pub fn is_closed(&self) -> bool {
        self.is_closed
    }

    fn next_frame(&mut self) -> Option<(u8, u8, Vec<u8>)> {
        let head: [u8; 9] = self.unread.get(..9)?.try_into().ok()?;
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let payload = self.unread.get(9..9 + length)?.to_vec();
        self.unread.drain(..9 + length);
        Some((head[3], head[4], payload))
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}
