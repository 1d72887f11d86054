"""Bearer tokens: how programs act."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.auth.identity import Identity, granted
from webapp.auth.secrets import digest, fresh
from webapp.services.clock import now_utc
from webapp.store import Store
from webapp.store.rows import EditorRow, TokenRow


def create(store: Store, role: str, *, name: str = "token") -> str:
    """A new token; it is shown this once and only its hash is kept.

    Raises `ValueError` for a role that nobody can be given.
    """
    granted(role)
    token = fresh("cbt")

    def work(session: Session) -> None:
        now = now_utc()
        editor = EditorRow(id=str(uuid4()), name=name, role=role, created_at=now)
        session.add(editor)
        session.flush()
        session.add(TokenRow(hash=digest(token), editor_id=editor.id, created_at=now))

    store.write(work)
    return token


def identify(session: Session, token: str) -> Identity | None:
    """Who a token stands for."""
    editor = session.scalar(
        select(EditorRow).join(TokenRow, TokenRow.editor_id == EditorRow.id).where(TokenRow.hash == digest(token))
    )
    return None if editor is None else Identity(editor.id, granted(editor.role))
