"""Refreshing: every screen reads the schedule afresh."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from webapp.events import log
from webapp.events.types import Event
from webapp.services import auditing
from webapp.services.clock import now_utc
from webapp.services.reading import find
from webapp.services.views import head_json
from webapp.store import Store


def refresh(store: Store, reference: str, *, spread_seconds: int, editor_id: str | None) -> dict[str, Any]:
    """Ask whoever follows the schedule to read it afresh within so many seconds; how it stands."""

    def work(session: Session) -> dict[str, Any]:
        row = find(session, reference, lock=True)
        now, told = now_utc(), {"spreadSeconds": spread_seconds}
        log.append(session, row, [Event("schedule.refreshed", {**told, "editorId": editor_id})], now=now)
        auditing.record(
            session, row, "refresh", {"changes": [], **told, "seq": row.last_seq}, editor_id=editor_id, now=now
        )
        return {**head_json(row), **told}

    return store.write(work)
