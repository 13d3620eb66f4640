"""Work that one account makes, and others wait for; and what a child could still do."""

import time

from .lab import Caller, Lab, parallel
from .pictures import flat_png, heavy_jpeg, long_gif, photo
from .plan import Attack, Figure, Plan


def whole_files(plan: Plan):
    """Links to large originals, whose place must be taken out."""
    mib = 45
    for label, originals in (("60 links to one original", 1), ("60 links to 60 originals", plan.of(60, 8))):
        count = plan.of(60, 16)
        with Lab(plan.binary) as lab:
            ada = lab.account("ada")
            images = [ada.image(heavy_jpeg(mib, seed)) for seed in range(originals)]
            for image in images:
                ada.ready(image)
            before = lab.forget_peak()
            wanted = [images[number % originals] for number in range(count)]
            answers = parallel(ada.link, wanted)
            yield Figure(f"{label}: memory", lab.more_mib(before), "MiB", 200)
            failed = sum(answer.status not in (201, 429, 503) for answer in answers)
            yield Figure(f"{label}: failed", failed, "", 0)


def heavy(plan: Plan):
    """Fourteen pictures that are slow to make, beside another account's small one."""
    kinds = {
        "PNGs of 98 MP": lambda seed: flat_png(9900, seed),
        "GIFs of 1000 frames": lambda seed: long_gif(700, 1000, seed),
    }
    for label, make in list(kinds.items())[plan.quick :]:
        with Lab(plan.binary) as lab:
            mallory, ada = lab.account("mallory"), lab.account("ada", "free")
            alone = min(ready_after(ada, number) for number in range(2))
            for seed in range(plan.of(14, 8)):
                mallory.image(make(seed))
            time.sleep(1)
            beside = [ready_after(ada, number) for number in (2, 3, 4)]
            yield Figure(f"{label}: a small picture is later by", max(beside) - alone, "s", 1)


def ready_after(caller: Caller, seed: int) -> float:
    began = time.monotonic()
    caller.ready(caller.image(photo(seed)))
    return time.monotonic() - began


ATTACKS = [
    Attack("whole files", "parallel links to originals of 45 MiB", whole_files),
    Attack("heavy pictures", "14 slow pictures of one account", heavy),
]
