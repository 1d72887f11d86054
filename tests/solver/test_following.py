"""A board that follows from another, save after save, is as good as one that is built anew."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fixtures.disruptions import SINGLE_EDITS, disruptions
from fixtures.generate import conference
from solver import check
from solver.answer import Answer
from solver.conference import Conference, Placement, Schedule
from solver.edits import Edit, apply
from solver.following import patch
from solver.repair import countdown, repair
from tests.solver import boards
from tests.solver.test_timetable import alike, some_edit
from tests.solver.tiny import case, random_edit

if TYPE_CHECKING:
    from solver.board import Board


PATIENCE = 2
"""Seconds for one repair: what takes longer is no question for this test."""
SETTLED = ("nothing_to_repair", "proved_minimal", "infeasible")


def laid_out(board: Board) -> dict[str, list[object]]:
    """What the board knows, without the numbers that may be others in another one."""
    from solver import kernel

    tables, size = board.tables, len(board.names)
    b = tables.b
    found: dict[str, list[object]] = {}
    for name, first, wide in (("FREE", "FIRST_FREE", 1), ("ONE", "FIRST_ONE", 1), ("TWO", "FIRST_TWO", 1)):
        firsts = tables.at(getattr(kernel, first), size + 1)
        found[first] = firsts.tolist()
        found[name] = tables.at(getattr(kernel, name), int(firsts[-1]) * wide).tolist()
    found["ONE_PUSHED"] = tables.at(kernel.ONE_PUSHED, len(found["ONE"])).tolist()
    found["TWO_PUSHED"] = tables.at(kernel.TWO_PUSHED, 2 * len(found["TWO"])).tolist()
    for name in ("CHEAPEST", "LEVEL", "ROOM", "START", "MINUTES", "MOVABLE", "ORIGIN_ROOM", "TRACK"):
        found[name] = tables.at(getattr(kernel, name), size).tolist()
    found["masks"] = [tables.m[row].tobytes() for row in tables.at(kernel.MASK, size)]
    words = int(b[kernel.WORDS])
    for name, rows in (("ONES", size), ("TWOS", size), ("CIRCLE", size), ("BY_LEVEL", kernel.HIGHEST_LEVEL + 1)):
        at = b[getattr(kernel, name)]
        found[name] = tables.w[at : at + rows * words].tolist()
    return found


def more(board: Board) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """Who may push out whom with several others."""
    from solver import kernel

    at = board.tables.b[kernel.MORE]
    return board.tables.w[at : at + len(board.names) * int(board.tables.b[kernel.WORDS])]


def told(answer: Answer) -> tuple[object, ...]:
    """The answer, but for what depends on the time it took."""
    return answer.status, answer.moved, answer.price, answer.violations_before, answer.repairs


@pytest.mark.slow
@pytest.mark.parametrize("block", range(2))
def test_a_chain_of_saves_is_followed(block: int) -> None:
    """Moved, resized, taken out and put back, pinned, rooms closed and opened, people away and back: cells, whom they
    push out and every repair are those of a new board."""
    followed, repaired = 0, 0
    for seed in range(block, 24, 2):
        tiny, random = case(seed, clean=seed % 3 > 0), Random(seed)
        facts: Conference = tiny.conference
        schedule: Schedule = tiny.schedule
        board = boards.board(facts, schedule)
        board.prepare()
        for _ in range(6):
            edits = [some_edit(random, facts, dict(schedule)) for _ in range(random.choice((1, 1, 2)))]
            edited = apply(facts, schedule, edits)
            followed += patch(facts, schedule, edited.conference, edited.schedule) is not None
            facts, schedule = edited.conference, edited.schedule
            board = board.follow(facts, schedule)
            board.prepare()
            fresh = boards.board(facts, schedule)
            fresh.prepare()
            assert laid_out(board) == laid_out(fresh), (seed, edits)
            assert not (more(fresh) & ~more(board)).any(), (seed, edits)
            assert alike(board.violations, fresh.violations)
            asked: list[Edit] = [random_edit(random, facts, schedule)] if schedule else []
            ours, theirs = (
                repair(facts, schedule, asked, board=one, alternatives=2, remaining=countdown(PATIENCE))
                for one in (board, fresh)
            )
            if ours.status in SETTLED and theirs.status in SETTLED:
                assert told(ours) == told(theirs), (seed, edits, asked)
                repaired += bool(ours.repairs)
    assert followed > 50
    assert repaired > 15


def test_a_crowded_conference_is_followed() -> None:
    """With many rooms, where most sessions are looked at in part."""
    facts, schedule = conference(seed=4, sessions=220, rooms=10, fullness=0.9)
    board = boards.board(facts, schedule)
    board.prepare()
    for scenario in disruptions(facts, schedule, seed=4, count=2 * len(SINGLE_EDITS), kind=SINGLE_EDITS):
        edited = apply(facts, schedule, scenario.edits)
        after = board.follow(edited.conference, edited.schedule)
        after.prepare()
        fresh = boards.board(edited.conference, edited.schedule)
        assert laid_out(after) == laid_out(fresh), scenario.what


def test_the_legal_places_are_those_where_nothing_breaks() -> None:
    """Against the plain checker, at every place of every session."""
    seen = 0
    for seed in range(16):
        facts, schedule = case(seed, clean=seed % 2 == 0).conference, case(seed, clean=seed % 2 == 0).schedule
        board = boards.board(facts, schedule)
        grid = [start for day in facts.days for start in facts.clock.starts(day.hours.start, day.hours.end)]
        for one in facts.sessions:
            expected = set()
            for place in (Placement(room.id, start) for room in facts.rooms for start in grid):
                whole = check.violations(facts, {**schedule, one.id: place})
                if place != schedule.get(one.id) and not any(one.id in found.sessions for found in whole):
                    expected.add(place)
            assert set(board.legal_places(one.id)) == expected, (seed, one.id)
            seen += len(expected)
    assert seen > 40


def test_what_is_too_different_is_built_anew() -> None:
    facts, schedule = case(5).conference, case(5).schedule
    board = boards.board(facts, schedule)
    board.prepare()
    longer = replace(facts, speaker_gap=60)
    elsewhere = {one: Placement(place.room, place.start + 30) for one, place in schedule.items()}
    for later, rescheduled in ((longer, schedule), (longer, elsewhere), (facts, elsewhere)):
        after = board.follow(later, rescheduled)
        after.prepare()
        assert laid_out(after) == laid_out(boards.board(later, rescheduled))
