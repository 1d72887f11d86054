"""Publishing: the draft becomes what attendees see."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from solver.conference import Placement
from webapp.events import log
from webapp.events.types import Event
from webapp.services import auditing, ledger
from webapp.services.clock import now_utc
from webapp.services.errors import Blocked, Stale
from webapp.services.history import changed_since
from webapp.services.reading import find, published_facts
from webapp.services.views import head_json, placement_json
from webapp.store import Facts, Store
from webapp.store.rows import PublishedRow, ScheduleRow


def publish(store: Store, reference: str, *, expected_version: int, editor_id: str | None) -> dict[str, Any]:
    """Publish the draft and say how the schedule stands then.

    Raises `Stale` if the draft is not at the expected version, `Blocked` while conflicts are unresolved.
    """

    def work(session: Session) -> dict[str, Any]:
        row = find(session, reference, lock=True)
        if row.version != expected_version:
            raise Stale(
                f"the schedule is at version {row.version}, not {expected_version}",
                version=row.version,
                changedSince=changed_since(session, row, expected_version),
            )
        conflicts = ledger.unresolved(session, row, blocking=True)
        if conflicts:
            count = (
                "one unresolved conflict blocks"
                if len(conflicts) == 1
                else f"{len(conflicts)} unresolved conflicts block"
            )
            raise Blocked(f"{count} publishing", conflicts=ledger.told(session, row, conflicts))
        if row.status != "published":
            make_public(session, store, row, store.facts(session, row), editor_id=editor_id, now=now_utc())
        return head_json(row)

    return store.write(work)


def make_public(
    session: Session,
    store: Store,
    row: ScheduleRow,
    facts: Facts,
    *,
    editor_id: str | None,
    now: datetime,
    save_attempt_id: str | None = None,
) -> None:
    """Publish `facts` inside the caller's transaction; the caller has seen that nothing blocks."""
    from webapp.schemas import callboard_json

    before, earlier = published_facts(store, session, row) if row.published_version is not None else (None, None)
    changes = _public_changes(before, facts)
    revised = {} if earlier is None else earlier.revised | {one["sessionId"]: row.version for one in changes}
    row.published_version, row.status = row.version, "published"
    told = {
        "publishedVersion": row.version,
        "changes": changes,
        "editorId": editor_id,
        "saveAttemptId": save_attempt_id,
    }
    log.append(session, row, [Event("schedule.published", told)], now=now)
    session.merge(
        PublishedRow(
            schedule_id=row.id,
            version=row.version,
            seq=row.last_seq,
            published_at=now,
            document=callboard_json(facts.conference, facts.schedule),
            revised=revised,
        )
    )
    store.remember_published(session, facts)
    auditing.record(
        session,
        row,
        "publish",
        {"changes": [], "seq": row.last_seq},
        editor_id=editor_id,
        now=now,
        save_attempt_id=save_attempt_id,
    )


def _public_changes(before: Facts | None, after: Facts) -> list[dict[str, Any]]:
    """Every session that attendees now see at another place or time than before."""
    changes = []
    for session in after.conference.sessions:
        new = _seen(after, session.id)
        old = _seen(before, session.id) if before is not None else (None, session.minutes)
        if new != old:
            previous = None if before is None else before.schedule.get(session.id)
            told = placement_json(after.conference, session.id, after.schedule.get(session.id))
            was = placement_json((before or after).conference, session.id, previous)
            if told != was:
                changes.append({"sessionId": session.id, **told, "previous": was})
    return changes


def _seen(facts: Facts, session_id: str) -> tuple[Placement | None, int]:
    return facts.schedule.get(session_id), facts.conference.session[session_id].minutes
