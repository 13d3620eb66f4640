"""What it takes to read what headers say and cameras wrote."""

import json
import os
import subprocess
from pathlib import Path
from statistics import median

from .bench import Bench
from .pictures import photographs
from .table import Amount, Row, Table, Target

TARGET = Target(1, at_most=True, unit=" ms")
TESTDATA = Path(__file__).resolve().parents[2] / "testdata"


def looks(bench: Bench) -> Table:
    corpus = Path(os.environ.get("MINILAB_CORPUS") or TESTDATA)
    sets = {
        "camera files": sorted(file for file in corpus.glob("photos/**/*") if file.is_file()),
        "photographs": photographs(bench.cache / "bench-pictures"),
    }
    found = bench.rounds("looks", lambda name: look(bench, sets[name]), names=sets)
    cameras, papers = found.values()
    rows = [
        Row(label, cameras[key], papers[key], None)
        for label, key in (("files", "files"), ("bytes of a file", "size"), ("bytes read", "read"))
    ]
    rows.append(Amount("ms to open it, read its header and its notes",
                       cameras["ms"], papers["ms"], None, TARGET))
    note = (
        f"`minilab metadata --repeat {bench.plan.looks}` on one thread, files in the system's "
        f"cache; medians of all files, each of which is the median of its looks. Camera files are "
        f"`photos/` of {corpus.name}, the photographs are those that the pictures are made from."
    )
    return Table("Headers and notes", note, rows, tuple(sets))


def look(bench: Bench, files: list[Path]) -> dict:
    command = [bench.binary, "metadata", "--repeat", bench.plan.looks, *files]
    # It ends with 1 when files are refused; those are left out of what it measures.
    done = subprocess.run(map(str, command), text=True, stdout=subprocess.PIPE)
    *lines, last = done.stdout.splitlines()
    known = [answer for answer in map(json.loads, lines) if "refused" not in answer]
    ms, read = last.removesuffix(" bytes read").split(" ms a picture, ")
    sizes = [Path(answer["path"]).stat().st_size for answer in known]
    return {"files": len(known), "size": median(sizes), "read": int(read), "ms": float(ms)}
