"""`kill -9` to the whole of a real `serve` in the middle of saves: what was acknowledged is there afterwards."""

from __future__ import annotations

import http.client
import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.reliability.soak import Figure, amount
from tests.webapp.processes import descendants, lives, until
from tests.webapp.served import Served, serving

SAVES = 50
EDITORS = 4
ROUNDS = amount(quick=1, long=40)


class Editor:
    """Renames nothing, breaks nothing: sets the audience of its own session to ever higher numbers."""

    def __init__(self, served: Served, schedule: str, session: str) -> None:
        self.served = served
        self.schedule = schedule
        self.session = session
        self.tried = 0
        self.acknowledged: list[tuple[str, int, int]] = []
        """Save attempt, version and audience of every save that was answered `saved`."""

    def work(self, count: int, enough: threading.Event) -> None:
        """Save until `count` are acknowledged by all, or the server is gone."""
        version = 1
        while not enough.is_set():
            self.tried += 1
            change = {"op": "set_audience", "session": self.session, "audience": self.tried}
            try:
                status, told = self.served.save(self.schedule, [change], version=version)
            except (OSError, http.client.HTTPException, ValueError):
                return
            version = told["version"]
            if status == 200:
                self.acknowledged.append((told["saveAttemptId"], version, self.tried))


def kill(served: Served) -> None:
    """Kill the supervisor and all its programs at once."""
    everybody = descendants(served.pid)
    os.killpg(served.pid, signal.SIGKILL)
    served.wait()
    until(lambda: not any(map(lives, everybody)), "all of it is gone")


@pytest.mark.parametrize("number", range(ROUNDS))
def test_no_acknowledged_save_is_missing(tmp_path: Path, each_database: str, number: int, figure: Figure) -> None:
    moment = random.Random(number).randrange(5, SAVES - 5)
    database = each_database or None
    with serving(tmp_path, database=database) as served:
        schedule = served.add_conference("kept")
        sessions = [one["sessionId"] for one in served.call("GET", schedule)[1]["sessions"]]
        served.token("editor")
        editors = [Editor(served, schedule, session) for session in sessions[:EDITORS]]
        enough = threading.Event()
        with ThreadPoolExecutor(max_workers=EDITORS) as pool:
            for editor in editors:
                pool.submit(editor.work, SAVES, enough)
            until(lambda: sum(len(editor.acknowledged) for editor in editors) >= moment, "the saves are under way")
            time.sleep(random.Random(number).random() * 0.02)
            kill(served)
        tried = sum(editor.tried for editor in editors)
    acknowledged = [save for editor in editors for save in editor.acknowledged]
    assert moment <= len(acknowledged) <= tried
    with serving(tmp_path, database=database) as served:
        look(served, schedule, editors, acknowledged)
    # Whatever is missing has failed the test by now.
    figure("acknowledged saves missing after kill -9", 0, len(acknowledged))


def look(served: Served, schedule: str, editors: list[Editor], acknowledged: list[tuple[str, int, int]]) -> None:
    """Everything that was acknowledged is in the draft, in the log, in the audit and among the saves."""
    draft = served.call("GET", schedule)[1]
    events = pages(served, f"{schedule}/events")
    audit = {entry["saveAttemptId"]: entry for entry in pages(served, f"{schedule}/audit")}
    saves = {attempt["saveAttemptId"]: attempt for attempt in pages(served, f"{schedule}/saves")}
    assert draft["version"] >= max(version for _, version, _ in acknowledged)
    assert [event["seq"] for event in events] == list(range(1, draft["lastSeq"] + 1))
    for attempt, version, _ in acknowledged:
        assert audit[attempt]["version"] == version
        assert (saves[attempt]["result"], saves[attempt]["version"]) == ("saved", version)
    saved = [event["version"] for event in events if event["type"] == "schedule.saved"]
    assert saved == list(range(2, draft["version"] + 1))
    audience = {one["sessionId"]: one.get("audience") for one in draft["sessions"]}
    for editor in editors:
        # What was under way when the power went may be there or not; what was acknowledged must.
        last = max((number for _, _, number in editor.acknowledged), default=0)
        assert last == 0 or audience[editor.session] in range(last, editor.tried + 1)


def pages(served: Served, path: str) -> list[dict[str, Any]]:
    """All items of a list."""
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        status, told = served.call("GET", path + cursor)
        assert status == 200, told
        items += told["items"]
        if told["next"] is None:
            return items
        cursor = f"?after={told['next']}"
