"""Bearer tokens: how programs act."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from webapp.auth import people
from webapp.auth.identity import Identity, confined, granted
from webapp.auth.journal import Journal
from webapp.auth.secrets import digest, fresh
from webapp.services.clock import now_utc
from webapp.services.errors import Invalid, NotFound
from webapp.store import Store
from webapp.store.rows import EditorRow, TokenRow

SHORTEST_ID = 6
ID_LENGTH = 12
"""A token is called by the beginning of its hash, which tells nothing about it."""


@dataclass(frozen=True)
class Token:
    """A token as it is listed: never the token itself, which nobody knows but its owner."""

    id: str
    name: str
    role: str
    scopes: tuple[str, ...] | None
    """None where it may do all that its role may."""
    created_at: datetime
    expires_at: datetime | None

    @property
    def is_valid(self) -> bool:
        return self.expires_at is None or self.expires_at > now_utc()


def create(
    store: Store,
    role: str,
    *,
    name: str = "token",
    scopes: Iterable[str] | None = None,
    expires_at: datetime | None = None,
    by: str | None = None,
) -> str:
    """A new token; it is shown this once and only its hash is kept.

    Raises `ValueError` for a role that nobody can be given or a scope that it has no use for, `Invalid` for a name that
    cannot be.
    """
    people.check_name(name)
    granted(role)
    allowed = None if scopes is None else confined(role, scopes)
    token = fresh("cbt")

    def work(session: Session) -> None:
        journal, now = Journal(session, by), now_utc()
        editor = EditorRow(id=str(uuid4()), name=name, role=role, created_at=now)
        journal.keep(editor)
        session.flush()
        journal.keep(
            TokenRow(hash=digest(token), editor_id=editor.id, created_at=now, scopes=allowed, expires_at=expires_at)
        )
        journal.note("token-made", editor.id, role=role, scopes=allowed)

    store.write(work)
    return token


def identify(session: Session, token: str) -> Identity | None:
    """Who a token stands for; None if it is unknown or has run out."""
    found = session.execute(
        select(EditorRow, TokenRow.scopes)
        .join(TokenRow, TokenRow.editor_id == EditorRow.id)
        .where(
            TokenRow.hash == digest(token),
            or_(TokenRow.expires_at.is_(None), TokenRow.expires_at > now_utc()),
        )
    ).one_or_none()
    if found is None:
        return None
    editor, scopes = found
    return Identity(editor.id, granted(editor.role), editor.name, None if scopes is None else frozenset(scopes))


def listing(store: Store) -> list[Token]:
    """Every token, the oldest first; those that have run out too."""
    query = select(TokenRow, EditorRow).join(EditorRow, EditorRow.id == TokenRow.editor_id)

    def work(session: Session) -> list[Token]:
        found = session.execute(query.order_by(TokenRow.created_at, TokenRow.hash))
        return [_token(row, editor) for row, editor in found]

    return store.read(work)


def revoke(store: Store, identifier: str, *, by: str | None = None) -> None:
    """End a token, by its id or the beginning of it.  Raises `NotFound`, and `Invalid` if several begin so."""

    def work(session: Session) -> None:
        journal = Journal(session, by)
        known = len(identifier) >= SHORTEST_ID and identifier.isalnum()
        query = select(TokenRow).where(TokenRow.hash.startswith(identifier.lower())).limit(2)
        found = session.scalars(query).all() if known else []
        if not found:
            raise NotFound(f"there is no token '{identifier}'")
        if len(found) > 1:
            raise Invalid(f"several tokens begin with '{identifier}': give more of the id", place="id")
        [row] = found
        editor = session.get_one(EditorRow, row.editor_id)
        editor.removed_at = now_utc()
        journal.keep(editor)
        journal.end(TokenRow, TokenRow.hash == row.hash)
        journal.note("token-revoked", editor.id)

    store.write(work)


def _token(row: TokenRow, editor: EditorRow) -> Token:
    scopes = None if row.scopes is None else tuple(row.scopes)
    return Token(row.hash[:ID_LENGTH], editor.name, editor.role, scopes, row.created_at, row.expires_at)
