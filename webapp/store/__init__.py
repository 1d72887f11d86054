"""Storage: opening it, bringing it up to date, and running units of work on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from solver.timetable import Timetable
from webapp.store.databases import connect
from webapp.store.facts import Facts, load_facts
from webapp.store.failures import told_apart
from webapp.store.leases import Locks, StoredLocks
from webapp.store.recent import Recent
from webapp.store.rows import ScheduleRow
from webapp.store.turns import here

__all__ = ["Facts", "Store", "open_store", "upgrade"]

Result = TypeVar("Result")
_VERSION = select(ScheduleRow.version).where(ScheduleRow.id == bindparam("of_schedule")).with_for_update(read=True)
Bell = Callable[[str, int], None]


class Store:
    """A database, opened.  `read` and `write` each run one unit of work: a function of a database session.

    What the function returns must not hold rows: the session ends with it.
    """

    def __init__(self, url: str) -> None:
        self.database = connect(url)
        self.published: Recent[Facts] = Recent(8)
        """Published facts."""
        self.rendered: Recent[bytes] = Recent(16)
        """Published schedules and their files as attendees get them."""
        self._drafts: Recent[Facts] = Recent(16)
        self._timetables: Recent[Timetable] = Recent(16)
        self.bell: Bell = lambda schedule_id, seq: None
        """Called after a commit with each schedule's new last seq."""
        self.locks: Locks = StoredLocks(self)
        self._turns = here(one_writer=self.database.one_writer)

    def read(self, work: Callable[[Session], Result]) -> Result:
        """The result of `work` on one consistent moment of the database."""

        def run() -> Result:
            with told_apart(), Session(self.database.reader) as session:
                return work(session)

        return self._turns.read(run)

    def write(self, work: Callable[[Session], Result]) -> Result:
        """The result of `work`, committed; an exception leaves no trace.

        Raises `FullError`, `AwayError` or `UnstorableError` for what the database itself cannot do.
        """

        def run() -> tuple[Result, dict[str, int]]:
            with told_apart(), Session(self.database.writer, expire_on_commit=False) as session:
                with session.begin():
                    result = work(session)
                for action in session.info.get("after_commit", ()):
                    action()
                return result, session.info.get("news", {})

        result, news = self._turns.write(run)
        for schedule_id, seq in news.items():
            self.bell(schedule_id, seq)
        return result

    def aside(self, work: Callable[[], Result]) -> Result:
        """The result of something long that needs no database, run where it holds nobody up."""
        return self._turns.read(work)

    def facts(self, session: Session, row: ScheduleRow) -> Facts:
        """The facts of a schedule's draft at its present version."""
        facts = self._drafts.get(row.id, row.version)
        if facts is None:
            facts = load_facts(session, row)
            self._drafts.remember(row.id, row.version, facts)
        return facts

    def recent_draft(self, schedule_id: str, version: int) -> Facts | None:
        """The facts of an earlier version, if they were used lately."""
        return self._drafts.get(schedule_id, version)

    def facts_now(self, session: Session, schedule_id: str) -> Facts:
        """The same for a schedule that nobody can save meanwhile: its row is kept until the transaction ends."""
        version = session.execute(_VERSION, {"of_schedule": schedule_id}).scalar_one()
        facts = self._drafts.get(schedule_id, version)
        return facts or self.facts(session, session.get_one(ScheduleRow, schedule_id))

    def timetable(self, facts: Facts) -> Timetable:
        """The facts laid out for checks: once, and from then on patched where a version differs from the one before."""
        found = self._timetables.get(facts.schedule_id, facts.version)
        if found is None:
            earlier = self._timetables.latest(facts.schedule_id)
            if earlier is None:
                found = Timetable(facts.conference, facts.schedule)
            else:
                found = earlier.follow(facts.conference, facts.schedule)
            self._timetables.remember(facts.schedule_id, facts.version, found)
        return found

    def remember_draft(self, session: Session, facts: Facts) -> None:
        """Keep the facts that a unit of work has written, once they are committed."""
        after_commit(session, lambda: self._drafts.remember(facts.schedule_id, facts.version, facts))

    def remember_published(self, session: Session, facts: Facts) -> None:
        """Keep the facts that a unit of work has published, once they are committed."""
        after_commit(session, lambda: self.published.remember(facts.schedule_id, facts.version, facts))

    def close(self) -> None:
        """Let go of the database."""
        self._turns.close()
        self.database.dispose()


def after_commit(session: Session, action: Callable[[], None]) -> None:
    """Have something done when, and only if, a unit of work is committed."""
    session.info.setdefault("after_commit", []).append(action)


def open_store(url: str) -> Store:
    """The store behind a database URL."""
    return Store(url)


def upgrade(url: str, *, backups: Path | None = None) -> None:
    """Bring the database's tables up to date, creating them if need be, after a backup of what is there."""
    from webapp.store.migrating import upgrade as run

    run(url, backups=backups)
