"""Files for uploads: real pictures of all sorts, and things that are none."""

import io
import random

import schemathesis
from hypothesis import strategies as st


def bmp(seed):
    """A 4 x 4 picture, another one for each seed."""
    pixels = random.Random(seed).randbytes(4 * 3 * 4)
    numbers = [54 + len(pixels), 0, 54, 40, 4, 4]
    head = b"BM" + b"".join(number.to_bytes(4, "little") for number in numbers)
    head += (1).to_bytes(2, "little") + (24).to_bytes(2, "little")
    return head + b"".join(number.to_bytes(4, "little") for number in [0, len(pixels), 0, 0, 0, 0]) + pixels


files = st.one_of(st.integers(0, 1000).map(bmp), st.binary(max_size=64))
schemathesis.openapi.format("binary", files)


@schemathesis.deserializer("image/*", "image/jpeg", "application/zip")
def as_text(context, response):
    """Bodies of pictures hold against `type: string, format: binary`."""
    return response.content.decode("latin-1")
