"""A new feed against the schedule that is there: what it moves, what is missing from it, what cannot be taken over."""

from __future__ import annotations

from typing import Any

from solver.conference import Conference, Schedule

MANY = 10
"""So few missing sessions are cancellations, however small the conference."""
SHARE = 0.05
"""If more than this part of the placed sessions is missing, the feed may be broken: somebody is asked."""


def changes_of(feed: str, conference: Conference, schedule: Schedule) -> dict[str, Any]:
    """What a feed, in any format that can be read, says otherwise; `edits` are plain ones.

    Sessions are told by their ids.  Raises `DocumentError` for a feed that cannot be read.
    """
    from webapp.schemas.documents import read_document

    new = read_document(feed.encode(), "the feed")
    theirs = new.conference
    clock = conference.clock
    edits: list[dict[str, Any]] = []
    left_out: list[str] = []
    for session in conference.sessions:
        there = theirs.session.get(session.id)
        place, before = new.schedule.get(session.id), schedule.get(session.id)
        if there is None:
            continue
        if there.minutes != session.minutes:
            edits.append({"op": "resize", "session": session.id, "minutes": there.minutes})
        if place == before:
            continue
        if place is None:
            edits.append({"op": "unplace", "session": session.id})
        elif place.room not in conference.room:
            left_out.append(f"{session.label} goes to the room '{place.room}', which is not there.")
        else:
            edits.append({"op": "move", "session": session.id, "room": place.room, "start": clock.iso(place.start)})
    missing = [one for one in schedule if one not in theirs.session]
    left_out += [f"{one.label} is new." for one in theirs.sessions if one.id not in conference.session]
    return {"edits": edits, "missing": missing, "leftOut": left_out[:500]}


def is_doubtful(missing: int, placed: int) -> bool:
    """Whether so many sessions are missing from a feed that it may be the feed's fault."""
    return missing > max(MANY, SHARE * placed)
