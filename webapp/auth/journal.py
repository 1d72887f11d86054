"""The record of access: who was let in, with which role and by whom; and seals of all that lets somebody in.

Accounts, tokens, links and sign-ins are what an intruder in the database would change.  Whatever changes one of their
rows makes an entry here, chained to the one before like the audit's, with the digests of the rows as they are then: so
`verify` can tell which row is not as it was granted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session, aliased

from webapp.sealing import NOTHING, canonical, digest, first_broken
from webapp.services.clock import now_utc
from webapp.store import Store
from webapp.store.rows import AccessHeadRow, AccessRow, EditorRow, LinkRow, SignInRow, TokenRow

Sealed = EditorRow | TokenRow | LinkRow | SignInRow
SEALED: tuple[type[Sealed], ...] = (EditorRow, TokenRow, LinkRow, SignInRow)
HEAD = 1


class Journal:
    """What one transaction does to access; nobody else's does anything of the kind until it ends.

    `keep` and `end` change rows, `note` makes an entry of what was changed since the last one, if anything was.
    """

    def __init__(self, session: Session, by: str | None = None) -> None:
        self.session = session
        self.by = by
        """The id of whoever does it; None for a command on the machine itself."""
        self._kept: list[Sealed] = []
        self._ended: list[str] = []
        self._head = session.get_one(AccessHeadRow, HEAD, with_for_update=True)

    def keep(self, *rows: Sealed) -> None:
        """Rows that are new, or that were changed."""
        self.session.add_all(rows)
        self._kept += rows

    def end(self, table: type[TokenRow] | type[LinkRow] | type[SignInRow], *where: ColumnElement[bool]) -> None:
        """Delete the rows of a table for which all of that is so."""
        gone = self.session.scalars(delete(table).where(*where).returning(table.hash))
        self._ended += [f"{table.__tablename__} {one}" for one in gone]

    def note(self, action: str, about: str | None, *, role: str | None = None, scopes: list[str] | None = None) -> None:
        """Say what was done to whose access: `about` is an editor's id, or None for nobody in particular."""
        self.session.flush()
        seals = dict.fromkeys(self._ended) | {name_of(row): seal_of(row) for row in self._kept}
        self._kept, self._ended = [], []
        if not seals:
            return
        entry = AccessRow(
            number=self._head.number + 1,
            action=action,
            editor_id=about,
            by_id=self.by,
            created_at=now_utc(),
            details=canonical({"role": role, "scopes": scopes, "seals": seals}),
            previous_hash=self._head.hash,
        )
        entry.hash = hash_of(entry)
        self.session.add(entry)
        self._head.number, self._head.hash = entry.number, entry.hash


def name_of(row: Sealed) -> str:
    """What a row is called in entries: its table and its key."""
    return f"{row.__tablename__} {row.id if isinstance(row, EditorRow) else row.hash}"


def seal_of(row: Sealed) -> str:
    """The digest of everything in a row."""
    columns = sorted(column.key for column in row.__mapper__.column_attrs)
    return digest((row.__tablename__, *(getattr(row, name) for name in columns)))


def hash_of(entry: AccessRow) -> str:
    """The hash that an entry must have: over everything in it and the hash before."""
    return digest(
        (
            entry.previous_hash,
            entry.number,
            entry.action,
            entry.editor_id,
            entry.by_id,
            entry.created_at,
            entry.details,
        )
    )


# --- looking back -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """An entry as people are told it."""

    number: int
    action: str
    created_at: datetime
    by: str | None
    """The name of whoever did it; None for a command on the machine itself."""
    whom: str | None
    """The name of whom it is about; None for a link for nobody in particular."""
    role: str | None
    scopes: list[str] | None


def latest(store: Store, limit: int) -> list[Entry]:
    """The last entries, newest first."""
    whom, who = aliased(EditorRow), aliased(EditorRow)
    query = (
        select(AccessRow, whom.name, who.name)
        .outerjoin(whom, whom.id == AccessRow.editor_id)
        .outerjoin(who, who.id == AccessRow.by_id)
        .order_by(AccessRow.number.desc())
        .limit(limit)
    )

    def work(session: Session) -> list[Entry]:
        return [_entry(row, about, by) for row, about, by in session.execute(query)]

    return store.read(work)


def _entry(row: AccessRow, whom: str | None, by: str | None) -> Entry:
    details = json.loads(row.details)
    return Entry(row.number, row.action, row.created_at, by, whom, details["role"], details["scopes"])


# --- verifying --------------------------------------------------------------------------------------------------------


def findings(session: Session) -> Iterator[tuple[str, str]]:
    """Places and what is wrong there: the chain, then every row against what was noted of it last."""
    entries = session.scalars(select(AccessRow).order_by(AccessRow.number)).all()
    broken = first_broken(entries, hash_of)
    if broken is not None:
        yield f"access entry {broken}", "it is missing, or it or what stands before it was changed"
        return
    heads = [(row.id, row.number, row.hash) for row in session.scalars(select(AccessHeadRow))]
    if heads != [(HEAD, len(entries), entries[-1].hash if entries else NOTHING)]:
        # What a forged entry says is nothing to go by, and need not even be JSON.
        yield "access head", "it is not the last entry of the record of access"
        return
    expected: dict[str, Any] = {}
    for entry in entries:
        expected |= json.loads(entry.details)["seals"]
    for table in SEALED:
        for row in cast(Iterable[Sealed], session.scalars(select(table))):
            seal = expected.pop(name_of(row), None)
            if seal is None:
                yield _place(name_of(row)), "the record of access does not know it"
            elif seal != seal_of(row):
                yield _place(name_of(row)), "it is not as it was granted"
    for name, seal in expected.items():
        if seal is not None:
            yield _place(name), "it is missing"


def _place(name: str) -> str:
    """A row's name as people are told it; of a hash, the beginning will do."""
    table, _, key = name.partition(" ")
    return f"{table.replace('_', '-')} {key if table == EditorRow.__tablename__ else key[:12]}"
