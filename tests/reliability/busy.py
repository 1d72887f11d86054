"""A schedule with some of everything in its history, made through the services alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from fixtures import generate
from solver.conference import Conference
from webapp.auth import tokens
from webapp.events import retention
from webapp.interop.document import Imported
from webapp.services import configuring, importing, publishing, reading, refreshing, saving, undoing
from webapp.services.errors import Refusal
from webapp.store import Store
from webapp.store.rows import EditorRow, EventRow


def add_conference(store: Store, slug: str, *, sessions: int = 12, rooms: int = 4, seed: int = 1) -> Conference:
    """A generated conference with room to move, imported under this short name."""
    conference, schedule = generate.conference(seed=seed, sessions=sessions, rooms=rooms, fullness=0.3)
    importing.import_document(store, Imported(conference, schedule), slug=slug, editor_id=None)
    return conference


def editors(store: Store, count: int) -> list[str]:
    """The ids of so many new editors."""
    for _ in range(count):
        tokens.create(store, "editor")
    return store.read(lambda session: [row.id for row in session.query(EditorRow)])[-count:]


def save(store: Store, slug: str, editor: str, changes: Sequence[dict[str, Any]], **more: Any) -> saving.SaveAnswer:
    """One save on top of whatever is there."""
    version = reading.head(store, slug)["version"]
    request = saving.SaveRequest(attempt_id=str(uuid4()), expected_version=version, changes=list(changes), **more)
    return saving.save(store, slug, request, editor_id=editor)


def live_through(store: Store, slug: str, conference: Conference, steps: int, *, seed: int) -> None:
    """So many random steps of two editors: moves, facts, overrides, publications, undo and redo."""
    chance = random.Random(seed)
    people = editors(store, 2)
    for _ in range(steps):
        who = chance.choice(people)
        kind = chance.choices(("place", "fact", "publish", "undo", "redo"), (6, 3, 2, 2, 1))[0]
        if kind == "place":
            override = {"reason": f"because of {chance.random()}"}
            save(store, slug, who, [_placing(chance, conference)], override=override)
        elif kind == "fact":
            save(store, slug, who, [_fact(chance, conference)], override={"reason": "it is so"})
        else:
            _other(store, slug, who, kind)


def go_wrong(store: Store, slug: str, conference: Conference) -> None:
    """Saves that come to nothing, each in its own way, other settings, a refresh; and the oldest events are let go."""
    (who,) = editors(store, 1)
    first, second = conference.sessions[0].id, conference.sessions[1].id
    place = {"room": conference.rooms[0].id, "start": conference.clock.iso(conference.days[0].hours.start)}
    together = [{"op": "move", "session": one, **place} for one in (first, second)]
    assert save(store, slug, who, together).result == "warning_required"
    version = reading.head(store, slug)["version"]
    waiting = saving.SaveRequest(attempt_id="waits", expected_version=version, changes=together)
    assert saving.save(store, slug, waiting, editor_id=who).result == "warning_required"
    assert saving.save(store, slug, replace(waiting, cancel=True), editor_id=who).result == "cancelled"
    assert save(store, slug, who, [{"op": "resize", "session": first, "minutes": -1}]).result == "validation_failed"
    assert save(store, slug, who, [{"op": "pin", "session": "nobody"}]).result == "stale_blocked"
    settings = configuring.SettingsRequest(
        severities={"room_overlap": "warn"}, lock_policy={"leaseSeconds": 60}, preferences={"few_moves": 3}
    )
    configuring.configure(store, slug, settings, editor_id=who)
    refreshing.refresh(store, slug, spread_seconds=5, editor_id=who)
    middle = select(EventRow.time).where(EventRow.seq == reading.head(store, slug)["lastSeq"] // 2)
    before = store.read(lambda session: session.scalar(middle))
    assert before is not None
    assert retention.trim(store, before=before)


def _other(store: Store, slug: str, who: str, kind: Any) -> None:
    version = reading.head(store, slug)["version"]
    try:
        if kind == "publish":
            publishing.publish(store, slug, expected_version=version, editor_id=who)
        else:
            request = undoing.UndoRequest(
                direction=kind, expected_version=version, attempt_id=str(uuid4()), override={"reason": "back"}
            )
            undoing.undo(store, slug, request, editor_id=who)
    except Refusal:
        pass  # there may be nothing to undo, or conflicts that block


def _placing(chance: random.Random, conference: Conference) -> dict[str, Any]:
    session = chance.choice(conference.sessions).id
    if chance.random() < 0.1:
        return {"op": "unplace", "session": session}
    day = chance.choice(conference.days).hours
    start = conference.clock.iso(chance.choice(conference.clock.starts(day.start, day.end)))
    return {"op": "move", "session": session, "room": chance.choice(conference.rooms).id, "start": start}


def _fact(chance: random.Random, conference: Conference) -> dict[str, Any]:
    session = chance.choice(conference.sessions).id
    day = chance.choice(conference.days).hours
    start = chance.randrange(day.start, day.end - 30)
    stretch = {"from": conference.clock.iso(start), "to": conference.clock.iso(start + 30)}
    return chance.choice(
        (
            {"op": "set_audience", "session": session, "audience": chance.randrange(500)},
            {"op": "resize", "session": session, "minutes": chance.randrange(10, 90, 5)},
            {"op": chance.choice(("pin", "unpin")), "session": session},
            {"op": "close_room", "room": chance.choice(conference.rooms).id, **stretch},
            {"op": "person_unavailable", "person": chance.choice(conference.people).id, **stretch},
        )
    )
