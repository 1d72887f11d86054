"""A room or a person that is late, on the day: solved at once, saved, and published if that is wished."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from webapp.services import saving
from webapp.services.clock import now_utc
from webapp.store import Store
from webapp.store.rows import EditorRow

COMMAND_LINE = str(UUID(int=1))
"""Who changes schedules by commands on the machine itself."""


def apply(store: Store, reference: str, version: int, changes: list[dict[str, Any]], *, publish: bool) -> Any:
    """Save changes as the command line; the answer of the save."""

    def be_somebody(session: Session) -> None:
        if session.get(EditorRow, COMMAND_LINE) is None:
            session.add(EditorRow(id=COMMAND_LINE, name="command line", role="editor", created_at=now_utc()))

    store.write(be_somebody)
    request = saving.SaveRequest(attempt_id=str(uuid4()), expected_version=version, changes=changes, publish=publish)
    return saving.save(store, reference, request, editor_id=COMMAND_LINE)
