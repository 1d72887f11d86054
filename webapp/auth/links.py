"""One-time sign-in links."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from sqlalchemy import update
from sqlalchemy.orm import Session

from webapp.auth import sign_ins
from webapp.auth.identity import granted
from webapp.auth.secrets import digest, fresh
from webapp.services.clock import now_utc
from webapp.store import Store
from webapp.store.rows import EditorRow, LinkRow

LIFETIME = timedelta(hours=24)


def create(store: Store, role: str = "admin") -> str:
    """The token of a new link, good once and for a day; only its hash is kept.

    Raises `ValueError` for a role that nobody can be given.
    """
    granted(role)
    token = fresh("cbl")

    def work(session: Session) -> None:
        now = now_utc()
        session.add(LinkRow(hash=digest(token), role=role, created_at=now, expires_at=now + LIFETIME))

    store.write(work)
    return token


def redeem(store: Store, token: str, *, lifetime: timedelta) -> str | None:
    """Sign in with a link: the cookie's value, or None if the link is unknown, used or too old."""

    def work(session: Session) -> str | None:
        now = now_utc()
        role = session.scalar(
            update(LinkRow)
            .where(LinkRow.hash == digest(token), LinkRow.used_at.is_(None), LinkRow.expires_at > now)
            .values(used_at=now)
            .returning(LinkRow.role)
        )
        if role is None:
            return None
        editor = EditorRow(id=str(uuid4()), name=role, role=role, created_at=now)
        session.add(editor)
        session.flush()
        return sign_ins.begin(session, editor.id, now=now, lifetime=lifetime)

    return store.write(work)
