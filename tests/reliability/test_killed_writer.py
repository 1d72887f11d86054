"""`kill -9` to a process that saves, again and again: what it acknowledged is there, and what is there is whole."""

from __future__ import annotations

import multiprocessing
import random
import time
from multiprocessing.connection import Connection

from sqlalchemy import select

from tests.reliability import busy, writer
from tests.reliability.soak import Figure, amount
from webapp.services import reading, verifying
from webapp.settings import Settings
from webapp.store import Store
from webapp.store.rows import SaveAttemptRow

KILLS = amount(quick=20, long=1000)
AT_ONCE = 4
"""Sessions that each save changes together."""
Acknowledged = tuple[str, int, int]


def test_nothing_is_missing_and_nothing_half_done(settings: Settings, store: Store, figure: Figure) -> None:
    conference = busy.add_conference(store, "killed")
    sessions = [one.id for one in conference.sessions[:AT_ONCE]]
    [editor] = busy.editors(store, 1)
    # Each writer is a fork of a process that has everything imported and nothing open.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.reliability.writer"])
    chance = random.Random(3)
    kept: list[Acknowledged] = []
    missing = half_done = 0
    for number in range(KILLS):
        inbox, outbox = context.Pipe(duplex=False)
        process = context.Process(
            target=writer.save_until_killed, args=(settings.database, "killed", editor, sessions, outbox)
        )
        process.start()
        outbox.close()
        acknowledged = [inbox.recv() for _ in range(chance.randrange(1, 6))]
        time.sleep(chance.random() * 0.01)
        process.kill()
        process.join()
        acknowledged += received(inbox)
        kept += acknowledged
        there = saved(store, [attempt for attempt, _, _ in acknowledged])
        missing += sum(there.get(attempt) != version for attempt, version, _ in acknowledged)
        draft = {one["sessionId"]: one["audience"] for one in reading.draft_json(store, "killed")["sessions"]}
        numbers = {draft[session] for session in sessions}
        half_done += len(numbers) != 1
        last = acknowledged[-1][2]
        # One more may have been committed and not told.
        missing += not numbers <= {last, last + 1}
        if number % 100 == 0:
            assert verifying.verify(store).findings == []
    figure(f"saves missing or half done after {KILLS} times kill -9", missing + half_done, len(kept))
    assert (missing, half_done) == (0, 0)
    assert len(kept) >= 2 * KILLS
    assert verifying.verify(store).findings == []
    whole = saved(store, [attempt for attempt, _, _ in kept])
    assert whole == {attempt: version for attempt, version, _ in kept}


def received(inbox: Connection) -> list[Acknowledged]:
    """What was told before the end."""
    told: list[Acknowledged] = []
    try:
        while inbox.poll():
            told.append(inbox.recv())
    except (EOFError, OSError):
        pass  # killed while it told
    inbox.close()
    return told


def saved(store: Store, attempts: list[str]) -> dict[str, int]:
    """The versions that these save attempts made."""
    query = select(SaveAttemptRow.id, SaveAttemptRow.answer).where(
        SaveAttemptRow.id.in_(attempts), SaveAttemptRow.result == "saved"
    )
    return store.read(lambda session: {one.id: one.answer["attempt"]["version"] for one in session.execute(query)})
