"""`python -m benchmarks.handlers`: how long after a commit its events are handled, and its repairs known.

It runs the application as the web process does, under gevent on one SQLite file with every commit on the disk: saves
at a steady rate, the relays beside them.  Target: p95 ≤ 5 ms from commit to handled, at 100 events a second on a
schedule of 1000 sessions; and what a change of availability breaks, with repairs, within a second.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from gevent import monkey
from sqlalchemy import event
from sqlalchemy.orm import Session

from benchmarks.measuring import milliseconds, percentile
from fixtures import generate
from solver.conference import Conference, Placement
from solver.repair import countdown, repair
from webapp import create_app
from webapp.events.relay import Relay
from webapp.schemas import Imported, answer_json, read_callboard, read_edits
from webapp.services import importing, saving
from webapp.settings import Settings
from webapp.store import Store, upgrade

HANDLED = 0.005
"""Seconds from commit to handled, p95."""
ASSESSED = 1.0
"""Seconds from a change of availability to its repairs."""


class SolverHere:
    """The solver without its process, on a native thread."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def repair(self, key: str, load_facts: Any, edits: list[dict[str, Any]], **asked: Any) -> dict[str, Any]:
        conference, schedule = read_callboard(load_facts(), key)
        read = read_edits(edits, conference, key)
        asked["remaining"] = countdown(asked.pop("time_limit"))
        answer = self._store.aside(lambda: repair(conference, schedule, read, **asked))
        return answer_json(conference, answer, camel=False, offset=True)


class Editor:
    """Saves one change after another, whatever it breaks, and knows when each was committed."""

    def __init__(self, store: Store, schedule_id: str) -> None:
        self.store = store
        self.schedule_id = schedule_id
        self.version = 1
        self.took: list[float] = []
        self.committed: dict[int, float] = {}
        event.listen(Session, "after_commit", self._note)

    def save(self, change: dict[str, Any]) -> int:
        """Save it; the last event that comes of it."""
        request = saving.SaveRequest(
            attempt_id=str(uuid4()),
            expected_version=self.version,
            changes=[change],
            override={"reason": "measured"},
        )
        begun = time.perf_counter()
        answer = saving.save(self.store, self.schedule_id, request, editor_id="editor")
        self.took.append(time.perf_counter() - begun)
        assert answer.result == "saved", answer
        self.version = answer.attempt["version"]
        return max(self.committed)

    def _note(self, session: Session) -> None:
        seq = session.info.get("news", {}).get(self.schedule_id)
        if seq is not None:
            self.committed[seq] = time.perf_counter()


def main() -> None:
    """Measure and print; the exit status is 1 where a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.handlers", description=__doc__)
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=100, help="events a second")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--changes", type=int, default=10, help="changes of availability")
    chosen = parser.parse_args()
    if not monkey.is_module_patched("threading"):
        again = [sys.executable, "-m", "gevent.monkey", "--module", "benchmarks.handlers", *sys.argv[1:]]
        os.execv(sys.executable, again)
    with tempfile.TemporaryDirectory(prefix="callboard-") as folder:
        sys.exit(measure(Path(folder), chosen))


def measure(folder: Path, chosen: argparse.Namespace) -> int:
    """Run it all in a fresh data directory; 1 where a target is missed."""
    settings = Settings(data=folder)
    upgrade(settings.database)
    app = create_app(settings)
    store: Store = app.extensions["callboard.store"]
    app.extensions["callboard.solver"] = SolverHere(store)
    conference, schedule = generate.conference(seed=1, sessions=chosen.sessions)
    imported = Imported(conference, dict(schedule))
    editor = Editor(store, importing.import_document(store, imported, slug="measured", editor_id=None))
    relays: tuple[Relay, ...] = app.extensions["callboard.relays"]
    for relay in relays:
        relay.run()
        relay.start()
    handled = _handled(editor, relays[0], moves(conference, dict(schedule)), chosen)
    assessed = _assessed(editor, relays[1], conference, dict(schedule), chosen.changes)
    return int(percentile(handled, 95) > HANDLED or max(assessed, default=0) > ASSESSED)


def _handled(
    editor: Editor, relay: Relay, changes: Iterator[dict[str, Any]], chosen: argparse.Namespace
) -> list[float]:
    """Save at a steady rate; the seconds from each commit to its handling."""
    done: dict[int, float] = {}
    relay.caught_up = lambda _, seq: done.setdefault(seq, time.perf_counter())
    editor.committed.clear()
    editor.took.clear()
    begun, events, last = time.perf_counter(), 0, None
    while time.perf_counter() - begun < chosen.seconds:
        seq = editor.save(next(changes))
        events += 0 if last is None else seq - last
        last = seq
        time.sleep(max(0.0, begun + events / chosen.rate - time.perf_counter()))
    rate = events / (time.perf_counter() - begun)
    while max(done) < max(editor.committed):
        time.sleep(0.01)
    # Events that were handled together with later ones were handled when those were.
    moments = sorted(done.items())
    delays = [next(at for seq, at in moments if seq >= mine) - then for mine, then in editor.committed.items()]
    print(f"{chosen.sessions} sessions, {rate:.0f} events a second from {len(delays)} saves")
    _say("commit to handled", delays)
    _say("save, with its commit", editor.took)
    return delays


def _assessed(
    editor: Editor, relay: Relay, conference: Conference, schedule: dict[str, Placement], count: int
) -> list[float]:
    """Make speakers unavailable during a session of theirs; the seconds from each commit to the repairs."""
    delays = []
    dice = random.Random(2)
    spoken = [one for one in conference.sessions if one.speakers and one.id in schedule and not one.pinned]
    for session in dice.sample(spoken, count):
        start, clock = schedule[session.id].start, conference.clock
        away = {"from": clock.iso(start), "to": clock.iso(start + session.minutes)}
        editor.save({"op": "person_unavailable", "person": session.speakers[0], **away})
        seq = committed = max(editor.committed)
        while max(editor.committed) == committed:
            time.sleep(0.001)
        delays.append(editor.committed[max(editor.committed)] - editor.committed[seq])
    _say("change of availability to its repairs", delays)
    return delays


def moves(conference: Conference, schedule: dict[str, Placement]) -> Iterator[dict[str, Any]]:
    """Sessions moved by a step of the grid, and back."""
    dice = random.Random(1)
    while True:
        session = dice.choice(sorted(schedule))
        start = schedule[session].start
        for minute in (start + conference.grid_minutes, start):
            yield {"op": "move", "session": session, "start": conference.clock.iso(minute)}


def _say(what: str, seconds: Sequence[float]) -> None:
    shown = ", ".join(f"p{one} {milliseconds(percentile(seconds, one))}" for one in (50, 95, 99))
    print(f"{what}: {shown} ms")


if __name__ == "__main__":
    main()
