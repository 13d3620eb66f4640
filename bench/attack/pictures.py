"""Pictures that attack: large or slow, and cheap to make."""

import struct
import zlib
from pathlib import Path

TESTDATA = Path(__file__).resolve().parents[2] / "testdata"


def photo(seed: int = 0) -> bytes:
    """A small photograph; another file for each seed."""
    jpeg = min((TESTDATA / "photos").glob("*.jpg"), key=lambda file: file.stat().st_size).read_bytes()
    return jpeg[:2] + b"\xff\xfe" + struct.pack(">HQ", 10, seed) + jpeg[2:]


def heavy_jpeg(mib: int, seed: int = 0) -> bytes:
    """Megabytes of comments: small to decode, large to read."""
    jpeg = photo(seed)
    comment = b"\xff\xfe" + struct.pack(">H", 65_535) + bytes(65_533)
    return jpeg[:2] + comment * ((mib << 20) // len(comment)) + jpeg[2:]


def bmp(width: int, height: int, seed: int = 0) -> bytes:
    """Black, but for the seed: as large as its pixels."""
    row = (width * 3 + 3) & ~3
    head = struct.pack("<IHHI", 54 + row * height, 0, 0, 54)
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, row * height, 0, 0, 0, 0)
    return b"BM" + head + info + seed.to_bytes(4, "little") + bytes(row * height - 4)


def flat_png(side: int, seed: int) -> bytes:
    """One colour, side by side: small as a file, large to decode."""
    packer = zlib.compressobj(9)
    row = b"\0" + bytes([seed % 256, 10, 20]) * side
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", head), chunk(b"IDAT", data), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def long_gif(side: int, frames: int, seed: int) -> bytes:
    """An animation of almost nothing: every frame is drawn whole, the file is small."""
    # Sixteen pixels in codes of three bits: clear, two of a colour, clear, ...
    bits, count = 0, 0
    codes = [code for pixel in range(0, 16, 2) for code in (4, (pixel + seed) % 4, (pixel + seed + 1) % 4)]
    for code in [*codes, 5]:
        bits |= code << count
        count += 3
    packed = bits.to_bytes((count + 7) // 8, "little")
    data = b"\x02" + bytes([len(packed)]) + packed + b"\0"
    screen = struct.pack("<HHBBB", side, side, 0xF1, 0, 0)
    colours = bytes([0, 0, 0, 255, 0, 0, 0, 255, 0, seed % 256, 0, 255])
    frame = lambda left: b"\x2c" + struct.pack("<HHHHB", left, 0, 4, 4, 0) + data
    delay = b"\x21\xf9\x04\x04\x05\0\0\0"
    moves = b"".join(delay + frame(number % 8) for number in range(1, frames))
    return b"GIF89a" + screen + colours + frame(0) + moves + b";"
