"""Save attempts on record, sealed: the schedule's row keeps the sum of their digests."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from webapp.sealing import digest, summed
from webapp.store.rows import SaveAttemptRow, ScheduleRow


def remember(session: Session, schedule: ScheduleRow, attempt: SaveAttemptRow) -> None:
    """Keep a new attempt; the caller holds the schedule's row."""
    session.add(attempt)
    schedule.attempts_digest = summed(schedule.attempts_digest, plus=digest_of(attempt))


def revise(
    schedule: ScheduleRow, attempt: SaveAttemptRow, result: str, status_code: int, answer: dict[str, Any]
) -> None:
    """Give an attempt that waited another answer."""
    before = digest_of(attempt)
    attempt.result, attempt.status_code, attempt.answer = result, status_code, answer
    schedule.attempts_digest = summed(schedule.attempts_digest, plus=digest_of(attempt), minus=before)


def digest_of(attempt: SaveAttemptRow) -> str:
    """The digest of everything in an attempt."""
    return digest(
        (
            attempt.id,
            attempt.schedule_id,
            attempt.editor_id,
            attempt.expected_version,
            attempt.content_hash,
            attempt.changes,
            attempt.result,
            attempt.status_code,
            attempt.answer,
            attempt.created_at,
        )
    )
