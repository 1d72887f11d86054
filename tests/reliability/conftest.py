"""The figures that the reliability tests count, shown at the end of the run."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.reliability import soak


@pytest.fixture
def figure(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> soak.Figure:
    """Notes a figure of this test."""
    began = time.monotonic()

    def note(what: str, bad: int, of: int) -> None:
        _, _, variant = request.node.name.partition("[")
        where = f" ({variant.rstrip(']')})" if variant else ""
        record_property("figure", f"{what}{where}: {bad} of {of}, {time.monotonic() - began:.0f} s")

    return note


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what was counted."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    figures = [told for report in reports for name, told in report.user_properties if name == "figure"]
    if figures:
        terminalreporter.section("reliability")
        for told in figures:
            terminalreporter.line(told)
