"""Browsers that are signed in: a random cookie, its hash in the database, an end."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from webapp.auth.identity import Identity, granted
from webapp.auth.journal import Journal
from webapp.auth.secrets import digest, fresh
from webapp.services.clock import now_utc
from webapp.store import Store
from webapp.store.rows import EditorRow, SignInRow


def begin(journal: Journal, editor_id: str, *, now: datetime, lifetime: timedelta) -> str:
    """A new sign-in; the cookie's value.  Sign-ins that ended are cleared away.  The caller notes it."""
    cookie = fresh("cbs")
    journal.end(SignInRow, SignInRow.expires_at <= now)
    journal.keep(SignInRow(hash=digest(cookie), editor_id=editor_id, created_at=now, expires_at=now + lifetime))
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
    where = SignInRow.hash == digest(cookie)

    def work(session: Session) -> None:
        editor_id = session.scalar(select(SignInRow.editor_id).where(where))
        if editor_id is not None:
            _end(session, editor_id, where)

    store.write(work)


def end_all(store: Store, editor_id: str) -> None:
    """Sign somebody out of every browser."""
    store.write(lambda session: _end(session, editor_id, SignInRow.editor_id == editor_id))


def _end(session: Session, editor_id: str, where: ColumnElement[bool]) -> None:
    journal = Journal(session, by=editor_id)
    journal.end(SignInRow, where)
    journal.note("signed-out", editor_id)


def count(store: Store, editor_id: str) -> int:
    """In how many browsers somebody is signed in."""
    query = select(func.count()).where(SignInRow.editor_id == editor_id, SignInRow.expires_at > now_utc())
    return store.read(lambda session: session.scalar(query) or 0)
