"""The cost map: what every place of the grid would cost the others, if one session were put there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from solver.conference import Conference
from webapp.services.errors import Invalid
from webapp.services.repairing import Solver, prepare
from webapp.store import Store


@dataclass(frozen=True, kw_only=True)
class CostMapRequest:
    """The session, what is edited besides, and how far to look."""

    session: str
    expected_version: int | None = None
    edits: Any = ()
    depth: int = 2
    rooms: Sequence[str] | None = None
    day: str | None = None
    time_limit: float = 10.0


def cost_map(store: Store, solver: Solver, reference: str, request: CostMapRequest) -> Iterator[list[dict[str, Any]]]:
    """Lines as they become known: first the map's head, then stretches of cells, the best first, then its end.

    Changes nothing.  Raises, before the first line, `Stale` if the draft is at another version than is expected, and
    `DocumentError` or `Invalid` for what does not exist.
    """
    asked = prepare(store, reference, request.expected_version, request.edits)
    conference = asked.facts.conference
    _refuse_unknown(conference, request)
    question = {
        "op": "cost_map",
        "edits": asked.requested,
        "session": request.session,
        "depth": request.depth,
        "rooms": None if request.rooms is None else list(request.rooms),
        "day": request.day,
        "time_limit": request.time_limit,
    }
    head = {
        "kind": "map",
        "version": asked.facts.version,
        "session": request.session,
        "depth": request.depth,
        "gridMinutes": conference.grid_minutes,
    }
    return _lines(head, solver.stream(asked.key, asked.load_facts, question, load_changes=asked.load_changes))


def _lines(head: dict[str, Any], said: Iterator[list[dict[str, Any]]]) -> Iterator[list[dict[str, Any]]]:
    began, begun = time.monotonic(), False
    for messages in said:
        lines = [] if begun else [head]
        for message in messages:
            if "answer" in message:
                lines.append({"kind": "end", **message["answer"]})
            else:
                lines.append({"kind": "stretch", **message["stretch"]})
        yield lines or [{"kind": "progress", "seconds": round(time.monotonic() - began, 3)}]
        begun = True


def whole(lines: Iterator[Sequence[dict[str, Any]]]) -> dict[str, Any]:
    """The map as one object, once it is complete."""
    told: dict[str, Any] = {"stretches": []}
    for line in (line for some in lines for line in some):
        kind = line.pop("kind")
        if kind == "stretch":
            told["stretches"].append(line)
        elif kind != "progress":
            told |= line
    return told


def _refuse_unknown(conference: Conference, request: CostMapRequest) -> None:
    if request.session not in conference.session:
        raise Invalid(f"session: there is no session '{request.session}'", place="session")
    for number, room in enumerate(request.rooms or ()):
        if room not in conference.room:
            raise Invalid(f"rooms[{number}]: there is no room '{room}'", place=f"rooms[{number}]")
    if request.day is not None and request.day not in {day.date.isoformat() for day in conference.days}:
        raise Invalid(f"day: the conference has no day {request.day}", place="day")
