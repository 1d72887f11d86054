"""`python -m benchmarks.hub`: how long the web process's loop is held up while sixteen editors save.

Everybody's requests and sockets share one loop of greenlets; whatever keeps it from turning keeps everybody waiting.
The application runs as in the web process, under gevent on one SQLite file with every commit on the disk; a greenlet
that asks to be woken every millisecond notes how much later it was.  Target: p99 ≤ 20 ms on a schedule of 1000
sessions.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from uuid import uuid4

from gevent import monkey

from benchmarks.measuring import milliseconds, percentile
from fixtures import generate
from webapp.schemas import Imported
from webapp.services import importing, reading, saving
from webapp.settings import Settings
from webapp.store import Store, open_store, upgrade

SLUG = "measured"
LAG = 0.020
"""Seconds, p99."""
TICK = 0.001


class Office:
    """Editors who save at once, each on top of what was there when they looked, and a clock on the loop."""

    def __init__(self, store: Store, sessions: list[str], seconds: float) -> None:
        self.store = store
        self.sessions = sessions
        self.until = time.perf_counter() + seconds
        self.lags: list[float] = []
        self.results: dict[str, int] = {}

    @property
    def is_open(self) -> bool:
        return time.perf_counter() < self.until

    def tick(self) -> None:
        while self.is_open:
            asked = time.perf_counter()
            time.sleep(TICK)
            self.lags.append(time.perf_counter() - asked - TICK)

    def save(self, number: int) -> None:
        chance = random.Random(number)
        while self.is_open:
            version = reading.head(self.store, SLUG)["version"]
            change = {"op": "set_audience", "session": chance.choice(self.sessions), "audience": chance.randrange(500)}
            request = saving.SaveRequest(
                attempt_id=str(uuid4()),
                expected_version=version,
                changes=[change],
                override={"reason": "measured"},
            )
            result = saving.save(self.store, SLUG, request, editor_id=f"editor {number}").result
            self.results[result] = self.results.get(result, 0) + 1


def main() -> None:
    """Measure and print; the exit status is 1 where the target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hub", description=__doc__)
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--editors", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=20)
    chosen = parser.parse_args()
    if not monkey.is_module_patched("threading"):
        os.execv(sys.executable, [sys.executable, "-m", "gevent.monkey", "--module", "benchmarks.hub", *sys.argv[1:]])
    # Here, since a directory for temporary files may be in memory.
    with tempfile.TemporaryDirectory(prefix="callboard-", dir=".") as folder:
        lags = measure(Path(folder), chosen)
    sys.exit(percentile(lags, 99) > LAG)


def measure(folder: Path, chosen: argparse.Namespace) -> list[float]:
    """The seconds by which the loop was late, each time it was asked."""
    import gevent

    settings = Settings(data=folder)
    upgrade(settings.database)
    store = open_store(settings.database)
    conference, schedule = generate.conference(seed=1, sessions=chosen.sessions)
    importing.import_document(store, Imported(conference, dict(schedule)), slug=SLUG, editor_id=None)
    office = Office(store, [one.id for one in conference.sessions], chosen.seconds)
    work = [gevent.spawn(office.tick), *(gevent.spawn(office.save, number) for number in range(chosen.editors))]
    gevent.joinall(work, raise_error=True)
    store.close()
    shown = ", ".join(f"p{one} {milliseconds(percentile(office.lags, one))}" for one in (50, 95, 99))
    told = ", ".join(f"{count} {result}" for result, count in sorted(office.results.items()))
    print(f"{chosen.sessions} sessions, {chosen.editors} editors for {chosen.seconds:g} s: {told}")
    print(f"the loop was late by {shown}, at most {milliseconds(max(office.lags))} ms, of {len(office.lags)} times")
    return office.lags


if __name__ == "__main__":
    main()
