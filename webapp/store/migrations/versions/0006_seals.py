"""Seals of events and of save attempts"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import Session

from webapp.sealing import NOTHING, digest, summed
from webapp.store.rows import Moment

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

EVENT = sa.table(
    "event",
    *(sa.column(name) for name in ("schedule_id", "seq", "type", "hash")),
    sa.column("public", sa.Boolean()),
    sa.column("time", Moment()),
    sa.column("body", sa.JSON()),
)
ATTEMPT = sa.table(
    "save_attempt",
    *(sa.column(name) for name in ("id", "schedule_id", "editor_id", "expected_version", "content_hash")),
    sa.column("changes", sa.JSON()),
    *(sa.column(name) for name in ("result", "status_code")),
    sa.column("answer", sa.JSON()),
    sa.column("created_at", Moment()),
)
SCHEDULE = sa.table(
    "schedule",
    *(sa.column(name) for name in ("id", "trimmed_hash", "log_hash", "attempts_digest")),
)


def upgrade() -> None:
    for name in ("log_hash", "trimmed_hash", "attempts_digest"):
        op.add_column("schedule", sa.Column(name, sa.String(length=64), server_default=NOTHING, nullable=False))
    op.add_column("event", sa.Column("hash", sa.String(length=64), server_default="", nullable=False))
    session = Session(op.get_bind())
    for schedule in session.scalars(sa.select(SCHEDULE.c.id)).all():
        found = {"log_hash": _seal_events(session, schedule), "attempts_digest": _sum_attempts(session, schedule)}
        session.execute(sa.update(SCHEDULE).where(SCHEDULE.c.id == schedule).values(found))
    session.flush()


def _seal_events(session: Session, schedule: str) -> str:
    """Chain the events that there are; the last hash."""
    *values, _ = columns = [EVENT.c[name] for name in ("schedule_id", "seq", "type", "public", "time", "body", "hash")]
    before, after = NOTHING, -1
    while rows := _page(session, sa.select(*columns).where(EVENT.c.schedule_id == schedule, EVENT.c.seq > after)):
        for row in rows:
            before, after = digest((before, *row[: len(values)])), row.seq
            where = (EVENT.c.schedule_id == schedule, EVENT.c.seq == row.seq)
            session.execute(sa.update(EVENT).where(*where).values(hash=before))
    return before


def _page(session: Session, query: sa.Select[Any]) -> Sequence[Any]:
    return session.execute(query.order_by(EVENT.c.seq).limit(1000)).all()


def _sum_attempts(session: Session, schedule: str) -> str:
    total = NOTHING
    for row in session.execute(sa.select(ATTEMPT).where(ATTEMPT.c.schedule_id == schedule)):
        total = summed(total, plus=digest(tuple(row)))
    return total
