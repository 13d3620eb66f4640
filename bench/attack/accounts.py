"""What one account, or a stranger with names, takes from the others."""

import http.client
import json
import random
import socket
import sqlite3
import string
import threading
import time

from .lab import Caller, Lab, parallel
from .pictures import photo
from .plan import Attack, Figure, Plan

PASSWORD = "correct horse battery 7"


def cache_keys(plan: Plan):
    """Long filters, each asked once, beside a cache of 16 MiB."""
    with Lab(plan.binary, cache__bytes=16 << 20) as lab:
        ada = lab.account("ada", "free")
        ada.image(photo())
        before = lab.forget_peak()
        worst = ask_often(lab.port, ada, plan.of(6000, 1000))
        yield Figure("memory", lab.more_mib(before), "MiB", 64)
        yield Figure("worst status", worst, "", 499)


def ask_often(port: int, caller: Caller, count: int, threads: int = 8) -> int:
    def ask(thread: int) -> int:
        connection, worst = http.client.HTTPConnection("127.0.0.1", port, timeout=60), 0
        for number in range(count // threads):
            # Each sign is three in a key that is written as an address is.
            camera = f"{thread}.{number}." + "!" * (60_000 if number % 2 else 150)
            connection.request("GET", f"/api/v1/images?camera={camera}", headers=caller.headers)
            answer = connection.getresponse()
            answer.read()
            worst = max(worst, answer.status)
        return worst

    return max(parallel(ask, range(threads)))


def sign_in_table(plan: Plan):
    """Sign-ins under ever new names, all refused."""
    with Lab(plan.binary, log__filter="error", proxies="127.0.0.1") as lab:
        lab.account("ada", admin=True)
        parallel(lambda seed: try_names(lab.port, 8 + seed, 800), range(8))
        before = lab.resident_mib
        each = plan.of(200_000, 16_000) // 8
        parallel(lambda seed: try_names(lab.port, seed, each), range(8))
        # Not the peak: that has the 2 x 19 MiB in it which computing passwords takes.
        yield Figure("memory that stays", max(0.0, lab.resident_mib - before), "MiB", 16)


def try_names(port: int, seed: int, count: int) -> None:
    chance = random.Random(seed)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for number in range(count):
        name = "".join(chance.choices(string.ascii_letters, k=64))
        body = json.dumps({"account": name, "password": "x"})
        # One of a hundred comes from an address of its own, the others from one.
        address = f"2001:db8:{seed:x}:{number:x}::1" if number % 100 == 0 else "198.51.100.9"
        headers = {"Content-Type": "application/json", "X-Forwarded-For": address}
        connection.request("POST", "/api/v1/session", body, headers)
        connection.getresponse().read()


def sign_in_queue(plan: Plan):
    """The right password behind many tries of one network."""
    with Lab(plan.binary, log__filter="error", proxies="127.0.0.1") as lab:
        root = lab.account("root", admin=True)
        root.ask("POST", "/api/v1/accounts", {"name": "ada", "tier": "free", "password": PASSWORD})
        held = [guess(lab.port, number) for number in range(plan.of(600, 200))]
        mine = {"X-Forwarded-For": "203.0.113.7"}
        told = lab.anybody.ask("POST", "/api/v1/tokens", {"account": "ada", "password": PASSWORD}, **mine)
        yield Figure("a sign-in waits", told.secs if told.status == 200 else 60, "s", 2)
        for connection in held:
            connection.close()


def guess(port: int, number: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    body = json.dumps({"account": f"n{number}", "password": "guess"})
    head = (
        f"POST /api/v1/tokens HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 2001:db8:0:1::{number:x}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    connection.sendall((head + body).encode())
    return connection


def filters(plan: Plan):
    """Forty filters at once over a large library, beside another account."""
    with Lab(plan.binary, log__filter="error") as lab:
        ada, bob = lab.account("ada"), lab.account("bob", "premium")
        ada.image(photo(1))
        bob.image(photo(2))
        lab.stop()
        fill(lab.data / "minilab.db", "ada", plan.of(300_000, 60_000))
        lab.start()
        stop, statuses = threading.Event(), []
        askers = [threading.Thread(target=ask_filters, args=(ada, n, stop, statuses)) for n in range(40)]
        for asker in askers:
            asker.start()
        time.sleep(2)
        secs, worst = [], 0
        for turn in range(plan.of(20, 6)):
            for answer in (
                bob.get("/api/v1/me"),
                bob.get(f"/api/v1/images?limit={20 + turn}"),
                bob.upload(photo(1000 + turn)),
            ):
                secs.append(answer.secs)
                worst = max(worst, answer.status or 599)
        stop.set()
        for asker in askers:
            asker.join()
        yield Figure("p95 of another account", sorted(secs)[int(len(secs) * 0.95)] * 1e3, "ms", 300)
        yield Figure("its worst status", worst, "", 299)
        yield Figure("5xx for the filters themselves", sum(s >= 500 for s in statuses), "", 0)


def ask_filters(caller: Caller, thread: int, stop: threading.Event, statuses: list[int]) -> None:
    number = 0
    while not stop.is_set():
        number += 1
        asked = (
            f"camera=none{thread}.{number}",
            f"name=none{thread}.{number}",
            f"format=png&taken_to=1999-01-{1 + number % 28:02}",
        )
        statuses.append(caller.get(f"/api/v1/images?{asked[number % 3]}").status)


def fill(file, account: str, count: int) -> None:
    """Rows like that of the account's one image: no file is behind them."""
    lab = sqlite3.connect(file)
    lab.row_factory = sqlite3.Row
    (owner,) = lab.execute("SELECT id FROM accounts WHERE name = ?", [account]).fetchone()
    image = dict(lab.execute("SELECT * FROM images WHERE account_id = ?", [owner]).fetchone())
    blob = dict(lab.execute("SELECT * FROM blobs WHERE id = ?", [image["blob_id"]]).fetchone())
    chance, now = random.Random(count), int(time.time() * 1000)
    for table, row in (("blobs", blob), ("images", image)):
        chance.seed(count)
        places = ", ".join("?" * len(row))
        rows = (made(table, dict(row), number, now - count + number, chance) for number in range(count))
        lab.executemany(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", map(tuple, rows))
    counted = "INSERT INTO counters (scope, name, value) VALUES (?, 'images', ?) ON CONFLICT DO UPDATE SET value = excluded.value"
    lab.execute(counted, [f"account:{owner.hex()}", count])
    lab.commit()
    lab.close()


def made(table: str, row: dict, number: int, now_ms: int, chance: random.Random):
    key = now_ms.to_bytes(6, "big") + b"\x70" + chance.randbytes(9)
    row["id"], row["created_ms"] = key, now_ms
    if table == "blobs":
        noise = random.Random(number)
        row["hash"], row["generation"] = noise.randbytes(32), noise.randbytes(16)
    else:
        row["blob_id"], row["filename"] = key, f"{number}.jpg"
    facts = {"model": f"Camera {number % 500}", "taken_at": "2008-05-30T15:56:01"}
    facts |= {"camera": facts["model"].lower(), "folded_name": f"{number}.jpg", "taken_ms": 1212162961000}
    return (row | {name: fact for name, fact in facts.items() if name in row}).values()


ATTACKS = [
    Attack("cache keys", "6000 long filters, each asked once", cache_keys),
    Attack("sign-in table", "200,000 sign-ins under new names", sign_in_table),
    Attack("sign-in queue", "600 guesses of one /64 before one's own sign-in", sign_in_queue),
    Attack("filters", "40 filters at once over 300,000 images", filters),
]
