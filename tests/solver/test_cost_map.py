"""The cost map says for every cell what `repair` proves for a move there, and what brute force finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

import pytest

from fixtures.generate import conference as made_up
from solver.conference import FactError, Minute, Placement
from solver.cost_map import Stretch, cost_map, why
from solver.countdown import countdown
from solver.edits import EditError, Move
from solver.problem import Problem
from solver.repair import repair
from tests.solver import boards, statement
from tests.solver.tiny import Tiny, case

Cell = tuple[str, Minute]


def cells_of(tiny: Tiny, session: str, *, compiled: bool, depth: int) -> dict[Cell, Stretch]:
    """The map, cell by cell; every cell is said once, and the best come first."""
    board = boards.board(tiny.conference, tiny.schedule) if compiled else None
    found: dict[Cell, Stretch] = {}
    ranks = []
    for stretch in cost_map(
        tiny.conference, tiny.schedule, session, tiny.edits, depth=depth, remaining=countdown(60), board=board
    ):
        ranks.append((["proved", "more_than", "no_repair", "barred"].index(stretch.verdict), stretch.others or 0))
        for start in range(stretch.first, stretch.last, tiny.conference.grid_minutes):
            assert (stretch.room, start) not in found
            found[stretch.room, start] = stretch
    assert ranks == sorted(ranks)
    assert found.keys() == set(every_cell(tiny))
    return found


def every_cell(tiny: Tiny) -> Iterator[Cell]:
    for room in tiny.conference.rooms:
        for day in tiny.conference.days:
            for start in tiny.conference.clock.starts(day.hours.start, day.hours.end):
                yield room.id, start


def by_brute_force(tiny: Tiny, session: str, at: Placement) -> tuple[int, int] | None:
    edits = (*tiny.edits, Move(session, at.room, at.start))
    problem = Problem.of(tiny.conference, tiny.schedule, edits, "edit", False)
    old = frozenset(statement.broken(tiny.conference, tiny.schedule))
    return statement.optimum(
        statement.Question(problem.conference, problem.schedule, problem.held, problem.touched, old)
    )


def agrees(stretch: Stretch, truth: tuple[int, int] | None, depth: int) -> bool:
    match stretch.verdict:
        case "proved":
            return truth is not None and truth[0] == stretch.others
        case "more_than":
            return stretch.others == depth and (truth is None or truth[0] > depth)
        case _:
            return truth is None


@pytest.mark.parametrize("clean", [True, False])
def test_every_cell_equals_brute_force(clean: bool) -> None:
    """With edits beside, with old violations that may stay, for sessions that are placed, pinned or unplaced."""
    seen: Counter[object] = Counter()
    for seed in range(5000, 5007):
        tiny = case(seed, clean=clean)
        session = sorted(tiny.conference.session)[seed % len(tiny.conference.session)]
        plain, compiled = (cells_of(tiny, session, compiled=one, depth=3) for one in (False, True))
        for room, start in plain:
            one, other = plain[room, start], compiled[room, start]
            assert (one.verdict, one.others) == (other.verdict, other.others), f"case({seed}), {session} {room} {start}"
            truth = by_brute_force(tiny, session, Placement(room, start))
            assert agrees(one, truth, 3), f"case({seed}, {clean=}), {session} in {room} at {start}: {one}, {truth}"
            seen[one.others if one.verdict == "proved" else one.verdict] += 1
    assert min(seen[key] for key in (0, 1, 2, "barred", 3 if clean else 2)) >= 3, seen


@pytest.mark.parametrize("seed", range(2))
def test_every_cell_equals_a_repair_of_the_move(seed: int) -> None:
    """On a crowded conference of some size, with an edit beside that breaks something elsewhere."""
    built, schedule = made_up(seed=seed, sessions=40, rooms=5, fullness=0.9)
    sessions = sorted(one for one in schedule if not built.session[one].pinned)
    edits = (Move(sessions[0], schedule[sessions[5]].room, schedule[sessions[5]].start),) if seed else ()
    board = boards.board(built, schedule)
    seen: Counter[object] = Counter()
    for session in sessions[1:4]:
        for number, stretch in enumerate(list(cost_map(built, schedule, session, edits, board=board))):
            if stretch.verdict != "proved" and number % 10:
                continue  # such repairs take their time
            moved = (*edits, Move(session, stretch.room, stretch.first))
            answer = repair(
                built, schedule, moved, scope="edit", remaining=countdown(2), board=board, explain_seconds=0
            )
            if stretch.verdict == "proved":
                assert answer.status in ("proved_minimal", "nothing_to_repair"), (stretch, answer)
                assert answer.moved == stretch.others, (stretch, answer)
            elif stretch.verdict == "more_than":
                assert answer.status == "infeasible" or (answer.moved or 100) > 2, (stretch, answer)
            else:
                assert answer.status == "infeasible", (stretch, answer)
            seen[stretch.others if stretch.verdict == "proved" else stretch.verdict] += 1
    assert min(seen[key] for key in (2, "barred")) >= 2, seen


@pytest.mark.parametrize("compiled", [False, True])
def test_what_is_barred_has_the_reasons_that_hold_all_along(compiled: bool) -> None:
    rules: Counter[str] = Counter()
    for seed in range(5000, 5040):
        tiny = case(seed)
        session = sorted(tiny.schedule)[seed % len(tiny.schedule)]
        problem = Problem.of(tiny.conference, tiny.schedule, tiny.edits, "edit", False)
        for (room, start), stretch in cells_of(tiny, session, compiled=compiled, depth=0).items():
            if stretch.verdict == "barred":
                here = why(tiny.conference, tiny.schedule, session, Placement(room, start), tiny.edits)
                final = [
                    one for one in here if not any(problem.movable(other) for other in one.sessions if other != session)
                ]
                assert {one.key for one in stretch.reasons} == {one.key for one in final}
                assert stretch.reasons
                rules.update(one.rule for one in stretch.reasons)
    assert {"room_overlap", "speaker_unavailable", "room_closed", "outside_hours", "room_too_small"} <= rules.keys()
    assert {"room_lacks_feature", "speaker_overlap", "travel"} <= rules.keys()


def test_what_is_not_known_in_time_is_more_than_what_has_been_refuted() -> None:
    tiny = case(5003)
    in_time = {}
    for compiled in (False, True):
        board = boards.board(tiny.conference, tiny.schedule) if compiled else None
        found = list(cost_map(tiny.conference, tiny.schedule, "s3", depth=4, remaining=lambda: 0.0, board=board))
        in_time[compiled] = [(one.verdict, one.others) for one in found]
        assert ("proved", 0) in in_time[compiled]
        assert ("more_than", 0) in in_time[compiled]
        assert all(one == ("proved", 0) or one[0] != "proved" for one in in_time[compiled])


def test_only_the_rooms_and_the_day_that_are_asked_for_are_said() -> None:
    built, schedule = made_up(seed=1, sessions=30, rooms=4)
    session, day = min(schedule), built.days[1]
    found = list(cost_map(built, schedule, session, rooms=[built.rooms[2].id], day=day.date))
    assert found
    assert {one.room for one in found} == {built.rooms[2].id}
    assert all(day.hours.start <= one.first < one.last <= day.hours.end for one in found)


def test_what_does_not_exist_is_refused_before_anything_is_said() -> None:
    built, schedule = made_up(seed=1, sessions=10, rooms=2)
    some = min(schedule)
    with pytest.raises(FactError, match="no session 'nobody'"):
        cost_map(built, schedule, "nobody")
    with pytest.raises(FactError, match="no room 'nowhere'"):
        cost_map(built, schedule, some, rooms=["nowhere"])
    with pytest.raises(FactError, match="no day 1999-01-01"):
        cost_map(built, schedule, some, day=date(1999, 1, 1))
    with pytest.raises(EditError):
        cost_map(built, schedule, some, [Move("nobody", "nowhere", 0)])
