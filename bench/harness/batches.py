"""Many files through one upload link: a request for many of them, beside a request for each."""

import http.client
import json
import threading
import time
from queue import Empty, SimpleQueue

from open_loop import BOUNDARY, Picture, percentile

from .bench import Bench
from .minilab import Minilab
from .pictures import SMALL
from .table import Row, Table, Target

TARGET = Target(0.8)
CONNECTIONS = 4
BATCH = 50
# Files in a request.
WAYS = {"batches": BATCH, "singles": 1}
HEADERS = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def link_uploads(bench: Bench) -> Table:
    found = bench.rounds("upload link", lambda name: link_rate(bench, WAYS[name]), names=WAYS)
    batches, singles = found.values()
    rows = [
        Row("images/s acknowledged", batches["images/s"], singles["images/s"], True, TARGET),
        Row("p50 of a request, ms", batches["p50"], singles["p50"], None),
        Row("not created", batches["failed"], singles["failed"], None),
    ]
    note = (
        f"{bench.plan.link_images} different files ({SMALL.title}) through one upload link over "
        f"{CONNECTIONS} connections, {BATCH} in a form and one in a form, from the first byte sent "
        f"until the last answer. Every file is on the disk before it is acknowledged; prints are "
        f"made beside it, as always. Each turn begins with a new lab."
    )
    return Table("Batches through an upload link", note, rows, tuple(WAYS))


def link_rate(bench: Bench, files_in_one: int) -> dict:
    files = bench.pictures(SMALL)
    with bench.fresh("minilab", SMALL) as (lab, _):
        token = lab.make_upload_link()
        # Made before, as somebody has files before sending them.
        forms = SimpleQueue()
        for first in range(0, bench.plan.link_images, files_in_one):
            numbers = range(first, min(first + files_in_one, bench.plan.link_images))
            forms.put(form_of([(files[number % len(files)], number) for number in numbers]))
        return send_all(lab, token, forms, bench.plan.link_images)


def form_of(files: list) -> bytes:
    """One form with all of them, each with its number in a comment."""
    parts = []
    for path, number in files:
        head, rest, tail = Picture(path).form(number)
        parts += [head, rest, b"\r\n"]
    # The end of the last one is that of the form.
    return b"".join([*parts[:-1], tail])


def send_all(lab: Minilab, token: str, forms: SimpleQueue, count: int) -> dict:
    answers = []
    senders = [
        threading.Thread(target=send, args=(lab.port, token, forms, answers))
        for _ in range(CONNECTIONS)
    ]
    start = time.perf_counter()
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    took = time.perf_counter() - start
    created = sum(created for created, _ in answers)
    times = sorted(ms for _, ms in answers)
    return {"images/s": created / took, "p50": percentile(times, 50), "failed": count - created}


def send(port: int, token: str, forms: SimpleQueue, answers: list) -> None:
    """Over one connection until there are no more; notes how many were created, and the time."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = HEADERS | {"Authorization": f"Bearer {token}"}
    while True:
        try:
            form = forms.get_nowait()
        except Empty:
            return connection.close()
        start = time.perf_counter()
        connection.request("POST", Minilab.upload_path, form, headers)
        body = connection.getresponse().read()
        took = (time.perf_counter() - start) * 1e3
        items = json.loads(body).get("items", [])
        answers.append((sum(item["status"] == "created" for item in items), took))
