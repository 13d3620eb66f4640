"""Uploads at fixed times, whatever has been answered, and prints the latencies as JSON.

Latency counts from the time at which an upload was to be sent, so a service that falls behind
cannot hide it by slowing the sender down.
"""

import argparse
import asyncio
import json
import time
from pathlib import Path

import aiohttp

BOUNDARY = "a-line-that-is-in-no-picture"
HEAD = (
    f"--{BOUNDARY}\r\n"
    'Content-Disposition: form-data; name="file"; filename="picture.jpg"\r\n'
    "Content-Type: image/jpeg\r\n\r\n"
).encode()
TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()


class Picture:
    """A JPEG that can be sent many times, always as another file."""

    def __init__(self, path: Path):
        data = path.read_bytes()
        self.start, self.rest = data[:2], data[2:]

    def form(self, number: int) -> list[bytes]:
        """The pieces of the form, with the number as a JPEG comment behind the start of image."""
        comment = b"\xff\xfe\x00\x12" + b"%016d" % number
        return [HEAD + self.start + comment, self.rest, TAIL]


async def pieces_of(form: list[bytes]):
    # In pieces, because a hundred big pictures at once would otherwise be a hundred copies.
    for piece in form:
        yield piece


async def upload(session: aiohttp.ClientSession, url: str, form: list[bytes], due: float):
    """Seconds since the upload was due, or None when it was not accepted."""
    headers = {"Content-Length": str(sum(map(len, form)))}
    try:
        async with session.post(url, data=pieces_of(form), headers=headers) as answer:
            await answer.read()
            return time.perf_counter() - due if answer.status == 201 else None
    except (aiohttp.ClientError, asyncio.TimeoutError):
        return None


async def send_all(options: argparse.Namespace) -> list[float | None]:
    pictures = [Picture(path) for path in options.pictures]
    interval = 1 / options.rate if options.rate else 0
    headers = dict(line.split(": ", 1) for line in options.header)
    headers["Content-Type"] = f"multipart/form-data; boundary={BOUNDARY}"
    async with aiohttp.ClientSession(
        headers=headers,
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=options.timeout),
    ) as session:
        start = time.perf_counter()
        uploads = []
        for number in range(options.count):
            due = start + number * interval
            await asyncio.sleep(max(0, due - time.perf_counter()))
            form = pictures[number % len(pictures)].form(options.first + number)
            uploads.append(asyncio.create_task(upload(session, options.url, form, due)))
        return await asyncio.gather(*uploads)


def percentile(ordered: list[float], percent: float) -> float | None:
    if not ordered:
        return None
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--rate", type=float, default=0, help="uploads a second; 0: all at once")
    parser.add_argument("--header", action="append", default=[], help="'Name: value'")
    parser.add_argument("--first", type=int, default=0, help="number of the first picture")
    parser.add_argument("--timeout", type=float, default=120, help="seconds for one upload")
    options = parser.parse_args()
    results = asyncio.run(send_all(options))
    answered = sorted(result for result in results if result is not None)
    print(json.dumps({
        "sent": len(results),
        "failed": len(results) - len(answered),
        "p50": percentile(answered, 50),
        "p95": percentile(answered, 95),
        "p99": percentile(answered, 99),
    }))


if __name__ == "__main__":
    main()
