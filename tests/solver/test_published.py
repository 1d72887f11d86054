"""Published schedules, on boards: what they have broken is mended with proof, and a closed room with bounds."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from solver import check
from solver.conference import Interval
from solver.countdown import countdown
from solver.edits import CloseRoom, apply
from solver.repair import repair
from tests.solver import boards
from webapp.schemas import read_document

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("feed", ["fosdem-2020.xml", "fosdem-2025-20241222.xml"])
def test_overlaps_are_mended_with_proof(shared_data: Path, feed: str) -> None:
    imported = read_document((shared_data / "fosdem" / feed).read_bytes(), feed)
    board = boards.board(imported.conference, imported.schedule)
    answer = repair(imported.conference, imported.schedule, board=board, remaining=countdown(5))
    assert answer.status == "proved_minimal"
    assert answer.violations_before > 0


def test_a_room_that_closes_for_an_afternoon_is_emptied_with_bounds(shared_data: Path) -> None:
    feed = "fosdem-2025-20250202.xml"
    imported = read_document((shared_data / "fosdem" / feed).read_bytes(), feed)
    conference, schedule = imported.conference, imported.schedule
    saturday = min(conference.days, key=lambda day: day.hours.start).date
    afternoon = Interval(*(conference.clock.on_day(saturday, time(hour)) for hour in (12, 18)))
    edits = [CloseRoom("K.1.105 (La Fontaine)", afternoon)]
    board = boards.board(conference, schedule)
    answer = repair(conference, schedule, edits, board=board, remaining=countdown(3))
    after = apply(conference, schedule, edits)
    moves = {move.session: move.target for move in answer.repairs[0].moves}
    assert answer.moved is not None
    assert 4 <= (answer.moved_lower_bound or 0) <= answer.moved
    assert check.violations(after.conference, {**after.schedule, **moves}) == []
