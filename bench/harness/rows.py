"""Images as rows only, straight into the database of a new lab: a million in a few minutes.

There are no files behind them. Columns that are not named here keep their defaults.
"""

import os
import re
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from uuid import UUID

from . import postgres
from .minilab import ACCOUNT

PIXELS = Path(__file__).resolve().parents[2] / "crates" / "pixels" / "src" / "lib.rs"
# Between two uploads: a million take four months.
STEP_MS = 10_000

MADE = """
CREATE TEMPORARY TABLE made
    (n BIGINT, ms BIGINT, image UUID, blob UUID, generation UUID, hash BYTEA);
"""
COLUMNS = 6

# Without looking up each foreign key, which would take as long as all the rest.
TRUSTING = "SET session_replication_role = replica;"

FILL = """
INSERT INTO blobs (id, hash, generation, bytes, doomed, format, width, height, frames, orientation,
        has_alpha, decode_bytes, make, model, lens, taken_at, exposure, created_ms)
    SELECT blob, hash, generation, 570000 + n % 1000, FALSE, 'jpeg', 1920, 1200, 1, 1,
        FALSE, 6912000, 'Canon', 'Canon EOS R6', 'RF35mm F1.8 MACRO IS STM', '2026-05-30T15:56:01',
        '{{"seconds":0.004,"aperture":1.8,"iso":100,"focal_length":35.0}}', ms
    FROM made ORDER BY n;
INSERT INTO images (id, account_id, blob_id, scope_id, filename, state, created_ms, ready_ms)
    SELECT m.image, a.id, m.blob, a.id, 'photo-' || m.n || '.jpg', 'ready', m.ms, m.ms + 100
    FROM made m CROSS JOIN accounts a WHERE a.name = '{account}' ORDER BY m.n;
INSERT INTO variants (blob_id, preset, version, pixels_version, format, width, height, bytes, hash,
        created_ms)
    SELECT m.blob, p.name, p.version, {pixels},
        CASE p.format WHEN 'source' THEN 'jpeg' ELSE p.format END,
        COALESCE(p.width, p.height * 8 / 5), p.height, p.height * 60, m.hash, m.ms
    FROM made m CROSS JOIN presets p WHERE p.eager ORDER BY m.n, p.name;
INSERT INTO counter_deltas (scope, name, delta)
    SELECT 'account:' || {account_hex}, 'images', (SELECT COUNT(*) FROM made)
        FROM accounts WHERE name = '{account}'
    UNION ALL SELECT 'account:' || {account_hex}, 'bytes', (SELECT SUM(bytes) FROM blobs)
        FROM accounts WHERE name = '{account}'
    UNION ALL SELECT 'lab', 'stored_bytes', (SELECT SUM(bytes) FROM blobs)
    UNION ALL SELECT 'lab', 'variant_bytes', (SELECT SUM(bytes) FROM variants);
"""


def into_sqlite(file: Path, count: int) -> None:
    """While nobody else has it open: without a journal."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + MADE)
    connection.execute("BEGIN")
    places = ", ".join("?" * COLUMNS)
    connection.executemany(f"INSERT INTO made VALUES ({places})", made(count))
    connection.execute("COMMIT")
    sql = fill("lower(hex(id))")
    connection.executescript(f"BEGIN; {sql} COMMIT; PRAGMA journal_mode = WAL;")
    connection.close()
    with file.open("rb+") as written:
        # Now, and not while we measure.
        os.fsync(written.fileno())


def into_postgres(url: str, count: int) -> None:
    command = [*postgres.PSQL, "-d", url]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL}
    with subprocess.Popen(command, **pipes, text=True) as psql:
        psql.stdin.write(f"{TRUSTING} BEGIN; {MADE} COPY made FROM STDIN;\n")
        for n, ms, *ids, hash in made(count):
            columns = [str(n), str(ms), *map(bytes.hex, ids), rf"\\x{hash.hex()}"]
            psql.stdin.write("\t".join(columns) + "\n")
        psql.stdin.write("\\.\n" + fill("replace(id::text, '-', '')") + "COMMIT;\n")
        # What the server does by itself sooner or later: not while we measure.
        psql.stdin.write("VACUUM (ANALYZE);\nCHECKPOINT;\n")
    if psql.returncode:
        raise RuntimeError(f"psql: status {psql.returncode}")


def fill(account_hex: str) -> str:
    version = re.search(r"^pub const VERSION: u32 = (\d+);", PIXELS.read_text(), re.MULTILINE)[1]
    return FILL.format(account=ACCOUNT, account_hex=account_hex, pixels=version)


def made(count: int) -> Iterator[tuple]:
    """Oldest first, the newest is of now."""
    random = Random(count)
    first_ms = int(time.time() * 1000) - count * STEP_MS
    for n in range(count):
        ms = first_ms + n * STEP_MS
        yield n, ms, *(uuid7(ms, random) for _ in range(3)), random.randbytes(32)


def uuid7(ms: int, random: Random) -> bytes:
    # Version and variant by hand: the class knows no version 7.
    number = ms << 80 | random.getrandbits(76) & ~(0b11 << 62) | 7 << 76 | 0b10 << 62
    return UUID(int=number).bytes
