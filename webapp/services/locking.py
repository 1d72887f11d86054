"""The lock policy: where locks are required, nobody moves a session that somebody else has in hand."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from solver.conference import Conference
from webapp.services.differences import PLACE, Change
from webapp.services.errors import Locked, Unavailable
from webapp.store import Store
from webapp.store.rows import ScheduleRow

LOCK_POLICY: Mapping[str, Any] = {"mode": "advisory", "leaseSeconds": 30}
"""Unless told otherwise: a lock warns others and forbids nothing, and lapses unless it is renewed."""
_MOVING = frozenset({*PLACE, "minutes"})

log = logging.getLogger(__name__)


def policy_of(row: ScheduleRow) -> dict[str, Any]:
    """The lock policy of a schedule."""
    return {**LOCK_POLICY, **row.settings.get("lockPolicy", {})}


def respect(
    store: Store,
    session: Session,
    row: ScheduleRow,
    conference: Conference,
    changes: Iterable[Change],
    editor_id: str | None,
) -> None:
    """Refuse changes that move what another editor has locked, where the policy says so.  Raises `Locked`."""
    if policy_of(row)["mode"] != "required":
        return
    moved = {one.id for one in changes if one.resource == "session" and _MOVING & set(one.fields)}
    try:
        held = [one for one in store.locks.held(session, row.id) if one.session_id in moved]
    except Unavailable:
        # What keeps work safe is the version; a Redis that is away must not stop everybody.
        log.warning("the locks could not be looked up; a save goes on without them")
        return
    others = [one for one in held if one.holder.editor_id != editor_id]
    if others:
        named = {f"{one.holder.name} has '{conference.session[one.session_id].title}' in hand" for one in others}
        whose = " and ".join(sorted(named))
        raise Locked(f"{whose}: wait, or ask", locks=[one.json() for one in others])
