#!/usr/bin/env python3
"""Times what pages ask of the queue, beside few rows and beside many.

    bench/queue_pages.py --minilab target/release/minilab [--database postgres://...] [--finished 1000000]

Rows are written behind the back of a stopped lab. Prints a line for each call: 95 % of its answers came
within so many milliseconds with 1000 rows, and with many.
"""

import argparse
import json
import os
import re
import signal
import sqlite3
import subprocess
import tempfile
import time
import urllib.request

ROUNDS = 40
FEW = (800, 100, 100)

COLUMNS = ("id, kind, payload, account_id, unique_key, state, priority, vtime, attempts, run_at_ms, lease, worker, "
           "error, cause, created_ms, started_ms, finished_ms, kills")


class Engine:
    """Writes rows as one of the two databases has them."""

    def __init__(self, data, url):
        self.data, self.url = data, url

    def run(self, text):
        if self.url:
            subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", self.url, "-c", text], check=True)
            return
        with sqlite3.connect(os.path.join(self.data, "minilab.db")) as conn:
            # Older libraries have none.
            conn.create_function("unhex", 1, bytes.fromhex)
            conn.executescript(text)

    def ids(self, ms):
        if self.url:
            return f"CAST(lpad(to_hex({ms}), 12, '0') || '7000' || substr(md5(random()::text), 1, 16) AS UUID)"
        return f"unhex(printf('%012x', {ms}) || '7000' || hex(randomblob(8)))"

    def numbers(self, most):
        if self.url:
            return f"generate_series(1, {most}) AS n(n)"
        return f"(WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {most}) SELECT n FROM n)"

    def fill(self, state, count, now_ms):
        """Jobs of one state, spread over a day."""
        created = f"({now_ms} - CAST(n AS BIGINT) * 86400000 / {max(count, 1)})"
        account = "(SELECT id FROM accounts WHERE name = 'ada')"
        finished = created if state in ("succeeded", "failed") else "NULL"
        cause = "'cause_' || (n % 20)" if state == "failed" else "NULL"
        kind = "CASE WHEN n % 100 = 0 THEN 'refine' ELSE 'develop' END"
        self.run(f"""INSERT INTO jobs ({COLUMNS}) SELECT {self.ids(created)}, {kind}, '{{}}',
            CASE WHEN n % 10 = 0 THEN {account} END, '{state}:' || n || ':{count}', '{state}', 10, n, n % 5,
            {created}, 1, 'w1', NULL, {cause}, {created}, {finished}, {finished}, 0 FROM {self.numbers(count)};""")

    def finish(self, now_ms):
        """Who asked for jobs, and what was summed up of them."""
        self.run(f"""INSERT INTO askers (id, job_id, account_id, image_id, asked_ms, tries_before)
            SELECT {self.ids('created_ms')}, id, account_id, id, created_ms, 0 FROM jobs
            WHERE account_id IS NOT NULL;""")
        for step, most, ms in (("m", 2880, 60_000), ("h", 2160, 3_600_000), ("d", 400, 86_400_000)):
            at = f"({now_ms} / {ms} - n)"
            if self.url:
                scope = f"'jobs/{step}/' || lpad({at}::text, 10, '0') || '/' || k.k"
                names = "(VALUES ('develop'), ('refine'), ('sweep')) AS k(k), generate_series(1, 20) AS b(b)"
            else:
                scope = f"'jobs/{step}/' || printf('%010d', {at}) || '/' || k.column1"
                names = ("(VALUES ('develop'), ('refine'), ('sweep')) AS k, "
                         "(WITH RECURSIVE b(b) AS (SELECT 1 UNION ALL SELECT b + 1 FROM b WHERE b < 20) SELECT b FROM b)")
            self.run(f"""INSERT INTO counters (scope, name, value) SELECT {scope}, 'work:succeeded:' || b, 10
                FROM {self.numbers(most)}, {names};""")
        self.run("ANALYZE;")


class Lab:
    def __init__(self, args, data):
        self.args, self.data = args, data
        self.env = {"PATH": os.environ["PATH"], "MINILAB__DATABASE__URL": args.database or ""}

    def command(self, *words):
        return [self.args.minilab, *words, "--data", self.data]

    def start(self):
        self.process = subprocess.Popen(self.command("serve", "--listen", "127.0.0.1:0", "--no-workers"),
                                        env=self.env, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            if found:
                self.url = found.group()
                return
        raise SystemExit("the lab did not start")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.stderr.read()
        self.process.wait()

    def key(self, name, *more):
        made = subprocess.run(self.command("account", "add", name, "--tier", "business", *more),
                              env=self.env, check=True, capture_output=True, text=True)
        return made.stdout.strip()

    def get(self, key, path):
        asked = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {key}"})
        with urllib.request.urlopen(asked) as answer:
            return answer.read()

    def times(self, key, path):
        took = []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            self.get(key, path)
            took.append((time.perf_counter() - begun) * 1000)
        return sorted(took)[int(ROUNDS * 0.95) - 1]


def calls(lab, admin, ada):
    jobs = json.loads(lab.get(admin, "/api/v1/jobs"))["items"]
    words = ["", "state:failed", "state:pending", "state:succeeded", "kind:refine", "cause:cause_3", "account:ada",
             "since:1h", "attempts:>3", "wait:>1h", "state:failed%20kind:refine", "kind:sweep"]
    found = [("admin", admin, f"/api/v1/jobs?filter={word.replace('>', '%3E')}") for word in words]
    paths = ["/api/v1/jobs/causes", "/api/v1/jobs/rates?window=1h", "/api/v1/jobs/rates?window=24h",
             "/api/v1/jobs/rates?window=30d", "/api/v1/workers", "/api/v1/schedule", f"/api/v1/jobs/{jobs[0]['id']}"]
    found += [("admin", admin, path) for path in paths]
    own = ["/api/v1/jobs", "/api/v1/jobs?filter=state:failed", "/api/v1/jobs/causes", "/api/v1/jobs/rates?window=24h"]
    return found + [("account", ada, path) for path in own]


def measure(args, rows):
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(args, os.path.join(folder, "data"))
        lab.start()
        admin, ada = lab.key("root", "--admin"), lab.key("ada")
        lab.stop()
        engine, now_ms = Engine(lab.data, args.database), int(time.time() * 1000)
        for state, count in zip(("succeeded", "pending", "failed"), rows):
            engine.fill(state, count, now_ms)
        engine.finish(now_ms)
        lab.start()
        times = [(who, re.sub(r"[0-9a-f-]{36}", "ID", path), lab.times(key, path))
                 for who, key, path in calls(lab, admin, ada)]
        lab.stop()
        if args.database:
            engine.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public;")
        return times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minilab", required=True)
    parser.add_argument("--database", help="an empty database of PostgreSQL; left out: SQLite")
    parser.add_argument("--finished", type=int, default=1_000_000)
    args = parser.parse_args()
    few = measure(args, FEW)
    many = measure(args, (args.finished, args.finished // 10, args.finished // 20))
    for (who, path, before), (_, _, after) in zip(few, many):
        print(f"{before:7.1f} ms  {after:7.1f} ms  {who:8} {path}")


if __name__ == "__main__":
    main()
