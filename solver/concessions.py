"""A weaker fact said as edits, so that somebody who agrees to it can make it so."""

from __future__ import annotations

from collections.abc import Iterator

from solver.conference import Session
from solver.edits import Edit, OpenRoom, PersonAvailable, Resize, SetAudience, Unpin
from solver.intervals import without
from solver.problem import Problem


def conceding(before: Problem, after: Problem) -> Iterator[Edit]:
    """The edits that turn a problem into the one with a single weaker fact; none if that takes more than an edit.

    A session that an edit resizes stays where it is: so being shorter is an edit only for one that had to stay anyway.
    """
    if before.held != after.held:
        return  # what the edits in question hold, they alone can let go
    old, new = before.conference, after.conference
    for room, opened in zip(old.rooms, new.rooms, strict=True):
        yield from (OpenRoom(room.id, time) for time in without(room.closed, opened.closed))
    for person, freed in zip(old.people, new.people, strict=True):
        if person is not freed:
            yield from (PersonAvailable(person.id, time) for time in without(person.unavailable, freed.unavailable))
    for session, eased in zip(old.sessions, new.sessions, strict=True):
        if session is not eased and session != eased:
            yield from _of_a_session(session, eased, stays=eased.pinned or session.id in after.held)


def _of_a_session(session: Session, eased: Session, *, stays: bool) -> Iterator[Edit]:
    if session.minutes != eased.minutes and stays:
        yield Resize(session.id, eased.minutes)
    if session.audience != eased.audience:
        yield SetAudience(session.id, eased.audience)
    if session.pinned and not eased.pinned and not stays:
        yield Unpin(session.id)
