"""Bytes that rot, and a disk that is full."""

import contextlib
import shutil
import subprocess
import threading
import time
from pathlib import Path

from .lab import Caller, Lab
from .pictures import photo
from .plan import Attack, Figure, Plan


def rot(plan: Plan):
    """Originals and variants that are flipped, cut or gone."""
    with Lab(plan.binary) as lab:
        ada = lab.account("ada")
        pictures = {name: photo(n) + bytes(300_000) for n, name in enumerate(("flipped", "cut", "lost", "variant"))}
        images = {name: ada.image(picture) for name, picture in pictures.items()}
        for image in images.values():
            ada.ready(image)
        files = {name: original(lab, picture) for name, picture in pictures.items()}
        flip(files["flipped"])
        files["cut"].write_bytes(pictures["cut"][:100_000])
        files["lost"].unlink()
        variants = lab.data / "blobs/variants" / files["variant"].parent.name / files["variant"].name
        shutil.rmtree(variants)
        time.sleep(1.5)

        def whole(name: str) -> bool:
            return ada.get(f"/api/v1/images/{images[name]}/original").body == pictures[name]

        flipped = ada.get(f"/api/v1/images/{images['flipped']}/original")
        yield Figure("wrong bytes handed out whole", flipped.status == 200 and len(flipped.body) == len(pictures["flipped"]), "", 0)
        told = [ada.ask(how, f"/api/v1/images/{images[name]}/original").status for name in ("cut", "lost") for how in ("GET", "HEAD")]
        yield Figure("damage that is not told", sum(s not in (410, 500) for s in told), "", 0)
        thumb = ada.get(f"/api/v1/images/{images['variant']}/variants/thumb", Prefer="wait=20")
        yield Figure("a lost variant is not made anew", thumb.status != 200, "", 0)
        lab.run("check", "--deep")
        for name in ("flipped", "cut", "lost"):
            ada.upload(pictures[name])
        yield Figure("not mended by an upload of the same", sum(not whole(name) for name in ("flipped", "cut", "lost")), "", 0)
        lab.stop()
        left = [file.name for file in lab.data.glob("minilab.db-*")]
        yield Figure("files beside the database after a stop", len(left), "", 0)


def original(lab: Lab, picture: bytes) -> Path:
    for file in (lab.data / "blobs/originals").glob("*/*"):
        if file.stat().st_size == len(picture) and file.read_bytes() == picture:
            return file
    raise RuntimeError("an original is not where it should be")


def flip(file: Path) -> None:
    held = bytearray(file.read_bytes())
    held[len(held) // 2] ^= 0xFF
    file.write_bytes(held)


def full_disk(plan: Plan):
    """A file system of 40 MB that fills while pictures come in."""
    place = plan.cache / "small"
    place.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", place], check=True)
    lab = Lab(plan.binary, data=place / "lab")
    try:
        lab.start()
        ada = lab.account("ada", admin=True)
        kept, statuses = fill_up(ada, plan.of(20, 8))
        yield Figure("no upload came in", not kept, "", 0)
        yield Figure("answers that are 500 or none", sum(s in (0, 500) for s in statuses), "", 0)
        # Uploads leave what is too little for one; others take that as well.
        with contextlib.suppress(OSError), (place / "others").open("wb", buffering=0) as others:
            while True:
                others.write(bytes(4096))
        time.sleep(1)
        yield Figure("/readyz does not say so", ready(ada) != (200, ["disk_full"]), "", 0)
        first = list(kept)[0]
        yield Figure("a delete fails", ada.ask("DELETE", f"/api/v1/images/{first}").status != 204, "", 0)
        kept.pop(first)
        subprocess.run(["mount", "-o", "remount,size=300m", place], check=True)
        began = time.monotonic()
        while ada.upload(photo(10**9)).status not in (200, 201) and time.monotonic() - began < 60:
            time.sleep(0.2)
        yield Figure("room again: an upload comes in after", time.monotonic() - began, "s", 10)
        lost = sum(ada.get(f"/api/v1/images/{i}/original").body != picture for i, picture in kept.items())
        yield Figure("pictures lost", lost, "", 0)
        yield Figure("differences found by check", lab.differences(), "", 0)
    finally:
        lab.stop()
        subprocess.run(["umount", "-l", place], check=False)
        shutil.rmtree(lab.folder, ignore_errors=True)


def ready(caller: Caller) -> tuple:
    answer = caller.get("/readyz")
    with contextlib.suppress(ValueError):
        return answer.status, answer.json().get("degraded")
    return answer.status, None


def fill_up(caller: Caller, secs: float) -> tuple[dict, list[int]]:
    kept, statuses, until = {}, [], time.monotonic() + secs

    def bring(thread: int) -> None:
        number = 0
        while time.monotonic() < until:
            number += 1
            picture = photo(thread * 10**6 + number) + bytes(200_000)
            answer = caller.upload(picture)
            statuses.append(answer.status)
            if answer.status == 201:
                kept[answer.json()["items"][0]["id"]] = picture
            else:
                time.sleep(0.2)

    threads = [threading.Thread(target=bring, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return kept, statuses


ATTACKS = [
    Attack("rot", "files that are flipped, cut or gone", rot),
    Attack("full disk", "40 MB that fill while pictures come in", full_disk, by_root=True),
]
