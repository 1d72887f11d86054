"""Locks on sessions: leases that lapse, so that two editors do not take the same session in hand.

They save nobody's work: that is what the schedule's version is for.  Each change of hands raises the session's token,
so whoever still thinks that a lock is theirs can be told apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.services.clock import now_utc
from webapp.store.rows import LeaseRow

Result = TypeVar("Result")


@dataclass(frozen=True)
class Holder:
    """Who holds a lock: an editor, in one of perhaps several open pages."""

    client_id: str
    editor_id: str
    name: str


@dataclass(frozen=True)
class Lock:
    """A session in somebody's hand, for so many seconds more."""

    session_id: str
    holder: Holder
    token: int
    seconds: float

    def json(self) -> dict[str, Any]:
        return {
            "sessionId": self.session_id,
            "clientId": self.holder.client_id,
            "editorId": self.holder.editor_id,
            "name": self.holder.name,
            "token": self.token,
            "seconds": round(self.seconds, 1),
        }


class Locks(Protocol):
    """Where locks are kept."""

    def take(self, schedule_id: str, session_id: str, holder: Holder, seconds: float) -> Lock:
        """The lock as it stands then: the caller's, taken or renewed, or that of whoever holds it already."""

    def release(self, schedule_id: str, session_id: str, holder: Holder, token: int) -> bool:
        """Let go of a lock; whether it was the caller's."""

    def held(self, session: Session, schedule_id: str) -> list[Lock]:
        """The locks that have not lapsed."""


class Writer(Protocol):
    """What runs a unit of work."""

    def write(self, work: Callable[[Session], Result]) -> Result: ...


class StoredLocks:
    """Locks in the database, by the database's clock."""

    def __init__(self, store: Writer) -> None:
        self._store = store

    def take(self, schedule_id: str, session_id: str, holder: Holder, seconds: float) -> Lock:
        def work(session: Session) -> Lock:
            row = session.get(LeaseRow, (schedule_id, session_id), with_for_update=True)
            now = _now(session)
            if row is None:
                values = {"schedule_id": schedule_id, "session_id": session_id, "token": 0, "until": now}
                session.execute(insert(LeaseRow).values(client_id="", editor_id="", name="", **values))
                row = session.get_one(LeaseRow, (schedule_id, session_id))
            if row.client_id == holder.client_id and row.editor_id == holder.editor_id:
                row.until = now + timedelta(seconds=seconds)
            elif row.until <= now:
                row.token += 1
                row.client_id, row.editor_id, row.name = holder.client_id, holder.editor_id, holder.name
                row.until = now + timedelta(seconds=seconds)
            return _lock(row, now)

        try:
            return self._store.write(work)
        except IntegrityError:
            # Somebody else was the first to take it, ever: now there is a row to wait for.
            return self._store.write(work)

    def release(self, schedule_id: str, session_id: str, holder: Holder, token: int) -> bool:
        def work(session: Session) -> bool:
            row = session.get(LeaseRow, (schedule_id, session_id), with_for_update=True)
            own = row is not None and row.token == token
            if row is None or not own or (row.client_id, row.editor_id) != (holder.client_id, holder.editor_id):
                return False
            # The row stays, so that the token goes on rising.
            row.client_id, row.until = "", _now(session)
            return True

        return self._store.write(work)

    def held(self, session: Session, schedule_id: str) -> list[Lock]:
        now = _now(session)
        query = select(LeaseRow).where(LeaseRow.schedule_id == schedule_id, LeaseRow.until > now)
        return [_lock(row, now) for row in session.scalars(query.order_by(LeaseRow.session_id))]


def _lock(row: LeaseRow, now: datetime) -> Lock:
    holder = Holder(row.client_id, row.editor_id, row.name)
    return Lock(row.session_id, holder, row.token, (row.until - now).total_seconds())


def _now(session: Session) -> datetime:
    """The time by one clock: the server's, which all processes share, or this machine's, which has the file."""
    if session.get_bind().dialect.name == "postgresql":
        now: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
        return now
    return now_utc()
