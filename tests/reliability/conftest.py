"""The figures that the reliability tests count, shown at the end of the run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.reliability import soak
from webapp.settings import Settings
from webapp.store import Store, open_store, upgrade

LONGEST = 4 * 60 * 60
"""Seconds that a test may take in its long form."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the long forms their time."""
    for item in items:
        if soak.LONG and item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(LONGEST))


@pytest.fixture
def figure(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> soak.Figure:
    """Notes a figure of this test."""
    began = time.monotonic()

    def note(what: str, bad: int, of: int) -> None:
        _, _, variant = request.node.name.partition("[")
        where = f" ({variant.rstrip(']')})" if variant else ""
        record_property("figure", f"{what}{where}: {bad} of {of}, {time.monotonic() - began:.0f} s")

    return note


@pytest.fixture
def settings(tmp_path: Path, each_database: str) -> Settings:
    """An up-to-date database of each kind."""
    chosen = Settings(data=tmp_path, database=each_database)
    upgrade(chosen.database)
    return chosen


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """That database, opened."""
    opened = open_store(settings.database)
    yield opened
    opened.close()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what was counted."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    figures = [told for report in reports for name, told in report.user_properties if name == "figure"]
    if figures:
        terminalreporter.section("reliability")
        for told in figures:
            terminalreporter.line(told)
