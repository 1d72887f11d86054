"""Repairing: the solver's answer to edits of a draft, told as changes that a save takes unaltered."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from solver.conference import Conference, Placement
from solver.edits import Edit, Edited
from solver.timetable import change
from webapp.schemas import apply_edits, callboard_json, camel_keys, expand_edits, read_edits
from webapp.services.errors import Stale
from webapp.services.folding import fold
from webapp.services.history import changed_since
from webapp.services.reading import draft_facts
from webapp.store import Facts, Store

MOST_SILENCE = 0.9
"""Seconds after which it is said how far a repair has come, though nothing is new."""

MOST_NEWS = 200
"""Sessions that may have changed before the solver is told everything anew."""


class Solver(Protocol):
    """Where repairs are computed: the solver process, through its client."""

    def repair(
        self,
        key: str,
        load_facts: Any,
        edits: list[dict[str, Any]],
        *,
        load_changes: Any = None,
        alternatives: int,
        time_limit: float,
        scope: str,
        place: bool,
        engine: str,
    ) -> dict[str, Any]:
        """The answer as the solver writes it.

        When it lacks a conference for `key`, `load_changes` is asked for what has changed since a version that it has,
        and `load_facts` for everything.
        """

    def stream(
        self, key: str, load_facts: Any, question: dict[str, Any], *, load_changes: Any = None
    ) -> Iterator[list[dict[str, Any]]]:
        """What the solver says to a question, as it says it; no messages after a second of silence."""


@dataclass(frozen=True, kw_only=True)
class RepairRequest:
    """What an editor asks for."""

    expected_version: int
    edits: Any
    alternatives: int = 1
    time_limit: float = 10.0
    scope: str = "all"
    place: bool = False
    engine: str = "auto"


def repair(store: Store, solver: Solver, reference: str, request: RepairRequest) -> dict[str, Any]:
    """The answer to the edits against the expected version, outside any transaction.

    Raises `Stale` if the draft is at another version, `DocumentError` for edits that make no sense.
    """
    asked = prepare(store, reference, request.expected_version, request.edits)
    answer = solver.repair(
        asked.key,
        asked.load_facts,
        asked.requested,
        load_changes=asked.load_changes,
        alternatives=request.alternatives,
        time_limit=request.time_limit,
        scope=request.scope,
        place=request.place,
        engine=request.engine,
    )
    return _answer_json(asked, answer)


def repair_as_it_improves(
    store: Store, solver: Solver, reference: str, request: RepairRequest
) -> Iterator[list[dict[str, Any]]]:
    """The same, with how far it has come on the way: the best in hand and the bounds, at least once a second."""
    asked = prepare(store, reference, request.expected_version, request.edits)
    question = {
        "op": "repair",
        "edits": asked.requested,
        "alternatives": request.alternatives,
        "time_limit": request.time_limit,
        "scope": request.scope,
        "place": request.place,
        "engine": request.engine,
        "progress": True,
    }
    return _lines(asked, solver.stream(asked.key, asked.load_facts, question, load_changes=asked.load_changes))


def _lines(asked: Asked, said: Iterator[list[dict[str, Any]]]) -> Iterator[list[dict[str, Any]]]:
    began = told_at = time.monotonic()
    known: dict[str, Any] = {"moved": None, "moved_lower_bound": 0, "price": None, "repair": None}
    for messages in said:
        lines = []
        for message in messages:
            if "answer" in message:
                lines.append({"kind": "answer", **_answer_json(asked, message["answer"])})
            elif _better(message["progress"], known):
                known = message["progress"]
                lines.append(_progress_json(asked, known))
        now = time.monotonic()
        if not lines and now - told_at >= MOST_SILENCE:
            lines = [_progress_json(asked, {**known, "seconds": round(now - began, 3)})]
        told_at = now if lines else told_at
        yield lines


def _better(told: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    return any(told[key] != known[key] for key in ("moved", "moved_lower_bound", "price"))


def _progress_json(asked: Asked, told: Mapping[str, Any]) -> dict[str, Any]:
    best = told["repair"]
    repair = None if best is None else repair_json(best, asked.requested, asked.edits, asked.edited)
    return {"kind": "progress", **camel_keys({**told, "repair": repair})}


def _answer_json(asked: Asked, answer: Mapping[str, Any]) -> dict[str, Any]:
    repairs = [repair_json(one, asked.requested, asked.edits, asked.edited) for one in answer["repairs"]]
    version = asked.facts.version
    return {**camel_keys({**answer, "version": version, "repairs": repairs}), "edits": asked.requested}


@dataclass(frozen=True)
class Asked:
    """A draft and edits of it, ready to be put to the solver."""

    store: Store
    facts: Facts
    requested: list[dict[str, Any]]
    """The edits one by one, in the words of the request."""
    edits: list[Edit]
    edited: Edited

    @property
    def key(self) -> str:
        return f"{self.facts.schedule_id}:{self.facts.version}"

    def load_facts(self) -> dict[str, Any]:
        """Everything, as a Callboard file."""
        return self.store.aside(lambda: callboard_json(self.facts.conference, self.facts.schedule))

    def load_changes(self, have: Sequence[str]) -> tuple[str, dict[str, Any]] | None:
        """The key of an earlier version, of those that the solver has, and a Callboard file of what is new since."""
        for key in reversed(have):
            schedule_id, _, version = key.partition(":")
            if schedule_id == self.facts.schedule_id and version.isdecimal():
                earlier = self.store.recent_draft(schedule_id, int(version))
                told = None if earlier is None else news_since(earlier, self.facts)
                if told is not None:
                    return key, told
        return None


def news_since(earlier: Facts, facts: Facts) -> dict[str, Any] | None:
    """What is new, with the rooms and people that belong to it; None where it is too much or of another kind."""
    conference, schedule = facts.conference, facts.schedule
    changed = change(earlier.conference, earlier.schedule, conference, schedule)
    if changed is None or len(changed.sessions) > MOST_NEWS:
        return None
    sessions = [one for one in conference.sessions if one.id in changed.sessions]
    rooms = {schedule[one.id].room for one in sessions if one.id in schedule}.union(changed.rooms)
    people = {speaker for one in sessions for speaker in one.speakers}.union(changed.people)
    part = replace(
        conference,
        sessions=tuple(sessions),
        rooms=tuple(one for one in conference.rooms if one.id in rooms),
        people=tuple(one for one in conference.people if one.id in people),
        apart=(),
        order=(),
    )
    return callboard_json(part, schedule)


def prepare(store: Store, reference: str, expected_version: int | None, told: Any) -> Asked:
    """The draft at the expected version, or as it is now, with the edits read and tried.

    Raises `Stale` if it is at another one, `DocumentError` for edits that make no sense.
    """
    facts = facts_at(store, reference, expected_version)
    requested = expand_edits(told, facts.conference, facts.schedule, "", bare=True)
    edits = read_edits(requested, facts.conference, "", bare=True)
    edited = apply_edits(facts.conference, facts.schedule, edits, name="")
    return Asked(store, facts, requested, edits, edited)


def facts_at(store: Store, reference: str, expected_version: int | None) -> Facts:
    """The draft's facts at the expected version, or as they are now.  Raises `Stale` if it is at another one."""

    def work(session: Session) -> Facts:
        row, facts = draft_facts(store, session, reference)
        if expected_version is not None and row.version != expected_version:
            raise Stale(
                f"the schedule is at version {row.version}, not {expected_version}",
                version=row.version,
                changedSince=changed_since(session, row, expected_version),
            )
        return facts

    return store.read(work)


def repair_json(
    repair: Mapping[str, Any], requested: Sequence[dict[str, Any]], edits: Sequence[Edit], edited: Edited
) -> dict[str, Any]:
    """A repair with times that carry their offset, and with the changes to save."""
    conference = edited.conference
    places = targets(conference, repair)
    moves = [
        {
            "session": move["session"],
            "from": None if move["from"] is None else place_json(conference, _placement(conference, move["from"])),
            "to": place_json(conference, places[move["session"]]),
        }
        for move in repair["moves"]
    ]
    return {**camel_keys(dict(repair)), "moves": moves, "changes": fold(requested, edits, edited, places)}


def targets(conference: Conference, repair: Mapping[str, Any]) -> dict[str, Placement]:
    """Where a repair, as the solver tells it, puts whom it moves."""
    return {move["session"]: _placement(conference, move["to"]) for move in repair["moves"]}


def _placement(conference: Conference, told: Mapping[str, str]) -> Placement:
    return Placement(told["room"], conference.clock.minute(datetime.fromisoformat(told["start"])))


def place_json(conference: Conference, placement: Placement) -> dict[str, str]:
    """A room and a start, with its offset."""
    return {"room": placement.room, "start": conference.clock.iso(placement.start)}
