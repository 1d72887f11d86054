"""One-time sign-in links."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from sqlalchemy.orm import Session

from webapp.auth import people, sign_ins
from webapp.auth.identity import granted
from webapp.auth.journal import Journal
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

    def work(session: Session) -> None:
        journal = Journal(session)
        journal.keep(_link(token, role, editor_id=None))
        journal.note("link-made", None, role=role)

    store.write(work)
    return token


def create_for(store: Store, called: str, *, by: str | None = None) -> str:
    """The token of a new link for a person.  Raises `NotFound` if nobody is called so."""
    token = fresh("cbl")

    def work(session: Session) -> None:
        journal = Journal(session, by)
        editor = session.get_one(EditorRow, people.called_id(session, called))
        journal.keep(_link(token, editor.role, editor_id=editor.id))
        journal.note("link-made", editor.id, role=editor.role)

    store.write(work)
    return token


def redeem(store: Store, token: str, *, lifetime: timedelta) -> str | None:
    """Sign in with a link: the cookie's value, or None if the link is unknown, used or too old."""

    def work(session: Session) -> str | None:
        journal, now = Journal(session), now_utc()
        link = session.get(LinkRow, digest(token), with_for_update=True)
        if link is None or link.used_at is not None or link.expires_at <= now:
            return None
        link.used_at = now
        editor_id = link.editor_id
        if editor_id is None:
            editor_id = str(uuid4())
            journal.keep(EditorRow(id=editor_id, name=link.role, role=link.role, created_at=now))
            session.flush()
        journal.by = editor_id
        journal.keep(link)
        cookie = sign_ins.begin(journal, editor_id, now=now, lifetime=lifetime)
        journal.note("link-used", editor_id, role=link.role)
        return cookie

    return store.write(work)


def _link(token: str, role: str, *, editor_id: str | None) -> LinkRow:
    now = now_utc()
    return LinkRow(hash=digest(token), editor_id=editor_id, role=role, created_at=now, expires_at=now + LIFETIME)
