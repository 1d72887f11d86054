"""Plots say what is so: figures against a plain statement of them, and the page that shows them."""

from __future__ import annotations

import re
from random import Random
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.webapp.small import Caller, move
from webapp.analytics import charts, figures

ROOMS = ["a", "b", "c"]
DAYS = [[540, 1020], [1980, 2115]]


def booked(sessions: list[dict[str, Any]], room: str, start: int, end: int) -> int:
    """In how many minutes something is on."""
    return sum(
        any(one["room"] == room and one["start"] <= minute < one["start"] + one["minutes"] for one in sessions)
        for minute in range(start, end)
    )


@pytest.mark.parametrize("count", [0, 1, 25])
def test_shares_are_minutes_that_are_booked_of_minutes_that_are_open(count: int) -> None:
    random = Random(count)
    sessions = [
        {"room": random.choice("ab"), "start": random.randrange(400, 2200), "minutes": random.randrange(5, 200)}
        for _ in range(count)
    ]
    by_room = figures.rooms_used(sessions, ROOMS, DAYS)
    total = sum(end - start for start, end in DAYS)
    expected = {room: sum(booked(sessions, room, *day) for day in DAYS) * 100 / total for room in ROOMS}
    assert dict(by_room) == pytest.approx(expected)
    assert list(by_room) == sorted(by_room, reverse=True)
    by_hour = figures.hours_used(sessions, ROOMS, DAYS)
    assert len(by_hour) == 8 + 3
    for (day, hour), share in by_hour.items():
        start = DAYS[day][0] + 60 * hour
        end = min(start + 60, DAYS[day][1])
        minutes = sum(booked(sessions, room, start, end) for room in ROOMS)
        assert share == pytest.approx(minutes * 100 / (end - start) / len(ROOMS))


def test_days_are_those_of_the_conference() -> None:
    moments = ["2025-02-01T22:30:00.000+00:00", "2025-02-01T23:30:00.000+00:00", "2025-02-04T00:10:00+00:00"]
    found = figures.by_day(moments, "Europe/Brussels")
    assert {str(day): count for day, count in found.items()} == {
        "2025-02-01": 1,
        "2025-02-02": 1,
        "2025-02-03": 0,
        "2025-02-04": 1,
    }
    assert len(figures.by_day([], "UTC")) == 0


def test_conflicts_that_came_before_the_oldest_event_are_counted_in() -> None:
    steps = [(f"2025-02-0{day}T10:00:00+00:00", step) for day, step in ((1, 1), (2, -1), (3, -1), (4, 1), (4, 1))]
    assert list(figures.open_conflicts(steps)) == [2, 1, 0, 2]
    assert len(figures.open_conflicts([])) == 0


def test_quantiles_are_upper_ends_of_buckets() -> None:
    buckets = {"0.01": 5.0, "0.1": 9.0, "+Inf": 10.0}
    assert [figures.quantile(buckets, share) for share in (0.5, 0.9, 0.95)] == [0.01, 0.1, float("inf")]
    assert figures.quantile({"0.1": 0.0, "+Inf": 0.0}, 0.5) is None


@pytest.mark.parametrize(
    "plot",
    [
        charts.bars("T", [("<&\"'>" * 9, 12.5)], unit=" %"),
        charts.columns("<&\"'>", [("<&>", 0.0), ("b", 3.0)], unit=""),
        charts.steps("T", [(1.0, 2.0), (5.0, 0.0)], first="<", last="&"),
        charts.bars("none", [], unit=""),
        charts.columns("none", [], unit=""),
        charts.steps("none", [], first="", last=""),
    ],
)
def test_plots_are_well_formed_whatever_things_are_called(plot: str) -> None:
    assert ElementTree.fromstring(plot).tag == "svg"
    assert "style=" not in plot


def test_the_page_shows_them_to_editors(editor: Caller, attendee: Caller) -> None:
    editor.save(move("knots", "12:00"))
    editor.save(move("knots", "11:30", "hall"), override={"reason": "to see it"})
    response = editor.client.get("/edit/mill/analytics", headers=editor.headers)
    assert response.status_code == 200
    plots = re.findall(r"<svg class=\"chart\".*?</svg>", response.text, re.DOTALL)
    assert len(plots) == 5
    rooms, _hours, moves, conflicts, latencies = (ElementTree.fromstring(plot) for plot in plots)
    assert "Great Hall" in "".join(rooms.itertext())
    assert "2" in [text for text in moves.itertext() if text.isdigit()]
    assert conflicts.find("path") is not None
    assert "save, p95" in "".join(latencies.itertext())
    assert attendee.client.get("/edit/mill/analytics").status_code == 401
