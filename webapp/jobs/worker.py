"""The job worker: one thread and one selector that begin jobs, listen to their solvers, and say that they live.

Any number of workers share a database.  One that dies, or is frozen, gives no beat, and another takes its jobs over.
"""

from __future__ import annotations

import selectors
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any
from uuid import uuid4

from sqlalchemy.engine import make_url

from webapp.jobs import table
from webapp.jobs.child import Child
from webapp.jobs.frozen import FrozenWriters
from webapp.jobs.table import Claim
from webapp.serving.parent import end_with_supervisor
from webapp.serving.signals import end_without_tidying
from webapp.settings import Settings
from webapp.store import Store, open_store
from webapp.store.failures import AwayError, FullError

TICK_SECONDS = 0.1
LOOK_SECONDS = 0.25
"""How often it looks for cancelled and for waiting jobs."""
KEEP_SECONDS = 1.0
"""Progress is stored at most so often, beats at least so often."""
FROZEN_SECONDS = 2
"""So long a worker may do nothing in a transaction."""
DEAD_SECONDS = 5.0
"""A worker whose beat has stood still for so long is dead."""


@dataclass
class Work:
    """A job in progress."""

    claim: Claim
    child: Child
    progress: dict[str, Any] | None = None
    """What has not been stored yet; and so for the best."""
    best: dict[str, Any] | None = None
    kept_at: float = 0.0
    answer: dict[str, Any] | None = None


class Worker:
    """Works on at most `at_once` jobs."""

    def __init__(self, store: Store, *, at_once: int = 1, memory_mb: int = 4096) -> None:
        self.id = str(uuid4())
        self._store = store
        self._at_once = at_once
        self._memory_mb = memory_mb
        self._works: list[Work] = []
        self._selector = selectors.DefaultSelector()
        self._looked_at = 0.0
        self._beat_at = 0.0
        self._others: dict[str, tuple[tuple[str, int, int], float]] = {}
        """Running jobs of others as last seen, and since when they have looked like that."""

    def run(self, stop: Callable[[], bool]) -> None:
        """Work until told to stop; jobs in progress are given back then."""
        while not stop():
            try:
                self.turn()
            except (AwayError, FullError) as error:
                # The database is to come back; what was found meanwhile is kept here.
                print(f"callboard: the job worker waits for the database: {error}", file=sys.stderr, flush=True)
                time.sleep(1)
        self.close()

    def turn(self) -> None:
        """One round: listen, tell, look."""
        for key, _ in self._selector.select(TICK_SECONDS):
            self._hear(key.data)
        now = time.monotonic()
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            self._drop_what_is_not_ours()
            self._bury_the_dead(now)
            while len(self._works) < self._at_once and self._begin():
                pass
        self._tell(now)

    def close(self) -> None:
        """Give back what is in progress."""
        for work in list(self._works):
            self._end(work)
            table.keep(self._store, self.id, work.claim, work.progress, work.best)
            table.let_go(self._store, self.id, work.claim)
        self._selector.close()

    def _begin(self) -> bool:
        claim = table.claim(self._store, self.id)
        if claim is None:
            return False
        work = Work(claim, Child(claim.question, memory_mb=self._memory_mb))
        self._works.append(work)
        self._selector.register(work.child.pipe, selectors.EVENT_READ, work)
        return True

    def _hear(self, work: Work) -> None:
        messages = work.child.read()
        if messages is None:
            self._ended(work)
            return
        for message in messages:
            work.progress = message.get("progress", work.progress)
            work.best = message.get("best", work.best)
            work.answer = message.get("answer", work.answer)

    def _ended(self, work: Work) -> None:
        how = self._end(work)
        if work.progress is not None or work.best is not None:
            table.keep(self._store, self.id, work.claim, work.progress, work.best)
        if work.answer is not None:
            table.propose(self._store, self.id, work.claim, work.answer)
        else:
            table.give_back(self._store, self.id, work.claim, how, for_good="memory" in how)

    def _end(self, work: Work) -> str:
        """Have done with a child, dead or alive; how it ended."""
        self._works.remove(work)
        self._selector.unregister(work.child.pipe)
        work.child.terminate()
        return work.child.reap()

    def _drop_what_is_not_ours(self) -> None:
        """End what was cancelled, or taken over while this process was frozen."""
        if not self._works:
            return
        ours = table.mine(self._store, self.id)
        for work in [one for one in self._works if (one.claim.job_id, one.claim.attempt) not in ours]:
            self._end(work)
            table.keep(self._store, self.id, work.claim, None, work.best)

    def _bury_the_dead(self, now: float) -> None:
        """Let jobs be begun again whose worker's beat has stood still, or that slipped from our own hands."""
        ours = {work.claim.job_id for work in self._works}
        seen = {job_id: state for job_id, state in table.running(self._store).items() if job_id not in ours}
        for job_id in self._others.keys() - seen.keys():
            del self._others[job_id]
        for job_id, state in seen.items():
            before, since = self._others.get(job_id, (state, now))
            self._others[job_id] = state, since if before == state else now
            if before == state and now - since >= DEAD_SECONDS:
                table.take_over(self._store, job_id, state)

    def _tell(self, now: float) -> None:
        for work in list(self._works):
            if now > work.child.deadline:
                self._end(work)
                error = "its solver did not end in time"
                table.give_back(self._store, self.id, work.claim, error)
            elif work.progress is not None and now - work.kept_at >= KEEP_SECONDS:
                work.kept_at = self._beat_at = now
                table.keep(self._store, self.id, work.claim, work.progress, work.best)
                work.progress = work.best = None
        if self._works and now - self._beat_at >= KEEP_SECONDS:
            self._beat_at = now
            table.beat(self._store, self.id, [work.claim for work in self._works])


def database_of_a_worker(database: str) -> str:
    """The database's URL; a server is told to drop a worker that is frozen in the middle of a transaction.

    It would hold its schedule's row, and every other worker up with it.
    """
    url = make_url(database)
    if url.get_backend_name() != "postgresql":
        return database
    given = url.query.get("options", "")
    options = f"{given} -c idle_in_transaction_session_timeout={FROZEN_SECONDS * 1000}".strip()
    return url.update_query_dict({"options": options}).render_as_string(hide_password=False)


def main(settings: Settings) -> int:
    """Work on a database's jobs until a signal ends it."""
    asked = []

    def ask(number: int, frame: FrameType | None) -> None:
        asked.append(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, ask)
    end_with_supervisor()
    end_without_tidying()
    if settings.sqlite_file is not None:
        FrozenWriters(settings.sqlite_file).start()
    store = open_store(database_of_a_worker(settings.database))
    try:
        worker = Worker(store, at_once=settings.jobs_at_once, memory_mb=settings.job_memory_mb)
        worker.run(lambda: bool(asked))
    finally:
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(Settings.from_environment()))
