"""Edits as files have them, so that a case can be handed to the command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from solver.conference import Conference, Interval
from solver.edits import CloseRoom, Edit, Move, PersonUnavailable, Pin, Resize, SetAudience, Swap, Unpin, Unplace


def edits_json(conference: Conference, edits: Sequence[Edit]) -> list[dict[str, Any]]:
    """What `read_edits` reads again."""
    return [_edit_json(conference, edit) for edit in edits]


def _edit_json(conference: Conference, edit: Edit) -> dict[str, Any]:
    match edit:
        case Move(session, room, start):
            told = {"room": room, "start": None if start is None else conference.clock.iso(start)}
            return {
                "op": "move",
                "session": session,
                **{key: value for key, value in told.items() if value is not None},
            }
        case Resize(session, minutes):
            return {"op": "resize", "session": session, "minutes": minutes}
        case Swap(first, second):
            return {"op": "swap", "sessions": [first, second]}
        case Unplace(session):
            return {"op": "unplace", "session": session}
        case Pin(session):
            return {"op": "pin", "session": session}
        case Unpin(session):
            return {"op": "unpin", "session": session}
        case CloseRoom(room, closed):
            return {"op": "close_room", "room": room, **_interval_json(conference, closed)}
        case PersonUnavailable(person, away):
            return {"op": "person_unavailable", "person": person, **_interval_json(conference, away)}
        case SetAudience(session, audience):
            return {"op": "set_audience", "session": session, "audience": audience}
        case _:
            raise AssertionError(f"no case has {edit}")


def _interval_json(conference: Conference, interval: Interval) -> dict[str, str]:
    return {"from": conference.clock.iso(interval.start), "to": conference.clock.iso(interval.end)}
