"""What a job of each kind asks of the solver: first of the exact repair engine, then of what goes beyond it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from solver.conference import Conference, Day, Interval, Minute, Schedule
from solver.problem import Scope
from webapp.schemas import expand_edits, read_days
from webapp.schemas.feed_changes import is_doubtful
from webapp.schemas.jobs import closed_times, shift_edit

SAYS_BEST = ("proved_minimal", "proved_moved", "best_found", "nothing_to_repair")
"""The answers of the repair engine that a job, or whoever is late, is content with."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One question.  What `conference` has beyond the stored facts is true for the solve only."""

    conference: Conference
    schedule: Schedule
    edits: list[dict[str, Any]] = field(default_factory=list)
    """Plain edits, which become part of the changes."""
    imposed: list[dict[str, Any]] = field(default_factory=list)
    """Plain edits that hold while it is solved, and are no part of the changes."""
    scope: Scope = "edit"
    place: bool = False
    exact: bool = True
    """Whether the repair engine is asked first."""
    repaired: bool = True
    """Whether anything but the edits is to be changed at all."""
    from_scratch: bool = False
    budget: int | None = None
    held: frozenset[str] = frozenset()
    """Sessions that stay, whatever they break: they began already."""
    question: str = ""
    """What must be answered by people before anything is solved."""
    feed: Mapping[str, Any] | None = None
    """What a new feed says otherwise."""
    notes: list[str] = field(default_factory=list)
    """What people are to know beside the result."""
    instead: Task | None = None
    """A looser question, for when this one has no answer."""


def task(kind: str, told: Mapping[str, Any], conference: Conference, schedule: Schedule) -> Task:
    """The question of a job, from its parameters as `read_parameters` gives them."""
    return _TASKS[kind](told, conference, schedule)


def _shift(told: Mapping[str, Any], conference: Conference, schedule: Schedule) -> Task:
    edits = expand_edits([shift_edit(told)], conference, schedule, "", bare=True)
    return Task(conference=conference, schedule=schedule, edits=edits, repaired=told.get("repair", True))


def _close(told: Mapping[str, Any], conference: Conference, schedule: Schedule) -> Task:
    return Task(conference=conference, schedule=schedule, edits=closed_times(told, conference))


def _rehours(told: Mapping[str, Any], conference: Conference, schedule: Schedule) -> Task:
    later = read_days(told["hours"], conference.clock, "", place="hours")
    days = []
    for old in conference.days:
        for new in later:
            start, end = max(old.hours.start, new.hours.start), min(old.hours.end, new.hours.end)
            if start < end:
                days.append(Day(old.date, Interval(start, end)))
    return Task(conference=replace(conference, days=tuple(days)), schedule=schedule, scope="all")


def _place(told: Mapping[str, Any], conference: Conference, schedule: Schedule) -> Task:
    return Task(conference=conference, schedule=schedule, place=True)


def _rebuild(told: Mapping[str, Any], conference: Conference, schedule: Schedule) -> Task:
    return Task(conference=conference, schedule=schedule, exact=False, from_scratch=True)


def _improve(told: Mapping[str, Any], conference: Conference, schedule: Schedule) -> Task:
    return Task(conference=conference, schedule=schedule, exact=False, budget=told.get("budget"))


def _import(told: Mapping[str, Any], conference: Conference, schedule: Schedule) -> Task:
    missing = told["missing"]
    feed = _what_is_new(told)
    if is_doubtful(len(missing), len(schedule)) and not told["confirm"]:
        question = (
            f"{len(missing)} of {len(schedule)} sessions are missing from the feed. If they are cancelled, send it "
            "again with confirm; nothing was changed."
        )
        return Task(conference=conference, schedule=schedule, edits=told["edits"], question=question, feed=feed)
    edits = [*told["edits"], *({"op": "unplace", "session": session} for session in missing)]
    # Where the feed breaks rules by itself, it is taken as it is, and what it breaks is told.
    as_it_is = Task(
        conference=conference, schedule=schedule, edits=edits, repaired=False, notes=told["leftOut"], feed=feed
    )
    return replace(as_it_is, repaired=True, instead=as_it_is)


def _what_is_new(told: Mapping[str, Any]) -> dict[str, Any]:
    """The sessions that a feed moves, lets last otherwise, lets go or adds, by id; and the edits that this comes to."""
    ids: dict[str, list[str]] = {"move": [], "resize": [], "unplace": [], "set_audience": []}
    for edit in told["edits"]:
        ids[edit["op"]].append(edit["session"])
    return {
        "moved": ids["move"],
        "resized": ids["resize"],
        "unplaced": ids["unplace"],
        "audience": ids["set_audience"],
        "missing": told["missing"],
        "new": told["new"],
        "notes": told["leftOut"],
    }


def _delay(told: Mapping[str, Any], conference: Conference, schedule: Schedule) -> Task:
    at = conference.clock.minute(datetime.fromisoformat(told["at"]))
    began = frozenset(session for session, place in schedule.items() if place.start <= at)
    now = _as_of(conference, began, at)
    if "person" in told:
        late = {"op": "person_unavailable", "person": told["person"]}
        until = conference.clock.iso(at + told["minutes"])
        return Task(
            conference=now,
            schedule=schedule,
            edits=[{**late, "from": conference.clock.iso(at), "to": until}],
            held=began,
        )
    later = later_starts(conference, schedule, told["room"], at, told["minutes"])
    moved = {session: start for session, start in later.items() if start != schedule[session].start}
    edits = [
        {"op": "move", "session": session, "start": conference.clock.iso(start)} for session, start in moved.items()
    ]
    if not moved:
        return Task(conference=now, schedule=schedule, held=began)
    # Where they cannot all stay in the room one after the other: the room is not free before, and who goes is open.
    iso = conference.clock.iso
    shut = {"op": "close_room", "room": told["room"], "from": iso(at), "to": iso(min(moved.values()))}
    looser = Task(conference=now, schedule=schedule, imposed=[shut], held=began)
    return Task(conference=now, schedule=schedule, edits=edits, held=began, instead=looser)


def _as_of(conference: Conference, began: frozenset[str], at: Minute) -> Conference:
    """The conference as it can still be changed at a moment: nothing that began moves, and nothing into the past."""
    opens = min((day.hours.start for day in conference.days), default=at + 1)
    if opens > at:
        return conference
    past = Interval(opens, at + 1)
    rooms = tuple(replace(room, closed=(*room.closed, past)) for room in conference.rooms)
    sessions = tuple(replace(one, pinned=one.pinned or one.id in began) for one in conference.sessions)
    return replace(conference, rooms=rooms, sessions=sessions)


def later_starts(conference: Conference, schedule: Schedule, room: str, at: Minute, minutes: int) -> dict[str, Minute]:
    """When the sessions of a room that is late start on that day, the earliest first, as little later as can be.

    The session that is on ends so many minutes later than planned; without one, the next begins so many later.  Pauses
    take up the delay.
    """
    day = next((one for one in conference.days if at < one.hours.end), None)
    row = sorted(
        (place.start, session)
        for session, place in schedule.items()
        if place.room == room and day is not None and place.start < day.hours.end
    )
    turnover = conference.room[room].turnover
    free: Minute | None = None
    starts: dict[str, Minute] = {}
    for start, session in row:
        end = start + conference.session[session].minutes
        if start <= at:
            if end > at:
                free = end + minutes + turnover
            continue
        if conference.session[session].pinned:
            free = end + turnover
            continue
        begin = start + minutes if free is None else max(start, free)
        while begin != start and not conference.clock.on_grid(begin):
            begin += 1
        starts[session] = begin
        free = begin + conference.session[session].minutes + turnover
    return starts


_TASKS: Mapping[str, Callable[[Mapping[str, Any], Conference, Schedule], Task]] = {
    "shift": _shift,
    "close": _close,
    "delay": _delay,
    "rehours": _rehours,
    "place": _place,
    "rebuild": _rebuild,
    "improve": _improve,
    "import": _import,
}
