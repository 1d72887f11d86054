"""Requests that make something and may come again: the second time they make nothing, and name what was made.

A key belongs to who sent it.  It is written in the transaction that makes the thing, so there is no moment at which
one is there without the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from webapp.services.clock import now_utc
from webapp.services.errors import Invalid
from webapp.store.rows import RequestKeyRow

KEPT = timedelta(days=7)


@dataclass(frozen=True)
class RequestKey:
    """What a request is recognised by when it comes again."""

    key: str
    editor_id: str
    content_hash: str


def content_hash(parts: Iterable[bytes]) -> str:
    """The hash of all that a request says."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.hexdigest()


def made_before(session: Session, key: RequestKey) -> dict[str, Any] | None:
    """What the request has made already.  Raises `Invalid` if the key was used for another request."""
    row = session.get(RequestKeyRow, (key.editor_id, key.key))
    if row is None:
        return None
    if row.content_hash != key.content_hash:
        raise Invalid("this Idempotency-Key was used for another request", place="Idempotency-Key")
    return row.made


def remember(session: Session, key: RequestKey, made: dict[str, Any]) -> None:
    """Keep what a request has made, for some days.  A twin that is under way fails when it comes here."""
    now = now_utc()
    session.execute(delete(RequestKeyRow).where(RequestKeyRow.created_at < now - KEPT))
    session.add(
        RequestKeyRow(editor_id=key.editor_id, key=key.key, content_hash=key.content_hash, made=made, created_at=now)
    )
    session.flush()
