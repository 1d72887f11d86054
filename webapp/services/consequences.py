"""What a change of somebody's availability breaks, and the ranked repairs.  Nothing moves by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from solver.conference import Conference, Interval, Schedule
from solver.edits import CloseRoom, Edit, OpenRoom, PersonAvailable, PersonUnavailable
from solver.intervals import without
from solver.rules.violation import Violation
from webapp.schemas import apply_edits, callboard_json, read_edits, violation_json
from webapp.services import repairing
from webapp.services.errors import Invalid
from webapp.services.reading import draft_facts
from webapp.services.severities import Severities, judged
from webapp.services.views import intervals_json, placement_json, read_intervals
from webapp.store import Facts, Store

SECONDS = 0.8
"""How long repairs are looked for unless told otherwise: the answer is to be there within a second."""
ALTERNATIVES = 3
OF_AVAILABILITY = (CloseRoom, OpenRoom, PersonUnavailable, PersonAvailable)


@dataclass(frozen=True, kw_only=True)
class ConsequencesRequest:
    """A change of availability that an editor thinks about."""

    edits: Any
    expected_version: int | None = None
    alternatives: int = ALTERNATIVES
    time_limit: float = SECONDS


def foresee(store: Store, solver: repairing.Solver, reference: str, request: ConsequencesRequest) -> dict[str, Any]:
    """The sessions that the change would break and the repairs, best first.  Changes nothing.

    Raises `Stale` if the draft is not at the expected version, `Invalid` for edits of another kind.
    """
    facts, severities = _look(store, reference)
    edits = read_edits(request.edits, facts.conference, "", bare=True)
    for index, edit in enumerate(edits):
        if not isinstance(edit, OF_AVAILABILITY):
            raise Invalid(
                f"edits[{index}].op: only close_room, open_room, person_unavailable and person_available go here",
                place=f"edits[{index}].op",
            )
    edited = apply_edits(facts.conference, facts.schedule, edits, name="")
    asked = repairing.RepairRequest(
        expected_version=facts.version if request.expected_version is None else request.expected_version,
        edits=request.edits,
        alternatives=request.alternatives,
        time_limit=request.time_limit,
        scope="edit",
    )
    repair = repairing.repair(store, solver, reference, asked)
    broken = store.aside(lambda: _new(facts.conference, edited.conference, facts.schedule, severities))
    return {
        "version": facts.version,
        "sessions": _broken_json(edited.conference, facts.schedule, broken),
        "repair": repair,
    }


def assess(store: Store, solver: repairing.Solver, event: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a saved change of availability breaks in the draft of now, and the repairs; None where it breaks nothing."""
    facts, severities = _look(store, event["scheduleId"])
    conference, schedule = facts.conference, facts.schedule
    before, edits = _without_change(conference, event)
    broken = store.aside(lambda: _new(before, conference, schedule, severities))
    if not broken:
        return None
    requested = [_edit_json(conference, edit) for edit in edits]
    answer = solver.repair(
        f"{facts.schedule_id}:{facts.version}:before:{event['seq']}",
        lambda: store.aside(lambda: callboard_json(before, schedule)),
        requested,
        alternatives=ALTERNATIVES,
        time_limit=SECONDS,
        scope="edit",
        place=False,
        engine="auto",
    )
    edited = apply_edits(before, schedule, edits, name="")
    resource, identifier = _subject(event)
    return {
        "cause": event["seq"],
        "baseVersion": facts.version,
        "resource": resource,
        "resourceId": identifier,
        "sessions": _broken_json(conference, schedule, broken),
        "state": answer["status"],
        # The change itself is saved already: what is left to save are the moves.
        "repairs": [repairing.repair_json(one, (), (), edited) for one in answer["repairs"]],
        "reasons": answer["reasons"],
    }


def _look(store: Store, reference: str) -> tuple[Facts, Severities]:
    """The draft, and how grave its conference takes each rule."""

    def work(session: Session) -> tuple[Facts, Severities]:
        row, facts = draft_facts(store, session, reference)
        return facts, row.settings.get("severities", {})

    return store.read(work)


def _subject(event: Mapping[str, Any]) -> tuple[str, str]:
    return ("room", event["roomId"]) if "roomId" in event else ("person", event["personId"])


def _without_change(conference: Conference, event: Mapping[str, Any]) -> tuple[Conference, list[Edit]]:
    """The conference of now as if the change had not been made, and the edits that make it."""
    kind, identifier = _subject(event)
    if kind == "room":
        was = read_intervals(event["previous"]["closed"])
        room = conference.room[identifier]
        rooms = tuple(replace(one, closed=was) if one is room else one for one in conference.rooms)
        lost: Sequence[Interval] = without(room.closed, was)
        return replace(conference, rooms=rooms), [CloseRoom(identifier, one) for one in lost]
    was = read_intervals(event["previous"]["unavailable"])
    person = conference.person[identifier]
    people = tuple(replace(one, unavailable=was) if one is person else one for one in conference.people)
    lost = without(person.unavailable, was)
    return replace(conference, people=people), [PersonUnavailable(identifier, one) for one in lost]


def _edit_json(conference: Conference, edit: Edit) -> dict[str, Any]:
    match edit:
        case CloseRoom(room, interval):
            named = {"op": "close_room", "room": room}
        case PersonUnavailable(person, interval):
            named = {"op": "person_unavailable", "person": person}
        case _:
            raise AssertionError(f"{edit} takes nobody's time")
    return {**named, **intervals_json(conference.clock, [interval])[0]}


def _new(before: Conference, after: Conference, schedule: Schedule, severities: Severities) -> list[Violation]:
    """What is broken after, and was not before; what the conference's settings let pass is left out."""
    known = {one.key for one in judged(before, schedule, severities)[0]}
    return [one for one in judged(after, schedule, severities)[0] if one.key not in known]


def _broken_json(conference: Conference, schedule: Schedule, broken: Sequence[Violation]) -> list[dict[str, Any]]:
    """The sessions that are broken, each with where it is and what it breaks."""
    by_session: dict[str, list[Violation]] = {}
    for one in broken:
        for session in one.sessions:
            by_session.setdefault(session, []).append(one)
    return [
        {
            "sessionId": session,
            "title": conference.session[session].title,
            **placement_json(conference, session, schedule.get(session)),
            "violations": [violation_json(conference, one, camel=True, offset=True) for one in found],
        }
        for session, found in by_session.items()
    ]
