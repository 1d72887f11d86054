"""Conferences in fixed slots, which every scheduler can model, and the package `conference-scheduler` on them.

All sessions last one hour and start on the hour, so that a place is a slot, and the fewest moves are the same
for everybody who proves them.  The package needs libraries of its own: it runs in a virtual environment of its
own (`make bench-solver` tries to make it), through `slots_peer.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path
from random import Random
from time import perf_counter

from benchmarks.whole_conference import Outcome
from solver.conference import Conference, Day, Interval, Minute, Person, Placement, Room, Schedule, Session
from solver.edits import Edit, Edited, apply
from solver.grid import Clock

SLOT = 60
FIRST_DAY = date(2027, 2, 6)
SECOND_SESSION, AWAY = 0.4, 0.2
"""How often a session has a speaker who speaks elsewhere, and how often somebody is away for an hour."""
KINDS = ("move_onto", "swap_two", "speaker_late", "speaker_leaves", "audience_grows", "room_closed_hour")
HOME = Path(__file__).resolve().parent.parent / ".venv-peers"
SCRIPT = Path(__file__).with_name("slots_peer.py")
MISSING = "conference-scheduler left out: it is not installed in .venv-peers (`make bench-peers` tries to)."


def conference(*, seed: int, rooms: int, periods: int, days: int, fullness: float) -> tuple[Conference, Schedule]:
    """A conference of one-hour slots and a schedule that breaks no rule."""
    rng = Random(f"slots {seed}")
    opened = [Clock("UTC").on_day(FIRST_DAY + timedelta(days=day), time(9)) for day in range(days)]
    halls = tuple(Room(f"room {number}", capacity=rng.choice((50, 100, 200))) for number in range(1, rooms + 1))
    starts = [start + SLOT * period for start in opened for period in range(periods)]
    cells = [Placement(hall.id, start) for hall in halls for start in starts]
    busy: dict[str, set[Minute]] = {}
    sessions: list[Session] = []
    schedule: dict[str, Placement] = {}
    for number, cell in enumerate(rng.sample(cells, round(len(cells) * fullness)), start=1):
        capacity = next(hall.capacity or 0 for hall in halls if hall.id == cell.room)
        free = [one for one in busy if cell.start not in busy[one]]
        speaker = rng.choice(free) if free and rng.random() < SECOND_SESSION else f"speaker {len(busy) + 1}"
        busy.setdefault(speaker, set()).add(cell.start)
        sessions.append(Session(f"session {number}", SLOT, speakers=(speaker,), audience=rng.randint(10, capacity)))
        schedule[f"session {number}"] = cell
    people = tuple(Person(one, unavailable=_away(rng, starts, taken)) for one, taken in busy.items())
    built = Conference(
        days=tuple(
            Day(FIRST_DAY + timedelta(days=day), Interval(start, start + SLOT * periods))
            for day, start in enumerate(opened)
        ),
        rooms=halls,
        sessions=tuple(sessions),
        people=people,
        grid_minutes=SLOT,
    )
    return built, schedule


def _away(rng: Random, starts: Sequence[Minute], taken: set[Minute]) -> tuple[Interval, ...]:
    free = [start for start in starts if start not in taken]
    if not free or rng.random() >= AWAY:
        return ()
    start = rng.choice(free)
    return (Interval(start, start + SLOT),)


@dataclass(frozen=True, slots=True)
class Peer:
    """The package in its environment."""

    python: Path

    def solve(self, conference: Conference, schedule: Schedule, edits: Sequence[Edit], *, seconds: float) -> Outcome:
        """What it proves; loading it is not in the time, building its model is."""
        began = perf_counter()
        question = json.dumps(question_of(apply(conference, schedule, edits)))
        try:
            finished = subprocess.run(
                [self.python, "-W", "ignore", SCRIPT], input=question, capture_output=True, text=True, timeout=seconds
            )
        except subprocess.TimeoutExpired:
            return Outcome(False, None, None, perf_counter() - began)
        if finished.returncode:
            raise RuntimeError(f"conference-scheduler failed: {finished.stderr.strip().splitlines()[-1]}")
        answer = json.loads(finished.stdout.splitlines()[-1])
        return Outcome(True, answer["moved"], None, answer["seconds"])


def peer() -> Peer | None:
    """The package, if it is installed; `CALLBOARD_PEERS` names another environment."""
    python = Path(os.environ.get("CALLBOARD_PEERS") or HOME) / "bin" / "python"
    if not python.is_file():
        return None
    found = subprocess.run([python, "-W", "ignore", "-c", "import conference_scheduler"], capture_output=True)
    return Peer(python) if found.returncode == 0 else None


def question_of(edited: Edited) -> dict[str, object]:
    """The conference as slots and events: which slots no event may take, and which events clash."""
    conference, schedule = edited.conference, edited.schedule
    slots = [
        (room, start)
        for room in conference.rooms
        for day in conference.days
        for start in range(day.hours.start, day.hours.end, SLOT)
    ]
    number = {(room.id, start): index for index, (room, start) in enumerate(slots)}
    placed = [session for session in conference.sessions if session.id in schedule]
    events = []
    for index, session in enumerate(placed):
        now = schedule[session.id]
        fixed = session.pinned or session.id in edited.held
        barred = [
            place
            for place, (room, start) in enumerate(slots)
            if not _legal(conference, session, room, start) or (fixed and (room.id, start) != (now.room, now.start))
        ]
        clashing = [later for later, other in enumerate(placed) if later > index and _clash(session, other)]
        events.append({"name": session.id, "barred": barred, "clashing": clashing, "now": number[now.room, now.start]})
    return {"slots": [(room.id, start) for room, start in slots], "minutes": SLOT, "events": events}


def _legal(conference: Conference, session: Session, room: Room, start: Minute) -> bool:
    """Whether the session alone may be there."""
    away = [times for one in session.speakers for times in conference.person[one].unavailable]
    return (
        (room.capacity is None or (session.audience or 0) <= room.capacity)
        and session.needs <= room.features
        and not any(times.overlaps(start, start + SLOT) for times in (*away, *room.closed))
    )


def _clash(one: Session, other: Session) -> bool:
    return not set(one.speakers).isdisjoint(other.speakers)
