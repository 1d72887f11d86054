"""Now and next in every room, as attendees see the schedule."""

from __future__ import annotations

import json
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
from webapp.store.rows import ScheduleRow


def now_and_next(store: Store, reference: str, at: str | None) -> bytes:
    """What is on in each room at a moment, and what follows, as JSON; a bare time is conference time.

    For the present it is put together once a minute, however many ask.
    """

    def work(session: Session) -> bytes:
        facts = published_facts(store, session, find(session, reference))[0]
        minute = _minute(facts.conference, at)
        if at is not None:
            return _told(facts, minute)
        key = f"{facts.schedule_id} {facts.version} now", minute
        told = store.rendered.get(*key)
        if told is None:
            told = _told(facts, minute)
            store.rendered.remember(*key, told)
        return told

    return store.read(work)


def pushed(store: Store, schedule_id: str) -> dict[str, Any] | None:
    """The same for the feed, at the present minute, with the sessions' ids alone; None if nothing is on or follows."""

    def work(session: Session) -> dict[str, Any] | None:
        row = session.get(ScheduleRow, schedule_id)
        if row is None or row.published_version is None:
            return None
        facts = published_facts(store, session, row)[0]
        minute = _minute(facts.conference, None)
        rooms = [
            {"roomId": room, "now": running, "next": following} for room, running, following in in_rooms(facts, minute)
        ]
        if not any(one["now"] or one["next"] for one in rooms):
            return None
        return {"at": facts.conference.clock.iso(minute), "rooms": rooms}

    return store.read(work)


def in_rooms(facts: Facts, minute: int) -> list[tuple[str, str | None, str | None]]:
    """Each room with the session that is on and the one that follows.

    Where one runs on into the next, the one that began last is on.
    """
    conference = facts.conference
    running: dict[str, tuple[int, str]] = {}
    coming: dict[str, tuple[int, str]] = {}
    for session, placement in facts.schedule.items():
        starts = (placement.start, session)
        if placement.start > minute:
            coming[placement.room] = min(coming.get(placement.room, starts), starts)
        elif minute < conference.end(session, placement):
            running[placement.room] = max(running.get(placement.room, starts), starts)
    nothing = (0, None)
    return [(room.id, running.get(room.id, nothing)[1], coming.get(room.id, nothing)[1]) for room in conference.rooms]


def _told(facts: Facts, minute: int) -> bytes:
    conference = facts.conference

    def session(identifier: str | None) -> dict[str, Any] | None:
        if identifier is None:
            return None
        return session_json(conference, conference.session[identifier], facts.schedule[identifier], public=True)

    rooms = [
        {"roomId": room, "now": session(running), "next": session(following)}
        for room, running, following in in_rooms(facts, minute)
    ]
    told = {"at": conference.clock.iso(minute), "rooms": rooms}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


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
