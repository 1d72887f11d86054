"""The bell: after a commit it says that a schedule has news; whoever hears it reads the log."""

from __future__ import annotations

from typing import Protocol


class Bell(Protocol):
    """Rung with a schedule's id and the last seq of its log."""

    def ring(self, schedule_id: str, seq: int) -> None:
        """Tell that the log has grown."""


class SilentBell:
    """The bell where nobody listens."""

    def ring(self, schedule_id: str, seq: int) -> None:
        return None
