"""Violations and answers: facts to JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from solver.answer import Answer, Evidence, Progress, Relaxation, Repair
from solver.conference import Conference, Minute, Placement
from solver.edits import Edit, OpenRoom, PersonAvailable, Resize, SetAudience, Unpin
from solver.rules.violation import Violation

if TYPE_CHECKING:
    from solver.cost_map import Stretch


def violation_json(conference: Conference, violation: Violation, *, camel: bool, offset: bool) -> dict[str, Any]:
    """One violation: times with their offset (`offset`) or local."""
    say = _clock_face(conference, offset)
    optional = {"person": violation.person, "room": violation.room, "group": violation.group}
    told = (
        {"rule": violation.rule, "sessions": list(violation.sessions)}
        | {key: value for key, value in optional.items() if value is not None}
        | {"from": say(violation.start), "to": say(violation.end), "message": violation.message}
    )
    return camel_keys(told) if camel else told


def answer_json(conference: Conference, answer: Answer, *, camel: bool, offset: bool) -> dict[str, Any]:
    """The answer of a repair."""
    say = _clock_face(conference, offset)
    told = {
        "status": answer.status,
        "moved": answer.moved,
        "moved_lower_bound": answer.moved_lower_bound,
        "price": answer.price,
        "price_lower_bound": answer.price_lower_bound,
        "violations_before": answer.violations_before,
        "repairs": [_repair_json(repair, say) for repair in answer.repairs],
        "reasons": list(answer.reasons),
        "relaxations": [_relaxation_json(one, say) for one in answer.relaxations],
        "certificate": {
            "moved": _evidence_json(answer.certificate.moved),
            "price": _evidence_json(answer.certificate.price),
            "infeasible": _evidence_json(answer.certificate.infeasible),
        },
        "seconds": round(answer.seconds, 6),
    }
    return camel_keys(told) if camel else told


def progress_json(conference: Conference, progress: Progress) -> dict[str, Any]:
    """How far a repair has come, with the best one in hand."""
    best = None if progress.best is None else progress.best()
    return {
        "moved": None if best is None else best.moved,
        "moved_lower_bound": progress.moved_lower_bound,
        "price": None if best is None else best.price,
        "repair": None if best is None else _repair_json(best, conference.clock.iso),
        "seconds": round(progress.seconds, 6),
    }


def stretch_json(conference: Conference, stretch: Stretch) -> dict[str, Any]:
    """Cells of a cost map for which the same holds."""
    say = conference.clock.iso
    return {
        "room": stretch.room,
        "from": say(stretch.first),
        "to": say(stretch.last),
        "verdict": stretch.verdict,
        "others": stretch.others,
        "reasons": [violation_json(conference, one, camel=True, offset=True) for one in stretch.reasons],
    }


def _relaxation_json(relaxation: Relaxation, say: Callable[[Minute], str]) -> dict[str, Any]:
    edits = [_edit_json(edit, say) for edit in relaxation.edits]
    return {"message": relaxation.message, "moved": relaxation.moved, "price": relaxation.price, "edits": edits}


def _edit_json(edit: Edit, say: Callable[[Minute], str]) -> dict[str, Any]:
    """The edits that a relaxation may be."""
    match edit:
        case OpenRoom(room, time):
            return {"op": "open_room", "room": room, "from": say(time.start), "to": say(time.end)}
        case PersonAvailable(person, time):
            return {"op": "person_available", "person": person, "from": say(time.start), "to": say(time.end)}
        case Resize(session, minutes):
            return {"op": "resize", "session": session, "minutes": minutes}
        case SetAudience(session, audience):
            return {"op": "set_audience", "session": session, "audience": audience}
        case Unpin(session):
            return {"op": "unpin", "session": session}
    raise AssertionError(f"no relaxation is {edit}")


def _evidence_json(evidence: Evidence | None) -> dict[str, str | None] | None:
    return None if evidence is None else {"by": evidence.by, "confirmed": evidence.confirmed_by}


def camel_keys(told: dict[str, Any]) -> dict[str, Any]:
    """The same object with its own keys in camelCase; values keep their spelling."""
    return {_camel(key): value for key, value in told.items()}


def _camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _clock_face(conference: Conference, offset: bool) -> Callable[[Minute], str]:
    return conference.clock.iso if offset else conference.clock.text


def _repair_json(repair: Repair, say: Callable[[Minute], str]) -> dict[str, Any]:
    moves = [
        {"session": move.session, "from": _placement_json(move.origin, say), "to": _placement_json(move.target, say)}
        for move in repair.moves
    ]
    return {"moves": moves, "moved": repair.moved, "price": repair.price, "proved": repair.proved}


def _placement_json(placement: Placement | None, say: Callable[[Minute], str]) -> dict[str, str] | None:
    return None if placement is None else {"room": placement.room, "start": say(placement.start)}
