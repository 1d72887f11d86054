"""Now and next in every room, as attendees see the schedule."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from solver.conference import Conference
from solver.grid import LocalTimeError
from webapp.services.clock import now_utc
from webapp.services.errors import Invalid
from webapp.services.reading import find, published_facts
from webapp.services.views import session_json
from webapp.store import Facts, Store


def now_and_next(store: Store, reference: str, at: str | None) -> dict[str, Any]:
    """What is on in each room at a moment, and what follows; a bare time is conference time."""

    def work(session: Session) -> Facts:
        return published_facts(store, session, find(session, reference))[0]

    facts = store.read(work)
    conference = facts.conference
    minute = _minute(conference, at)
    return {"at": conference.clock.iso(minute), "rooms": _rooms(facts, minute)}


def _rooms(facts: Facts, minute: int) -> list[dict[str, Any]]:
    conference = facts.conference
    running: dict[str, tuple[int, str]] = {}
    coming: dict[str, tuple[int, str]] = {}
    for session, placement in facts.schedule.items():
        starts = (placement.start, session)
        if placement.start > minute:
            coming[placement.room] = min(coming.get(placement.room, starts), starts)
        elif minute < conference.end(session, placement):
            running[placement.room] = max(running.get(placement.room, starts), starts)
    return [
        {"roomId": room.id, "now": _told(facts, running.get(room.id)), "next": _told(facts, coming.get(room.id))}
        for room in conference.rooms
    ]


def _told(facts: Facts, found: tuple[int, str] | None) -> dict[str, Any] | None:
    if found is None:
        return None
    _, identifier = found
    conference = facts.conference
    return session_json(conference, conference.session[identifier], facts.schedule[identifier], public=True)


def _minute(conference: Conference, at: str | None) -> int:
    if at is None:
        return conference.clock.minute(now_utc().replace(second=0, microsecond=0))
    try:
        # A plus sign in an address means a space, and offsets are often sent unescaped.
        moment = datetime.fromisoformat(at.strip().replace(" ", "+") if "T" in at else at)
        return conference.clock.minute(moment.replace(second=0, microsecond=0))
    except LocalTimeError as error:
        raise Invalid(f"at: {error}", place="at") from None
    except (ValueError, OverflowError):
        raise Invalid("at: it is not a time like 2025-02-01T10:00", place="at") from None
