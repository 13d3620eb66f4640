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
    SELECT blob, hash, generation, 570000 + n % 1000, FALSE, {format}, 1920, 1200, 1, 1,
        FALSE, 6912000, 'Canon', 'Canon EOS ' || {model}, 'RF35mm F1.8 MACRO IS STM',
        '2026-05-30T15:56:01',
        '{{"seconds":0.004,"aperture":1.8,"iso":100,"focal_length":35.0}}', ms
    FROM made ORDER BY n;
INSERT INTO images (id, account_id, blob_id, scope_id, filename, state, created_ms, ready_ms, camera,
        folded_name, format, taken_ms, has_place)
    SELECT m.image, a.id, m.blob, a.id, 'photo-' || m.n || '.jpg', 'ready', m.ms, m.ms + 100,
        'canon eos ' || {model}, 'photo-' || m.n || '.jpg', {format}, 1780156561000, FALSE
    FROM made m CROSS JOIN accounts a WHERE a.name = '{account}' ORDER BY m.n;
INSERT INTO variants (blob_id, preset, version, pixels_version, format, width, height, bytes, hash,
        created_ms)
    SELECT m.blob, p.name, p.version, {pixels},
        CASE p.format WHEN 'source' THEN {format} ELSE p.format END,
        COALESCE(p.width, p.height * 8 / 5), p.height, p.height * 60, m.hash, m.ms
    FROM made m CROSS JOIN presets p WHERE p.eager ORDER BY m.n, p.name;
INSERT INTO counters (scope, name, value)
    SELECT scope, 'images', COUNT(*) FROM counted GROUP BY scope
    UNION ALL SELECT scope, 'bytes', SUM(bytes) FROM counted GROUP BY scope
    UNION ALL SELECT scope, 'stored_bytes', SUM(bytes) FROM counted GROUP BY scope
    UNION ALL SELECT 'lab', 'variant_bytes', SUM(bytes) FROM variants
    UNION ALL SELECT scope || '/format', format, COUNT(*) FROM counted GROUP BY scope, format
    UNION ALL SELECT scope || '/camera', camera, COUNT(*) FROM counted GROUP BY scope, camera
    UNION ALL SELECT scope || '/day', day, COUNT(*) FROM counted WHERE TRUE GROUP BY scope, day
    ON CONFLICT (scope, name) DO UPDATE SET value = excluded.value;
"""

FORMAT = "CASE n % 10 WHEN 0 THEN 'png' WHEN 1 THEN 'webp' ELSE 'jpeg' END"
# Half of the images are from 20 models, the others from up to 20,000.
MODEL = "CASE n % 2 WHEN 0 THEN n % 40 ELSE 100 + n % 40000 END"


def into_sqlite(file: Path, count: int) -> None:
    """While nobody else has it open: without a journal."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + MADE)
    connection.execute("BEGIN")
    places = ", ".join("?" * COLUMNS)
    connection.executemany(f"INSERT INTO made VALUES ({places})", made(count))
    connection.execute("COMMIT")
    connection.executescript(f"BEGIN; {fill()} COMMIT; PRAGMA journal_mode = WAL;")
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
        psql.stdin.write("\\.\n" + fill() + "COMMIT;\n")
        # What the server does by itself sooner or later: not while we measure.
        psql.stdin.write("VACUUM (ANALYZE);\nCHECKPOINT;\n")
    if psql.returncode:
        raise RuntimeError(f"psql: status {psql.returncode}")


def fill() -> str:
    version = re.search(r"^pub const VERSION: u32 = (\d+);", PIXELS.read_text(), re.MULTILINE)[1]
    return FILL.format(account=ACCOUNT, pixels=version, format=FORMAT, model=MODEL)


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
