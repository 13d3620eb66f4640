"""As much HTTP/2 as it takes to ask and then take nothing."""

import contextlib
import select
import socket
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
ACK, END_STREAM, END_HEADERS = 1, 1, 4


def frame(kind: int, flags: int, stream: int, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body))[1:] + struct.pack(">BBI", kind, flags, stream) + body


def literal(name: str, value: str) -> bytes:
    """A header as HPACK has it when neither side remembers anything."""
    parts = (text.encode() for text in (name, value))
    return b"\0" + b"".join(length(len(part)) + part for part in parts)


def length(count: int) -> bytes:
    if count < 127:
        return bytes([count])
    out, count = [127], count - 127
    while count >= 128:
        out.append(count % 128 + 128)
        count //= 128
    return bytes([*out, count])


class Reader:
    """A connection whose streams may send `window` bytes each, and no more."""

    def __init__(self, port: int, window: int = 1):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        settings = struct.pack(">HI", 4, window)
        self.socket.sendall(PREFACE + frame(SETTINGS, 0, 0, settings))
        self.next = 1
        self.unread = b""
        self.open = set()
        self.is_closed = False

    def ask(self, path: str, **headers: str) -> None:
        fields = {":method": "GET", ":path": path, ":scheme": "http", ":authority": "localhost"}
        block = b"".join(literal(*field) for field in (fields | headers).items())
        self.open.add(self.next)
        with contextlib.suppress(OSError):
            self.socket.sendall(frame(HEADERS, END_STREAM | END_HEADERS, self.next, block))
        self.next += 2

    def answer_pings(self) -> None:
        """Takes what has come, as a client does that is alive."""
        while not self.is_closed and select.select([self.socket], [], [], 0)[0]:
            try:
                read = self.socket.recv(1 << 16)
            except OSError:
                read = b""
            self.is_closed = not read
            self.unread += read
            self.take_frames()

    def take_frames(self) -> None:
        while len(self.unread) >= 9:
            size = int.from_bytes(self.unread[:3], "big")
            if len(self.unread) < 9 + size:
                return
            kind, flags, stream = struct.unpack(">BBI", self.unread[3:9])
            body, self.unread = self.unread[9 : 9 + size], self.unread[9 + size :]
            if kind in (PING, SETTINGS) and not flags & ACK:
                with contextlib.suppress(OSError):
                    self.socket.sendall(frame(kind, ACK, 0, body if kind == PING else b""))
            if kind == RST_STREAM or (kind == DATA and flags & END_STREAM):
                self.open.discard(stream)

    def close(self) -> None:
        self.socket.close()
