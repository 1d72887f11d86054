"""People: who may sign in, with which role, and by which password."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from webapp.auth import passwords, sign_ins
from webapp.auth.identity import granted
from webapp.auth.journal import Journal
from webapp.services.clock import now_utc
from webapp.services.errors import Invalid, NotFound, Taken
from webapp.store import Store
from webapp.store.rows import EditorRow, LinkRow, SignInRow, TokenRow

LONGEST_NAME = 100
_NAME = re.compile(r"[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?")


@dataclass(frozen=True)
class Person:
    """Somebody who signs in."""

    editor_id: str
    name: str
    role: str
    created_at: datetime
    has_password: bool
    sign_in_name: str | None
    """None for whoever came by a link for nobody in particular, until they choose a name."""

    @property
    def called(self) -> str:
        """What commands and forms call them: by name, or by id as long as they have none."""
        return self.name if self.sign_in_name else self.editor_id


def create(store: Store, name: str, role: str, password: str | None = None, *, by: str | None = None) -> Person:
    """Let somebody sign in.  Without a password they need a one-time link first.

    Raises `Taken` if somebody has the name, `Invalid` for a name or a password that cannot be.
    """
    check_name(name)
    granted(role)
    kept = _kept(store, name, password)

    def work(session: Session) -> Person:
        journal = Journal(session, by)
        _check_free(session, name)
        row = EditorRow(id=str(uuid4()), name=name, role=role, created_at=now_utc())
        row.sign_in_name, row.password_hash = name.casefold(), kept
        journal.keep(row)
        journal.note("let-in", row.id, role=role)
        return _person(row)

    return store.write(work)


def listing(store: Store) -> list[Person]:
    """Everybody who may sign in by name; then those who are signed in and have none."""

    def work(session: Session) -> list[Person]:
        named = select(EditorRow).where(EditorRow.sign_in_name.is_not(None)).order_by(EditorRow.sign_in_name)
        nameless = _nameless().order_by(EditorRow.created_at, EditorRow.id)
        return [_person(row) for query in (named, nameless) for row in session.scalars(query)]

    return store.read(work)


def get(store: Store, editor_id: str) -> Person:
    """Somebody who acts, by id."""

    def work(session: Session) -> Person:
        row = session.get(EditorRow, editor_id)
        if row is None or row.removed_at is not None:
            raise NotFound("there is no such person")
        return _person(row)

    return store.read(work)


def set_password(store: Store, name: str, password: str) -> None:
    """Give somebody another password and end their sign-ins.  Raises `NotFound`, `Invalid`."""
    person = store.read(lambda session: _person(_named(session, name)))
    kept = _kept(store, person.name, password)

    def work(session: Session) -> None:
        journal, row = Journal(session), _named(session, name)
        row.password_hash = kept
        journal.keep(row)
        journal.end(SignInRow, SignInRow.editor_id == row.id)
        journal.note("password-set", row.id)

    store.write(work)


def choose(store: Store, editor_id: str, *, name: str, password: str, current: str, lifetime: timedelta) -> str:
    """Let somebody who is signed in choose a name, the first time, or another password; a new sign-in's cookie.

    All other sign-ins of theirs end.  Raises `Invalid`, also if the current password is wrong, and `Taken`.
    """

    def kept_now(session: Session) -> tuple[str | None, str | None]:
        row = _living(session, editor_id)
        return row.password_hash, row.name if row.sign_in_name else None

    old, known_as = store.read(kept_now)
    if old is not None and not passwords.matches(store, old, current):
        raise Invalid("that is not your present password", place="current")
    name = known_as or name.strip()
    check_name(name)
    kept = _kept(store, name, password)

    def work(session: Session) -> str:
        journal, row = Journal(session, editor_id), _living(session, editor_id)
        if row.sign_in_name is None:
            _check_free(session, name)
            row.name, row.sign_in_name = name, name.casefold()
        row.password_hash = kept
        journal.keep(row)
        journal.end(SignInRow, SignInRow.editor_id == editor_id)
        cookie = sign_ins.begin(journal, editor_id, now=now_utc(), lifetime=lifetime)
        journal.note("password-set", editor_id)
        return cookie

    return store.write(work)


def set_role(store: Store, name: str, role: str, *, by: str | None = None) -> None:
    """Give somebody another role, from their next request on.  Raises `NotFound`."""
    granted(role)

    def work(session: Session) -> None:
        journal, row = Journal(session, by), _called(session, name)
        if row.role != role:
            row.role = role
            journal.keep(row)
            journal.note("role-given", row.id, role=role)

    store.write(work)


def reset(store: Store, name: str, *, by: str | None = None) -> None:
    """Take somebody's password, and end their sign-ins: they come back by a link.  Raises `NotFound`."""

    def work(session: Session) -> None:
        journal, row = Journal(session, by), _called(session, name)
        if row.password_hash is not None:
            row.password_hash = None
            journal.keep(row)
        journal.end(SignInRow, SignInRow.editor_id == row.id)
        journal.end(LinkRow, LinkRow.editor_id == row.id)
        journal.note("password-taken", row.id)

    store.write(work)


def remove(store: Store, name: str, *, by: str | None = None) -> None:
    """End all that somebody may do.  Their name stays with what they have done.  Raises `NotFound`."""

    def work(session: Session) -> None:
        journal, row = Journal(session, by), _called(session, name)
        journal.end(SignInRow, SignInRow.editor_id == row.id)
        journal.end(TokenRow, TokenRow.editor_id == row.id)
        journal.end(LinkRow, LinkRow.editor_id == row.id)
        row.sign_in_name = row.password_hash = None
        row.removed_at = now_utc()
        journal.keep(row)
        journal.note("shut-out", row.id)

    store.write(work)


def sign_in(store: Store, name: str, password: str, *, lifetime: timedelta) -> str | None:
    """The cookie of a new sign-in, or None if the name or the password is wrong; it does not say which."""

    def found(session: Session) -> tuple[str | None, str | None]:
        row = session.scalar(select(EditorRow).where(EditorRow.sign_in_name == name.strip().casefold()))
        return (None, None) if row is None else (row.id, row.password_hash)

    editor_id, kept = store.read(found)
    if len(password) > passwords.LONGEST or not passwords.matches(store, kept, password):
        return None
    fresh = passwords.hashed(store, password) if kept and passwords.is_outdated(kept) else kept

    def work(session: Session) -> str | None:
        journal, row = Journal(session, editor_id), session.get(EditorRow, editor_id)
        if row is None or row.password_hash != kept:
            return None
        if fresh != kept:
            row.password_hash = fresh
            journal.keep(row)
        cookie = sign_ins.begin(journal, row.id, now=now_utc(), lifetime=lifetime)
        journal.note("signed-in", row.id)
        return cookie

    return store.write(work)


def called_id(session: Session, called: str) -> str:
    """The id of the person who is called so (`Person.called`).  Raises `NotFound`."""
    return _called(session, called).id


def check_name(name: str) -> None:
    """Raise `Invalid` for what cannot be the name of a person or a program."""
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
        raise Invalid(f"a name has 1 to {LONGEST_NAME} characters, with no space at either end", place="name")


def _named(session: Session, name: str) -> EditorRow:
    row = session.scalar(select(EditorRow).where(EditorRow.sign_in_name == name.strip().casefold()))
    if row is None:
        raise NotFound(f"there is nobody called '{name}'")
    return row


def _called(session: Session, called: str) -> EditorRow:
    nameless = session.scalar(_nameless().where(EditorRow.id == called.strip()))
    return nameless or _named(session, called)


def _nameless() -> Select[EditorRow]:
    """Those who came by a link for nobody in particular and are signed in; later they could do nothing."""
    signed_in = select(SignInRow.hash).where(SignInRow.editor_id == EditorRow.id, SignInRow.expires_at > now_utc())
    living = EditorRow.removed_at.is_(None)
    return select(EditorRow).where(EditorRow.sign_in_name.is_(None), living, signed_in.exists())


def _living(session: Session, editor_id: str) -> EditorRow:
    row = session.get(EditorRow, editor_id)
    if row is None or row.removed_at is not None:
        raise NotFound("there is no such person")
    return row


def _check_free(session: Session, name: str) -> None:
    if session.scalar(select(EditorRow.id).where(EditorRow.sign_in_name == name.casefold())) is not None:
        raise Taken(f"somebody is called '{name}' already")


def _kept(store: Store, name: str, password: str | None) -> str | None:
    if password is None:
        return None
    passwords.check(password, name)
    return passwords.hashed(store, password)


def _person(row: EditorRow) -> Person:
    return Person(row.id, row.name, row.role, row.created_at, row.password_hash is not None, row.sign_in_name)
