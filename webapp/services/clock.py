"""The time of day, asked for in one place."""

from __future__ import annotations

from datetime import UTC, datetime


def now_utc() -> datetime:
    """The present moment, aware."""
    return datetime.now(UTC)
