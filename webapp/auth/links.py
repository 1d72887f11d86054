"""One-time sign-in links."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from sqlalchemy import update
from sqlalchemy.orm import Session

from webapp.auth import people, sign_ins
from webapp.auth.identity import granted
from webapp.auth.secrets import digest, fresh
from webapp.services.clock import now_utc
from webapp.store import Store
from webapp.store.rows import EditorRow, LinkRow

LIFETIME = timedelta(hours=24)


def create(store: Store, role: str = "admin") -> str:
    """The token of a new link, good once and for a day; only its hash is kept.  Whoever comes with it gets the role.

    Raises `ValueError` for a role that nobody can be given.
    """
    granted(role)
    token = fresh("cbl")
    store.write(lambda session: session.add(_link(token, role, editor_id=None)))
    return token


def create_for(store: Store, name: str) -> str:
    """The token of a new link for a person.  Raises `NotFound` if nobody has the name."""
    token = fresh("cbl")

    def work(session: Session) -> None:
        editor = session.get_one(EditorRow, people.called_id(session, name))
        session.add(_link(token, editor.role, editor_id=editor.id))

    store.write(work)
    return token


def redeem(store: Store, token: str, *, lifetime: timedelta) -> str | None:
    """Sign in with a link: the cookie's value, or None if the link is unknown, used or too old."""

    def work(session: Session) -> str | None:
        now = now_utc()
        used = session.execute(
            update(LinkRow)
            .where(LinkRow.hash == digest(token), LinkRow.used_at.is_(None), LinkRow.expires_at > now)
            .values(used_at=now)
            .returning(LinkRow.role, LinkRow.editor_id)
        ).one_or_none()
        if used is None:
            return None
        editor_id = used.editor_id
        if editor_id is None:
            editor_id = str(uuid4())
            session.add(EditorRow(id=editor_id, name=used.role, role=used.role, created_at=now))
            session.flush()
        return sign_ins.begin(session, editor_id, now=now, lifetime=lifetime)

    return store.write(work)


def _link(token: str, role: str, *, editor_id: str | None) -> LinkRow:
    now = now_utc()
    return LinkRow(hash=digest(token), editor_id=editor_id, role=role, created_at=now, expires_at=now + LIFETIME)
