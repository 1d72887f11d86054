"""Sixteen editors at once: nothing that one of them saved is lost to another, on either database."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.reliability import judge
from tests.reliability.soak import Figure, amount
from tests.reliability.webs import EDITORS, PROCESSES, audited, plans, run_clients, shared_numbers, web_processes
from webapp.services import reading, verifying
from webapp.settings import Settings
from webapp.store import Store

OPERATIONS = amount(quick=25, long=6250)
"""For each editor."""


def test_no_update_is_lost(settings: Settings, store: Store, each_database: str, figure: Figure) -> None:
    """On SQLite one server and four client processes; on PostgreSQL four server processes as well."""
    first = shared_numbers(store, "shared")
    servers = PROCESSES if each_database else 1
    with web_processes(settings.data, settings.database, servers) as ports:
        history = run_clients(plans(store, ports, "shared", first, operations=OPERATIONS))
    found = judge.anomalies(history, first, version=2)
    saves = [one for one in history if one["kind"] == "save"]
    saved = [one for one in saves if one["result"] == "saved"]
    figure(f"lost updates and stale answers, {len(saved)} saves of {len(saves)} tried", len(found), len(history))
    assert found == []
    assert len(history) >= OPERATIONS * EDITORS
    assert {one["result"] for one in saves} == {"saved", "stale_blocked"}
    draft = reading.draft_json(store, "shared")
    numbers = {one["sessionId"]: one["audience"] for one in draft["sessions"] if one["sessionId"] in first}
    assert (numbers, draft["version"]) == (judge.final(history, first), 2 + len(saved))
    counts = audited(store, "shared")
    assert all(counts.get(one["attempt"], 0) == (one["result"] == "saved") for one in saves)
    assert verifying.verify(store).findings == []


# --- the judge would notice -------------------------------------------------------------------------------------------

HISTORY: list[dict[str, Any]] = [
    {"kind": "read", "began": 0, "ended": 1, "version": 1, "numbers": {"x": 0}},
    {"kind": "save", "began": 2, "ended": 4, "version": 2, "base": 1, "was": 0, "result": "saved"},
    {"kind": "save", "began": 3, "ended": 5, "version": 2, "base": 1, "was": 0, "result": "stale_blocked"},
    {"kind": "read", "began": 6, "ended": 7, "version": 2, "numbers": {"x": 1}},
    {"kind": "save", "began": 8, "ended": 9, "version": 3, "base": 2, "was": 1, "result": "saved"},
]


@pytest.mark.parametrize(
    ("number", "change", "complaint"),
    [
        (1, {}, ""),
        (2, {"result": "saved", "version": 3}, "made on top of version 1"),
        (4, {"base": 1}, "made on top of version 1"),
        (4, {"was": 0}, "lost an update of x"),
        (4, {"version": 4}, "version 4 follows version 2"),
        (3, {"numbers": {"x": 0}}, "read at version 2 what was not there"),
        (3, {"version": 1, "numbers": {"x": 0}}, "was shown version 1 after version 2"),
    ],
)
def test_the_judge_sees_what_cannot_be(number: int, change: dict[str, Any], complaint: str) -> None:
    history = [{"editor": "somebody", "session": "x", **copy.deepcopy(one)} for one in HISTORY]
    history[number] |= change
    found = judge.anomalies(history, {"x": 0})
    assert any(complaint in one for one in found) if complaint else found == []
