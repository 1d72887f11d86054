"""Repairing: the solver's answer to edits of a draft, told as changes that a save takes unaltered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from solver.conference import Conference, Placement
from solver.edits import Edit, Edited
from webapp.schemas import apply_edits, callboard_json, camel_keys, expand_edits, read_edits
from webapp.services.errors import Stale
from webapp.services.folding import fold
from webapp.services.history import changed_since
from webapp.services.reading import draft_facts
from webapp.store import Facts, Store


class Solver(Protocol):
    """Where repairs are computed: the solver process, through its client."""

    def repair(
        self,
        key: str,
        load_facts: Any,
        edits: list[dict[str, Any]],
        *,
        alternatives: int,
        time_limit: float,
        scope: str,
        place: bool,
        engine: str,
    ) -> dict[str, Any]:
        """The answer as the solver writes it; `load_facts` gives a Callboard file when it lacks one for `key`."""


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
    facts = _facts(store, reference, request.expected_version)
    conference = facts.conference
    requested = expand_edits(request.edits, conference, facts.schedule, "", bare=True)
    edits = read_edits(requested, conference, "", bare=True)
    edited = apply_edits(conference, facts.schedule, edits, name="")
    answer = solver.repair(
        f"{facts.schedule_id}:{facts.version}",
        lambda: store.aside(lambda: callboard_json(conference, facts.schedule)),
        requested,
        alternatives=request.alternatives,
        time_limit=request.time_limit,
        scope=request.scope,
        place=request.place,
        engine=request.engine,
    )
    repairs = [repair_json(one, requested, edits, edited) for one in answer["repairs"]]
    return {**camel_keys({**answer, "version": facts.version, "repairs": repairs}), "edits": requested}


def _facts(store: Store, reference: str, expected_version: int) -> Facts:
    def work(session: Session) -> Facts:
        row, facts = draft_facts(store, session, reference)
        if row.version != expected_version:
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
    targets = {move["session"]: _placement(conference, move["to"]) for move in repair["moves"]}
    moves = [
        {
            "session": move["session"],
            "from": None if move["from"] is None else place_json(conference, _placement(conference, move["from"])),
            "to": place_json(conference, targets[move["session"]]),
        }
        for move in repair["moves"]
    ]
    return {**camel_keys(dict(repair)), "moves": moves, "changes": fold(requested, edits, edited, targets)}


def _placement(conference: Conference, told: Mapping[str, str]) -> Placement:
    return Placement(told["room"], conference.clock.minute(datetime.fromisoformat(told["start"])))


def place_json(conference: Conference, placement: Placement) -> dict[str, str]:
    """A room and a start, with its offset."""
    return {"room": placement.room, "start": conference.clock.iso(placement.start)}
