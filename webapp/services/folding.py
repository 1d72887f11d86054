"""Edits as a save takes them: each session placed at most once and resized at most once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from solver.conference import Conference, Placement
from solver.edits import Edit, Edited, Move, Resize, Swap, Unplace
from webapp.schemas.bulk import sessions_named


def placed_by(edit: Edit) -> tuple[str, ...]:
    """The sessions that an edit places, moves or takes out."""
    match edit:
        case Move(session) | Unplace(session):
            return (session,)
        case Swap(first, second):
            return first, second
    return ()


def missing_session(conference: Conference, changes: Any) -> str | None:
    """A session that the changes name, as they were sent, and the conference does not have."""
    return next((session for session in named_sessions(changes) if session not in conference.session), None)


def named_sessions(changes: Any) -> list[str]:
    """The sessions that the changes name, as they were sent, each once."""
    found = [
        session
        for change in (changes if isinstance(changes, list) else [])
        if isinstance(change, dict)
        for session in sessions_named(change)
        if isinstance(session, str)
    ]
    return list(dict.fromkeys(found))


def repeated(edits: Sequence[Edit]) -> str | None:
    """A sentence about a session that is placed or resized more than once; None if there is none."""
    placed = Counter(session for edit in edits for session in placed_by(edit))
    resized = Counter(edit.session for edit in edits if isinstance(edit, Resize))
    for counted, verb in ((placed, "placed"), (resized, "resized")):
        for session, times in counted.items():
            if times > 1:
                return f"session '{session}' is {verb} {times} times; once is all that a save can do"
    return None


def fold(
    requested: Sequence[Mapping[str, Any]], edits: Sequence[Edit], edited: Edited, moves: Mapping[str, Placement]
) -> list[dict[str, Any]]:
    """The changes that make a repair true: the requested edits, folded, and one move per entry of `moves`.

    `requested` are the edits as they were sent, `edits` the same ones as read, `edited` what they lead to.
    """
    superseded = {session for edit in edits for session in placed_by(edit) if session in moves}
    if repeated(edits) is None and not superseded:
        kept = [dict(one) for one in requested]
    else:
        kept = _facts_and_last_resizes(requested, edits) + _final_places(edits, edited, moves)
    return kept + [move_json(edited.conference, session, target) for session, target in moves.items()]


def move_json(conference: Conference, session: str, placement: Placement) -> dict[str, Any]:
    """The edit that puts a session in its place."""
    return {"op": "move", "session": session, "room": placement.room, "start": conference.clock.iso(placement.start)}


def _facts_and_last_resizes(requested: Sequence[Mapping[str, Any]], edits: Sequence[Edit]) -> list[dict[str, Any]]:
    last = {edit.session: index for index, edit in enumerate(edits) if isinstance(edit, Resize)}
    return [
        dict(one)
        for index, (one, edit) in enumerate(zip(requested, edits, strict=True))
        if not placed_by(edit) and (not isinstance(edit, Resize) or last[edit.session] == index)
    ]


def _final_places(edits: Sequence[Edit], edited: Edited, moves: Collection[str]) -> list[dict[str, Any]]:
    final: list[dict[str, Any]] = []
    for session in dict.fromkeys(session for edit in edits for session in placed_by(edit)):
        placement = edited.schedule.get(session)
        if placement is not None:
            final.append(move_json(edited.conference, session, placement))
        elif session not in moves:
            final.append({"op": "unplace", "session": session})
    return final
