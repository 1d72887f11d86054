"""What a change of a schedule means for its board: whom to look at whole again, and where to look for everybody."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from solver.conference import Conference, Minute, Schedule
from solver.rules import RULES
from solver.timetable import change


@dataclass(frozen=True, slots=True)
class Patch:
    """A change that a board can follow."""

    moved: Collection[str]
    """Sessions with another place or another length."""
    retimed: Collection[str]
    """Sessions whose pair windows are others: those with another length, and whoever is set against them."""
    masked: Collection[str]
    """Sessions about whose places facts say something else, but for closed rooms."""
    closures: bool
    """Whether rooms are closed at other times."""
    whole: Collection[str]
    """Sessions that are to be looked at in every cell: the moved, and whoever is set against them."""
    stretches: Collection[tuple[str, Minute, Minute]]
    """Where somebody stood or stands now, from when until when."""


def patch(before: Conference, schedule: Schedule, after: Conference, rescheduled: Schedule) -> Patch | None:
    """What has changed; None where that is too much for a board to follow.

    It follows places, lengths, pins, audiences, closed rooms, and people who are away.
    """
    found = None if RULES.own else change(before, schedule, after, rescheduled)
    if found is None:
        return None
    if any(replace(after.room[one], closed=before.room[one].closed) != before.room[one] for one in found.rooms):
        return None
    retimed, masked, moved = set[str](), set[str](), set[str]()
    for one in found.sessions:
        old, new = before.session[one], after.session[one]
        if replace(new, minutes=old.minutes, pinned=old.pinned, audience=old.audience) != old:
            return None
        if new.minutes != old.minutes:
            retimed |= {one, *after.kin.get(one, ())}
        if new.minutes != old.minutes or new.audience != old.audience:
            masked.add(one)
        if new.minutes != old.minutes or schedule.get(one) != rescheduled.get(one):
            moved.add(one)
    masked.update(one.id for person in found.people for one in after.sessions_of.get(person, ()))
    whole = moved.union(*(after.kin.get(one, ()) for one in moved))
    stretches = [
        (place.room, place.start, facts.end(one, place))
        for one in moved
        for facts, places in ((before, schedule), (after, rescheduled))
        if (place := places.get(one)) is not None
    ]
    return Patch(moved, retimed, masked, bool(found.rooms), whole, stretches)
