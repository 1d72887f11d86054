"""What a repair builds on, and what of that is no longer as it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from solver.answer import RepairMove
from solver.conference import Conference, Placement, Schedule, Session
from solver.edits import CloseRoom, Edit, Move, OpenRoom, PersonAvailable, PersonUnavailable, Swap
from solver.problem import Scope

Resource = Literal["session", "room", "person"]


@dataclass(frozen=True, slots=True)
class Patch:
    """Edits and the moves of a repair for them, as they were when the repair was computed.

    The `origin` of a move is where its session was then, with the edits made.
    """

    edits: tuple[Edit, ...]
    moves: tuple[RepairMove, ...]
    scope: Scope = "all"


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that the patch builds on and that has changed; `message` says how, without a full stop."""

    resource: Resource
    id: str
    message: str


def names(patch: Patch) -> Iterator[tuple[Resource, str]]:
    """What the patch touches: all that its edits name, and the sessions that it moves."""
    for edit in patch.edits:
        match edit:
            case CloseRoom(room) | OpenRoom(room):
                yield "room", room
            case PersonUnavailable(person) | PersonAvailable(person):
                yield "person", person
            case Swap(first, second):
                yield "session", first
                yield "session", second
            case _:
                yield "session", edit.session
    for move in patch.moves:
        yield "session", move.session


def gone(conference: Conference, patch: Patch) -> list[Difference]:
    """What the patch names and the conference no longer has."""
    rooms = [edit.room for edit in patch.edits if isinstance(edit, Move) and edit.room is not None]
    rooms += [move.target.room for move in patch.moves]
    named = dict.fromkeys([*names(patch), *(("room", room) for room in rooms)])
    known = {"session": conference.session, "room": conference.room, "person": conference.person}
    return [
        Difference(resource, identifier, f"there is no {resource} '{identifier}' any more")
        for resource, identifier in named
        if identifier not in known[resource]
    ]


def differences(
    conference: Conference,
    schedule: Schedule,
    edited: Schedule,
    patch: Patch,
    earlier: tuple[Conference, Schedule] | None,
) -> tuple[Difference, ...]:
    """What has changed of what the patch touches; `edited` is the schedule of now with the edits made."""
    found = gone(conference, patch)
    for move in patch.moves:
        found += _placed(conference, move.session, move.origin, edited.get(move.session))
    if earlier is not None:
        then, before = earlier
        for resource, one in names(replace(patch, moves=())):
            if resource == "session":
                found += _placed(conference, one, before.get(one), schedule.get(one))
        for resource, one in names(patch):
            found += [Difference(resource, one, said) for said in _facts(then, conference, resource, one)]
    return tuple(dict.fromkeys(found))


def _placed(
    conference: Conference, session: str, then: Placement | None, now: Placement | None
) -> Iterator[Difference]:
    if then != now and session in conference.session:
        label = conference.session[session].label
        message = f"{label} was {_where(conference, then)} and is {_where(conference, now)} now"
        yield Difference("session", session, message)


def _facts(then: Conference, now: Conference, resource: Resource, identifier: str) -> Iterator[str]:
    """How a session, a room or a person differs, apart from where it is placed."""
    if resource == "room" and identifier in then.room and identifier in now.room:
        if then.room[identifier] != now.room[identifier]:
            yield f"other facts hold for the room {now.room[identifier].label} now"
    elif resource == "person" and identifier in then.person and identifier in now.person:
        if then.person[identifier] != now.person[identifier]:
            yield f"other facts hold for {now.person[identifier].label} now"
    elif resource == "session" and identifier in then.session and identifier in now.session:
        yield from _session_facts(then.session[identifier], now.session[identifier])


def _session_facts(then: Session, now: Session) -> Iterator[str]:
    if then.minutes != now.minutes:
        yield f"{now.label} lasted {then.minutes} minutes and lasts {now.minutes} now"
    if then.pinned != now.pinned:
        yield f"{now.label} is {'pinned now' if now.pinned else 'no longer pinned'}"
    if then.audience != now.audience:
        expected = ["nobody knew how many" if one is None else f"{one} people" for one in (then.audience, now.audience)]
        yield f"{now.label}: {expected[0]} were expected before, {expected[1]} now"
    if replace(then, minutes=now.minutes, pinned=now.pinned, audience=now.audience) != now:
        yield f"other facts hold for {now.label} now"


def _where(conference: Conference, placement: Placement | None) -> str:
    if placement is None:
        return "unplaced"
    room = conference.room.get(placement.room)
    return f"in {room.label if room else placement.room} at {conference.clock.spoken(placement.start)}"
