"""A new feed against the schedule that is there: what it moves, what is missing from it, what cannot be taken over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from solver.conference import Conference, Placement, Schedule, Session
from webapp.interop.document import Imported

MANY = 10
"""So few missing sessions are cancellations, however small the conference."""
SHARE = 0.05
"""If more than this part of the placed sessions is missing, the feed may be broken: somebody is asked."""
MOST_LEFT_OUT = 500


def changes_of(new: Imported, conference: Conference, schedule: Schedule) -> dict[str, Any]:
    """What a feed says otherwise; `edits` are plain ones, what a save cannot take over is named in `leftOut`.

    Sessions are told by their ids, rooms by their ids or else by their names.
    """
    theirs = new.conference
    edits: list[dict[str, Any]] = []
    left_out: list[str] = []
    for session in conference.sessions:
        there = theirs.session.get(session.id)
        if there is None:
            continue
        left_out += _other_words(conference, session, theirs, there)
        if there.minutes != session.minutes:
            edits.append({"op": "resize", "session": session.id, "minutes": there.minutes})
        if there.audience is not None and there.audience != session.audience:
            edits.append({"op": "set_audience", "session": session.id, "audience": there.audience})
        place, before = new.schedule.get(session.id), schedule.get(session.id)
        room = None if place is None else _room(conference, theirs, place.room)
        if place is None:
            if before is not None:
                edits.append({"op": "unplace", "session": session.id})
        elif room is None:
            left_out.append(f"{session.label} goes to the room '{place.room}', which is not there.")
        elif before != Placement(room, place.start):
            start = conference.clock.iso(place.start)
            edits.append({"op": "move", "session": session.id, "room": room, "start": start})
    left_out += [f"{one.label} is new." for one in theirs.sessions if one.id not in conference.session]
    return {
        "edits": edits,
        "missing": [one for one in schedule if one not in theirs.session],
        "new": [one.id for one in theirs.sessions if one.id not in conference.session],
        "leftOut": left_out[:MOST_LEFT_OUT],
    }


def is_doubtful(missing: int, placed: int) -> bool:
    """Whether so many sessions are missing from a feed that it may be the feed's fault."""
    return missing > max(MANY, SHARE * placed)


def _room(conference: Conference, theirs: Conference, room: str) -> str | None:
    if room in conference.room:
        return room
    label = theirs.room[room].label.casefold()
    called = [one.id for one in conference.rooms if one.label.casefold() == label]
    return called[0] if len(called) == 1 else None


def _other_words(conference: Conference, session: Session, theirs: Conference, there: Session) -> Iterator[str]:
    """What the feed says of a session for people to read, and a save cannot change."""
    ours = {conference.person[one].label.casefold() for one in session.speakers}
    said = {theirs.person[one].label.casefold() for one in there.speakers}
    differs = [
        word
        for word, differ in (
            ("title", there.title and there.title != session.title),
            ("track", there.track and there.track != session.track),
            ("speakers", said and said != ours),
        )
        if differ
    ]
    if differs:
        yield f"{session.label}: {', '.join(differs)} in the feed {'is' if len(differs) == 1 else 'are'} other."
