"""A process that saves until it is killed, and says of each save that it was acknowledged."""

from __future__ import annotations

import itertools
from multiprocessing.connection import Connection

from tests.reliability import busy
from webapp.store import open_store


def save_until_killed(url: str, slug: str, editor: str, sessions: list[str], told: Connection) -> None:
    """Count the sessions' audiences up in one save after the other; tell (save attempt, version, audience)."""
    store = open_store(url)
    for number in itertools.count(1):
        changes = [{"op": "set_audience", "session": one, "audience": number} for one in sessions]
        answer = busy.save(store, slug, editor, changes, override={"reason": "counting"})
        if answer.result == "saved":
            told.send((answer.attempt["saveAttemptId"], answer.attempt["version"], number))
