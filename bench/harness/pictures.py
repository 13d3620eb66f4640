"""The pictures that are sent: photographs out of Debian packages, brought to size.

The same on every machine: no randomness but a generator with a fixed seed.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy
from PIL import Image, ImageFilter

from . import packages
from .progress import say

PACKAGES = ["mate-backgrounds", "plasma-workspace-wallpapers"]
MATE = "usr/share/backgrounds/mate/nature/{}.jpg"
PLASMA = "usr/share/wallpapers/{}/contents/images/2560x1600.jpg"

# Soft photographs need few bytes; the others have detail all over.
SOFT = [MATE.format(name) for name in ["Aqua", "Storm", "TwoWings"]]
SOFT += [PLASMA.format(name) for name in ["DarkestHour", "Kite", "summer_1am"]]
DETAILED = [MATE.format("LadyBird")]
DETAILED += [
    PLASMA.format(name)
    for name in ["BytheWater", "ColorfulCups", "EveningGlow", "FallenLeaf", "Path"]
]


@dataclass(frozen=True)
class Size:
    """A kind of picture. `blur` is a radius in pixels, `grain` is noise in steps of 255."""

    name: str
    width: int
    height: int
    bytes: int
    blur: float
    grain: float
    sources: list[str]

    @property
    def title(self) -> str:
        amount = f"{self.bytes / 1e6:.1f} MB" if self.bytes >= 1e6 else f"{self.bytes // 1000} kB"
        return f"{self.width}x{self.height}, about {amount}"


# So few bytes are presentable only for pictures without fine detail.
SMALL = Size("small", 1920, 1200, 48_000, blur=3, grain=0, sources=SOFT)
MEDIUM = Size("medium", 1920, 1200, 570_000, blur=0, grain=0, sources=DETAILED)
# The photographs are smaller than these, and enlarging adds no fine detail: grain stands in for it.
LARGE = Size("12mp", 4032, 3024, 3_400_000, blur=0, grain=4, sources=DETAILED)
HUGE = Size("24mp", 6000, 4000, 5_300_000, blur=0, grain=4, sources=DETAILED)


def pictures(size: Size, cache: Path) -> list[Path]:
    """The files of one size, made at the first call."""
    folder = cache / size.name
    files = [folder / f"{number}.jpg" for number in range(len(size.sources))]
    if all(file.exists() for file in files):
        return files
    folder.mkdir(parents=True, exist_ok=True)
    sources = unpacked(cache)
    say(f"making {len(files)} pictures of {size.title}")
    for seed, (source, file) in enumerate(zip(size.sources, files)):
        make(sources / source, size, seed, file)
    return files


def photographs(cache: Path) -> list[Path]:
    """Those that the pictures are made from, as they are."""
    return [unpacked(cache) / source for source in SOFT + DETAILED]


def unpacked(cache: Path) -> Path:
    return packages.unpacked(PACKAGES, cache / "packages", "photographs (140 MB)")


def make(source: Path, size: Size, seed: int, file: Path) -> None:
    picture = cropped(Image.open(source).convert("RGB"), size.width / size.height)
    picture = picture.resize((size.width, size.height), Image.Resampling.LANCZOS)
    if size.blur:
        picture = picture.filter(ImageFilter.GaussianBlur(size.blur))
    if size.grain:
        picture = with_grain(picture, size.grain, seed)
    data, quality = encoded(picture, size.bytes)
    say(f"  {file.name}: quality {quality}, {len(data)} bytes")
    part = file.with_suffix(".part")
    part.write_bytes(data)
    part.rename(file)


def cropped(picture: Image.Image, ratio: float) -> Image.Image:
    """The middle of the picture, as large as possible in that ratio of width to height."""
    width = min(picture.width, round(picture.height * ratio))
    height = min(picture.height, round(picture.width / ratio))
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))


def with_grain(picture: Image.Image, strength: float, seed: int) -> Image.Image:
    random = numpy.random.default_rng(seed)
    noise = random.normal(0, strength, (picture.height, picture.width, 1)).astype("float32")
    pixels = numpy.asarray(picture, "float32") + noise
    return Image.fromarray(numpy.clip(pixels, 0, 255).astype("uint8"))


def encoded(picture: Image.Image, wanted: int) -> tuple[bytes, int]:
    """The JPEG of the highest quality that has at most as many bytes as wanted."""
    low, high = 1, 97
    while low < high:
        middle = (low + high + 1) // 2
        if len(jpeg(picture, middle)) <= wanted:
            low = middle
        else:
            high = middle - 1
    return jpeg(picture, low), low


def jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, subsampling="4:2:0")
    return out.getvalue()
