"""Connections that take, or say, nothing."""

import contextlib
import select
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor

from .h2 import PREFACE, SETTINGS, Reader, frame
from .lab import Caller, Lab
from .pictures import bmp, photo
from .plan import Attack, Figure, Plan

STREAMS = 200


def slow_readers(plan: Plan):
    """Streams with windows of one byte ask for an original of 44 MB."""
    for connections, most in ((1, 8), (10, 64)):
        with Lab(plan.binary) as lab:
            ada = lab.account("ada")
            image = ada.image(bmp(4000, 3700), name="big.bmp")
            ada.ready(image)
            path = "/l/" + ada.link(image, keep_location=True).json()["url"].rsplit("/", 1)[1]
            before = lab.forget_peak()
            readers = [Reader(lab.port) for _ in range(connections)]
            for reader in readers:
                for _ in range(STREAMS):
                    reader.ask(path)
            until = time.monotonic() + plan.of(20, 5)
            while time.monotonic() < until:
                for reader in readers:
                    reader.answer_pings()
                time.sleep(0.2)
            yield Figure(f"{connections} x {STREAMS} streams: memory", lab.more_mib(before), "MiB", most)
            if connections == 1 and not plan.quick:
                # Of at most 100 at once 16 have room to begin; each has half a minute.
                yield Figure("its streams are given up after", given_up(readers[0], 300), "s", 240)
            for reader in readers:
                reader.close()


def given_up(reader: Reader, most: float) -> float:
    began = time.monotonic()
    while reader.open and not reader.is_closed and time.monotonic() - began < most:
        reader.answer_pings()
        time.sleep(0.2)
    return time.monotonic() - began


SILENT = {
    "says nothing": b"",
    "half a preface": b"PRI * HT",
    "half a request": b"GET / HTTP/1.1\r\nHost: x",
    "HTTP/2 without a stream": PREFACE + frame(SETTINGS, 0, 0),
}


def silence(plan: Plan):
    """How long connections are kept whose clients say no more."""
    most = {"says nothing": 12, "half a preface": 12, "half a request": 20, "HTTP/2 without a stream": 120}
    with Lab(plan.binary) as lab:
        patience = plan.of(150, 25)
        names = [name for name in SILENT if most[name] < patience]
        with ThreadPoolExecutor(len(names)) as pool:
            kept = pool.map(lambda name: kept_for(lab.port, SILENT[name], patience), names)
        for name, secs in zip(names, kept):
            yield Figure(name, secs, "s", most[name])


def kept_for(port: int, first: bytes, most: float) -> float:
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(first)
        connection.settimeout(most)
        with contextlib.suppress(OSError):
            while connection.recv(65536):
                pass
        return time.monotonic() - began


def few_descriptors(plan: Plan):
    """256 open files for the server, 1000 connections that say nothing."""
    with Lab(plan.binary, files=256) as lab:
        ada = lab.account("ada")
        held = []
        for _ in range(1000):
            silent = socket.socket()
            silent.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                silent.connect(("127.0.0.1", lab.port))
            held.append(silent)
        select.select([], held[:1], [], 1)
        health = ada.get("/healthz", timeout=20)
        yield Figure("/healthz", health.secs if health.status == 200 else 20, "s", 2)
        upload = ada.upload(photo(1), timeout=30)
        yield Figure("an upload", upload.secs if upload.status == 201 else 30, "s", 20)
        for silent in held:
            silent.close()
        yield Figure("differences found by check", lab.differences(), "", 0)


def endless_form(plan: Plan):
    """A form that goes on and on."""
    part = b'--B\r\nContent-Disposition: form-data; name="x"'
    kinds = {
        "small inputs": part + b"\r\n\r\nv\r\n",
        "large inputs": part + b"\r\n\r\n" + b"v" * 900_000 + b"\r\n",
        "empty files": part + b'; filename="a.jpg"\r\n\r\n\r\n',
    }
    secs = plan.of(40, 6)
    with Lab(plan.binary, uploads__bytes_max=64 << 20) as lab:
        ada = lab.account("ada")
        for name, one in kinds.items():
            sent, took = pour(lab.port, ada, one * max(1, 65536 // len(one)), secs)
            yield Figure(f"{name}: stopped after", took, "s", secs - 1)
            yield Figure(f"{name}: taken", sent / (1 << 20), "MiB", 200)


def pour(port: int, caller: Caller, block: bytes, secs: float) -> tuple[int, float]:
    """Bytes that were taken, and how long."""
    head = (
        "POST /api/v1/images HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
        f"Authorization: {caller.headers['Authorization']}\r\n"
        "Content-Type: multipart/form-data; boundary=B\r\n\r\n"
    )
    chunk = b"%x\r\n" % len(block) + block + b"\r\n"
    began, sent = time.monotonic(), 0
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(head.encode())
            while time.monotonic() - began < secs:
                connection.sendall(chunk)
                sent += len(chunk)
    return sent, time.monotonic() - began


def gone_unread(plan: Plan):
    """Images that go after their download, and clients that receive nothing."""
    with Lab(plan.binary) as lab:
        ada = lab.account("ada")
        gone = 0
        for how in ("closes", "resets", "window"):
            image = ada.image(photo(len(how)) + bytes(200_000), query="&delete_after=download")
            ada.ready(image)
            path = f"/api/v1/images/{image}/original"
            if how == "window":
                reader = Reader(lab.port)
                reader.ask(path, authorization=ada.headers["Authorization"])
                time.sleep(1)
                reader.close()
            else:
                ask_and_leave(lab.port, path, ada, how)
            time.sleep(plan.of(5, 2))
            gone += ada.get(f"/api/v1/images/{image}").status == 404
        yield Figure("images gone that nobody received", gone, "", 0)


def ask_and_leave(port: int, path: str, caller: Caller, how: str) -> None:
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        connection.connect(("127.0.0.1", port))
        if how == "resets":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        key = caller.headers["Authorization"]
        head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {key}\r\n\r\n"
        connection.sendall(head.encode())
        time.sleep(0 if how == "resets" else 1)


ATTACKS = [
    Attack("slow readers", "HTTP/2 streams that take one byte of an original", slow_readers),
    Attack("silence", "connections that say nothing, or half of something", silence),
    Attack("few descriptors", "256 open files, 1000 silent connections", few_descriptors),
    Attack("endless form", "a form without end", endless_form),
    Attack("gone unread", "`delete_after=download` without a reader", gone_unread),
]
