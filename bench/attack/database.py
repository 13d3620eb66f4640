"""A PostgreSQL whose connections die under load."""

import contextlib
import subprocess
import threading
import time
from itertools import count

from harness import postgres

from .lab import Lab
from .pictures import photo
from .plan import Attack, Figure, Plan

KILL = (
    "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.5"
)


def lost_connections(plan: Plan):
    """Half of the connections are killed twice a second."""
    with postgres.database(postgres.server(), "attack") as url, Lab(plan.binary, database__url=url) as lab:
        ada = lab.account("ada", admin=True)
        kept, statuses, stop = {}, [], threading.Event()
        numbers = count()

        def bring() -> None:
            while not stop.is_set():
                picture = photo(next(numbers))
                answer = ada.upload(picture)
                statuses.append(answer.status)
                if answer.status == 201:
                    kept[answer.json()["items"][0]["id"]] = picture

        threads = [threading.Thread(target=bring) for _ in range(6)]
        for thread in threads:
            thread.start()
        for _ in range(plan.of(60, 10)):
            time.sleep(0.5)
            with contextlib.suppress(subprocess.CalledProcessError):
                postgres.tell(url, KILL)
        stop.set()
        for thread in threads:
            thread.join()
        yield Figure("answers that are 500 or none", sum(s in (0, 500) for s in statuses), "", 0)
        for image in kept:
            ada.ready(image)
        lost = sum(ada.get(f"/api/v1/images/{i}/original").body != picture for i, picture in kept.items())
        yield Figure(f"of {len(kept)} pictures lost", lost, "", 0)
        yield Figure("differences found by check", lab.differences(), "", 0)


ATTACKS = [Attack("lost connections", "PostgreSQL's connections die under load", lost_connections)]
