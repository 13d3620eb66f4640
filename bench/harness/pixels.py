"""The pixels of Minilab beside those of an older binary of its own: what they cost, how good they are."""

import resource
import subprocess
from functools import partial
from pathlib import Path
from statistics import fmean

from . import minilab, quality
from .bench import Bench
from .pictures import LARGE, MEDIUM, SMALL, Size
from .progress import say
from .table import Pairs, Row, Table, Target

SIZES = (SMALL, MEDIUM, LARGE)
# As an upload of most tiers makes them: together, from one decoding.
TOGETHER = ("preview", "thumb", "h200", "h400")
# And one that is asked for by itself.
ALONE = ("h200",)


def pixels(bench: Bench) -> Table:
    binaries = {"now": bench.binary, "before": bench.before}
    rows = []
    for size in SIZES:
        for presets in (TOGETHER, ALONE):
            measure = partial(rendering, bench, binaries, size, presets)
            found = bench.rounds(f"{size.title}, {'+'.join(presets)}", measure, binaries, bench.plan.pairs)
            label = f"{size.title}: CPU ms a picture, {', '.join(presets)}"
            rows.append(Pairs(label, found["now"]["ms"], found["before"]["ms"], False, Target(0.97)))
        scores = {name: scored(bench, path, size) for name, path in binaries.items()}
        for preset in ("thumb", "h200", "h400"):
            for what in ("SSIMULACRA2", "bytes"):
                values = ([scores[name][preset, what]] for name in ("now", "before"))
                rows.append(Row(f"{preset}: {what}", *values, None))
    note = (
        f"`minilab render`, {bench.plan.pairs} turns each: processor time of a picture in one process, start left "
        "out. SSIMULACRA2 against the picture decoded at full size and scaled once with Lanczos3; 100 is equal."
    )
    return Table("Pixels beside the binary of before", note, rows, ("now", "before"))


def rendering(bench: Bench, binaries: dict, size: Size, presets: tuple, name: str) -> dict:
    """Processor time of a picture: that of many less that of one, so that the start of the process is left out."""
    files, binary = bench.pictures(size), binaries[name]
    often = max(2, round(60 * SMALL.bytes / size.bytes))
    with bench.folder("render") as folder:
        one = rendered(binary, files[:1], presets, folder, 1)
        many = rendered(binary, files, presets, folder, often)
    return {"ms": 1e3 * (many - one) / (often * len(files) - 1)}


def rendered(binary: Path, files: list[Path], presets: tuple, folder: Path, repeat: int) -> float:
    command = [binary, "render", *files, "--preset", ",".join(presets), "--out", folder]
    command += ["--repeat", str(repeat)]
    before = seconds()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=minilab.environment(""))
    return seconds() - before


def seconds() -> float:
    """Processor time of all commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def scored(bench: Bench, binary: Path, size: Size) -> dict:
    """By preset: the mean score and the mean bytes."""
    files, found = bench.pictures(size), {}
    with bench.folder("scores") as folder:
        rendered(binary, files, TOGETHER, folder, 1)
        for preset in ("thumb", "h200", "h400"):
            made = [next(folder.glob(f"{file.stem}.{preset}.*")) for file in files]
            pairs = zip(files, made, strict=True)
            found[preset, "SSIMULACRA2"] = fmean(quality.compare(file, path.read_bytes()) for file, path in pairs)
            found[preset, "bytes"] = fmean(path.stat().st_size for path in made)
    say(f"quality, {size.title}, {binary}: {found}")
    return found
