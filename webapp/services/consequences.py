"""What a change of availability or of opening hours breaks, and the ranked repairs.  Nothing moves by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any, Literal

from sqlalchemy.orm import Session

from solver.conference import Conference, Day, Interval, Schedule
from solver.edits import CloseRoom, Edit, OpenRoom, PersonAvailable, PersonUnavailable
from solver.intervals import without
from solver.rules.violation import Violation
from webapp.schemas import apply_edits, callboard_json, camel_keys, read_days, read_edits, violation_json
from webapp.sealing import digest
from webapp.services import repairing
from webapp.services.errors import Invalid, Stale
from webapp.services.history import changed_since, days_of
from webapp.services.reading import draft_facts
from webapp.services.severities import Severities, counting
from webapp.services.views import hours_json, intervals_json, placement_json, read_intervals
from webapp.store import Facts, Store

SECONDS = 0.8
"""How long repairs are looked for unless told otherwise: the answer is to be there within a second."""
ALTERNATIVES = 3
OF_AVAILABILITY = (CloseRoom, OpenRoom, PersonUnavailable, PersonAvailable)


@dataclass(frozen=True, kw_only=True)
class ConsequencesRequest:
    """A change of availability that an editor thinks about: edits, or else other opening hours."""

    edits: Any = ()
    hours: Any = None
    expected_version: int | None = None
    alternatives: int = ALTERNATIVES
    time_limit: float = SECONDS


def foresee(store: Store, solver: repairing.Solver, reference: str, request: ConsequencesRequest) -> dict[str, Any]:
    """The sessions that the change would break and the repairs, best first.  Changes nothing.

    Raises `Stale` if the draft is not at the expected version, `Invalid` for edits of another kind.
    """
    facts, severities = _look(store, reference, request.expected_version)
    if request.hours is not None:
        return _foresee_hours(store, solver, facts, severities, request)
    edits = read_edits(request.edits, facts.conference, "", bare=True)
    for index, edit in enumerate(edits):
        if not isinstance(edit, OF_AVAILABILITY):
            raise Invalid(
                f"edits[{index}].op: only close_room, open_room, person_unavailable and person_available go here",
                place=f"edits[{index}].op",
            )
    edited = apply_edits(facts.conference, facts.schedule, edits, name="")
    asked = repairing.RepairRequest(
        expected_version=facts.version,
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


def _foresee_hours(
    store: Store, solver: repairing.Solver, facts: Facts, severities: Severities, request: ConsequencesRequest
) -> dict[str, Any]:
    if request.edits:
        raise Invalid("hours: ask about hours or about edits, not about both at once", place="hours")
    days = read_days(request.hours, facts.conference.clock, "", place="hours")
    after = replace(facts, conference=replace(facts.conference, days=days))
    broken = store.aside(lambda: _new(facts.conference, after.conference, facts.schedule, severities))
    change = _change_of_hours(after.conference, facts.conference.days)
    answer = _solved(
        store,
        solver,
        after,
        change,
        f"hours:{digest((hours_json(after.conference),))}",
        alternatives=request.alternatives,
        time_limit=request.time_limit,
    )
    return {
        "version": facts.version,
        "sessions": _broken_json(after.conference, facts.schedule, broken),
        "repair": {**camel_keys({**answer, "version": facts.version}), "edits": []},
    }


def assess(store: Store, solver: repairing.Solver | None, event: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a saved change of availability or hours breaks in the draft of now, and the repairs; None: nothing.

    Without a solver, what it breaks is told all the same.
    """
    facts, severities = _look(store, event["scheduleId"])
    change = _change_of(facts.conference, event)
    broken = store.aside(lambda: _new(change.before, facts.conference, facts.schedule, severities))
    if not broken:
        return None
    unsolved: dict[str, Any] = {"status": "unknown", "repairs": [], "reasons": []}
    answer = unsolved if solver is None else _solved(store, solver, facts, change, f"before:{event['seq']}")
    resource, identifier = _subject(event)
    return {
        "cause": event["seq"],
        "baseVersion": facts.version,
        "resource": resource,
        "resourceId": identifier,
        "sessions": _broken_json(facts.conference, facts.schedule, broken),
        "state": answer["status"],
        "repairs": answer["repairs"],
        "reasons": answer["reasons"],
    }


@dataclass(frozen=True)
class _Change:
    """A change that was made, as the solver can be asked about it: the conference before, and edits that make it."""

    before: Conference
    edits: Sequence[Edit]
    scope: Literal["all", "edit"] = "edit"


def _solved(
    store: Store,
    solver: repairing.Solver,
    facts: Facts,
    change: _Change,
    key: str,
    *,
    alternatives: int = ALTERNATIVES,
    time_limit: float = SECONDS,
) -> dict[str, Any]:
    """The solver's answer.  The change itself is made, so what is left to save are the moves."""
    answer = solver.repair(
        f"{facts.schedule_id}:{facts.version}:{key}",
        lambda: store.aside(lambda: callboard_json(change.before, facts.schedule)),
        [_edit_json(facts.conference, edit) for edit in change.edits],
        alternatives=alternatives,
        time_limit=time_limit,
        scope=change.scope,
        place=False,
        engine="auto",
    )
    edited = apply_edits(change.before, facts.schedule, change.edits, name="")
    return {**answer, "repairs": [repairing.repair_json(one, (), (), edited) for one in answer["repairs"]]}


def _look(store: Store, reference: str, expected_version: int | None = None) -> tuple[Facts, Severities]:
    """The draft, and how grave its conference takes each rule."""

    def work(session: Session) -> tuple[Facts, Severities]:
        row, facts = draft_facts(store, session, reference)
        if expected_version not in (None, row.version):
            raise Stale(
                f"the schedule is at version {row.version}, not {expected_version}",
                version=row.version,
                changedSince=changed_since(session, row, expected_version or 0),
            )
        return facts, row.settings.get("severities", {})

    return store.read(work)


def _subject(event: Mapping[str, Any]) -> tuple[str, str]:
    for kind in ("room", "person"):
        if f"{kind}Id" in event:
            return kind, event[f"{kind}Id"]
    return "schedule", event["scheduleId"]


def _change_of(conference: Conference, event: Mapping[str, Any]) -> _Change:
    """The change that the event tells of, made to the conference of now."""
    kind, identifier = _subject(event)
    if kind == "schedule":
        return _change_of_hours(conference, days_of(event["previous"]["hours"]))
    if kind == "room":
        was = read_intervals(event["previous"]["closed"])
        room = conference.room[identifier]
        rooms = tuple(replace(one, closed=was) if one is room else one for one in conference.rooms)
        lost: Sequence[Interval] = without(room.closed, was)
        return _Change(replace(conference, rooms=rooms), [CloseRoom(identifier, one) for one in lost])
    was = read_intervals(event["previous"]["unavailable"])
    person = conference.person[identifier]
    people = tuple(replace(one, unavailable=was) if one is person else one for one in conference.people)
    lost = without(person.unavailable, was)
    return _Change(replace(conference, people=people), [PersonUnavailable(identifier, one) for one in lost])


def _change_of_hours(conference: Conference, was: Sequence[Day]) -> _Change:
    """To the solver, hours that are lost are closures of every room, on days as wide as both before and after.

    So what was broken already may stay so, as with any other change.  Days that would overlap, if they were as wide as
    that, cannot be told apart; then everything that is broken is to be mended.
    """
    hours: dict[date, Interval] = {}
    for day in (*was, *conference.days):
        known = hours.get(day.date, day.hours)
        hours[day.date] = Interval(min(known.start, day.hours.start), max(known.end, day.hours.end))
    wide = sorted((Day(date, hours) for date, hours in hours.items()), key=lambda day: day.hours.start)
    if any(later.hours.start < day.hours.end for day, later in pairwise(wide)):
        return _Change(conference, (), "all")
    lost = without((day.hours for day in wide), (day.hours for day in conference.days))
    edits = [CloseRoom(room.id, one) for room in conference.rooms for one in lost]
    return _Change(replace(conference, days=tuple(wide)), edits)


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
    known = {one.key for one in counting(before, schedule, severities)}
    return [one for one in counting(after, schedule, severities) if one.key not in known]


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
