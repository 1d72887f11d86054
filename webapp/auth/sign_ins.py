"""Browsers that are signed in: a random cookie, its hash in the database, an end."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from webapp.auth.identity import Identity, granted
from webapp.auth.secrets import digest, fresh
from webapp.services.clock import now_utc
from webapp.store import Store
from webapp.store.rows import EditorRow, SignInRow


def begin(session: Session, editor_id: str, *, now: datetime, lifetime: timedelta) -> str:
    """A new sign-in; the cookie's value.  Sign-ins that ended are cleared away."""
    cookie = fresh("cbs")
    session.execute(delete(SignInRow).where(SignInRow.expires_at <= now))
    session.add(SignInRow(hash=digest(cookie), editor_id=editor_id, created_at=now, expires_at=now + lifetime))
    return cookie


def identify(session: Session, cookie: str) -> Identity | None:
    """Who a cookie stands for."""
    editor = session.scalar(
        select(EditorRow)
        .join(SignInRow, SignInRow.editor_id == EditorRow.id)
        .where(SignInRow.hash == digest(cookie), SignInRow.expires_at > now_utc())
    )
    return None if editor is None else Identity(editor.id, granted(editor.role), editor.name)


def end(store: Store, cookie: str) -> None:
    """Sign out."""

    def work(session: Session) -> None:
        session.execute(delete(SignInRow).where(SignInRow.hash == digest(cookie)))

    store.write(work)


def end_all(store: Store, editor_id: str) -> None:
    """Sign somebody out of every browser."""

    def work(session: Session) -> None:
        session.execute(delete(SignInRow).where(SignInRow.editor_id == editor_id))

    store.write(work)


def count(store: Store, editor_id: str) -> int:
    """In how many browsers somebody is signed in."""
    query = select(func.count()).where(SignInRow.editor_id == editor_id, SignInRow.expires_at > now_utc())
    return store.read(lambda session: session.scalar(query) or 0)
