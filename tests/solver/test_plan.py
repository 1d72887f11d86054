"""Plans: everything placed, every rule kept, and the objective as it is counted plainly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from fixtures.generate import conference as generated
from solver import check
from solver.canvas import FIXED, Canvas
from solver.conference import Conference, Interval, Placement, Schedule
from solver.countdown import countdown
from solver.fits import fits
from solver.plan import Plan, Progress, plan
from solver.preferences import PREFERENCES, Preference, weights
from solver.preferences.breaks import breaks
from solver.problem import Problem
from solver.wishes import costs
from tests.solver import tiny


def looks(count: int) -> Callable[[], float]:
    """A clock that runs with how often it is looked at: the same each time."""
    left = [float(count)]

    def remaining() -> float:
        left[0] -= 1
        return left[0]

    return remaining


def roomy(seed: int, sessions: int = 60) -> tuple[Conference, dict[str, Placement]]:
    """A generated conference with buildings and a lunch break, that leaves sessions some choice."""
    conference, schedule = generated(seed=seed, sessions=sessions, rooms=6, fullness=0.6)
    lunch = [Interval(day.hours.start + 120, day.hours.start + 180) for day in conference.days]
    rooms = [
        replace(room, building="JK"[number % 2], closed=(*room.closed, *lunch) if number < 4 else room.closed)
        for number, room in enumerate(conference.rooms)
    ]
    return replace(conference, rooms=tuple(rooms)), {
        one: place for one, place in schedule.items() if not check.violations(conference, {one: place})
    }


def on_canvas(conference: Conference, schedule: Schedule) -> Canvas:
    canvas = Canvas(conference, {})
    for session, place in schedule.items():
        canvas.place(canvas.number[session], canvas.room_number[place.room], place.start)
    return canvas


@pytest.mark.parametrize("preference", PREFERENCES, ids=lambda one: one.name)
def test_a_sense_says_what_the_plain_count_would_add(preference: Preference) -> None:
    conference, schedule = roomy(3)
    assert preference.name != "breaks" or len(breaks(conference)) == 2
    random = Random(preference.name)
    announced = {one: schedule[one] for one in random.sample(sorted(schedule), 40)}
    there = {one: schedule[one] for one in random.sample(sorted(schedule), 45)}
    canvas = on_canvas(conference, there)
    sense = preference.sense(canvas, announced)
    differences = set()
    for session in random.sample(sorted(schedule), 30):
        if session in there:
            canvas.remove(canvas.number[session])
            del there[session]
        before = preference.cost(conference, there, announced)
        field = canvas.kinds[0] * 0 + sense.field(canvas.number[session])
        for _ in range(40):
            room, column = random.randrange(canvas.shape[0]), random.randrange(canvas.shape[1])
            capacity = conference.room[canvas.rooms[room]].capacity
            if capacity is not None and capacity < (conference.session[session].audience or 0):
                continue
            place = Placement(canvas.rooms[room], canvas.start_list[column])
            more = preference.cost(conference, {**there, session: place}, announced) - before
            assert field[room, column] == more, (session, place)
            differences.add(more)
        there[session] = schedule[session]
        canvas.place(canvas.number[session], canvas.room_number[schedule[session].room], schedule[session].start)
    assert len(differences) > 1


@pytest.mark.parametrize("seed", range(4))
def test_a_canvas_and_the_checker_agree_on_who_is_in_the_way(seed: int) -> None:
    conference, schedule = generated(seed=seed, sessions=50, rooms=5)
    canvas, random = on_canvas(conference, schedule), Random(seed)
    for session in random.sample(sorted(schedule), 12):
        number = canvas.number[session]
        canvas.remove(number)
        field = canvas.field(number)
        for _ in range(60):
            room, column = random.randrange(canvas.shape[0]), random.randrange(canvas.shape[1])
            place = Placement(canvas.rooms[room], canvas.start_list[column])
            found = check.around(conference, {**schedule, session: place}, [session], schedule)
            others = {one for violation in found for one in violation.sessions} - {session}
            alone = any(len(violation.sessions) == 1 for violation in found)
            assert (field[room, column] >= FIXED) == alone
            assert (field[room, column] == 0) == (not found)
            assert {canvas.names[one] for one in canvas.in_the_way(number, room, place.start)} == others
        canvas.place(number, canvas.room_number[schedule[session].room], schedule[session].start)


def from_scratch(conference: Conference, schedule: Schedule, clock: Callable[[], float], seed: int = 0) -> Plan:
    found = plan(conference, schedule, from_scratch=True, remaining=clock, seed=seed)
    broken = check.violations(conference, found.schedule)
    assert not broken or found.status == "infeasible"
    assert set(found.unplaced) == conference.session.keys() - found.schedule.keys()
    return found


@pytest.mark.parametrize("seed", range(3))
def test_a_full_conference_is_placed_from_scratch_and_improved(seed: int) -> None:
    conference, schedule = generated(seed=seed, sessions=120)
    told: list[Progress] = []
    found = plan(conference, schedule, from_scratch=True, remaining=looks(400), progress=told.append)
    assert (found.status, found.unplaced) == ("complete", ())
    assert check.violations(conference, found.schedule) == []
    assert all(found.schedule[one.id] == schedule[one.id] for one in conference.sessions if one.pinned)
    assert found.objective == sum(costs(conference, found.schedule, {}).values()) >= found.bound > 0
    first = next(one for one in told if not one.unplaced)
    assert found.objective < first.objective
    for one in told:
        assert check.violations(conference, one.schedule) == []
        assert one.objective == sum(costs(conference, one.schedule, {}).values())


def test_the_same_seed_gives_the_same_plan_and_another_another() -> None:
    conference, schedule = generated(seed=5, sessions=60)
    plans = [from_scratch(conference, schedule, looks(200), seed).schedule for seed in (1, 1, 2)]
    assert plans[0] == plans[1] != plans[2]


def test_what_is_said_to_be_impossible_is_and_what_is_placed_was_possible() -> None:
    outcomes: dict[str, int] = {}
    for seed in range(24):
        case = tiny.case(seed)
        pinned = {one: place for one, place in case.schedule.items() if case.conference.session[one].pinned}
        found = from_scratch(case.conference, case.schedule, looks(60), seed)
        outcomes[found.status] = outcomes.get(found.status, 0) + 1
        if found.status != "complete":
            unpinned = replace(
                case.conference, sessions=tuple(replace(o, pinned=o.id in pinned) for o in case.conference.sessions)
            )
            possible = fits(Problem.of(unpinned, pinned, (), "all", True), countdown(5))
            assert not (possible and found.status == "infeasible"), seed
            assert not (possible and found.status == "partial"), f"{seed}: so small a case is placed"
    assert outcomes.keys() >= {"complete"}
    crowded, _ = generated(seed=1, sessions=30)
    half = replace(crowded, rooms=crowded.rooms[:1])
    found = from_scratch(half, {}, looks(10))
    assert found.status == "infeasible"
    assert found.reasons


def test_a_schedule_that_is_there_is_kept_within_a_budget_and_gets_better() -> None:
    conference, schedule = generated(seed=2, sessions=80)
    free = plan(conference, schedule, remaining=looks(600))
    tight = plan(conference, schedule, remaining=looks(600), budget=3)
    before = sum(costs(conference, schedule, schedule).values())
    assert free.objective < before
    assert tight.objective < before
    assert 0 < tight.moved <= 3 < free.moved
    moved = sum(found != schedule[one] for one, found in tight.schedule.items())
    assert tight.moved == moved
    assert tight.costs["announced"] == moved * weights()["announced"]


def test_what_is_broken_or_unplaced_is_placed_and_the_rest_stays() -> None:
    conference, schedule = generated(seed=4, sessions=60, fullness=0.6)
    first, second, third = sorted(one for one in schedule if not conference.session[one].pinned)[:3]
    broken = {**schedule, second: schedule[first]}
    del broken[third]
    found = plan(conference, broken, remaining=lambda: 0.0)
    assert found.status == "complete"
    assert check.violations(conference, found.schedule) == []
    assert 2 <= found.moved <= 4


def test_a_run_goes_on_from_an_earlier_one() -> None:
    conference, schedule = generated(seed=6, sessions=60)
    first = from_scratch(conference, schedule, looks(300))
    second = plan(conference, schedule, from_scratch=True, start=first.schedule, remaining=lambda: 0.0)
    assert second.schedule == first.schedule


def test_held_sessions_stay_whatever_they_break() -> None:
    conference, schedule = generated(seed=4, sessions=60, fullness=0.6)
    first, second = sorted(one for one in schedule if not conference.session[one].pinned)[:2]
    broken = {**schedule, second: schedule[first]}
    found = plan(conference, broken, held={first, second}, remaining=looks(20))
    assert found.status == "complete"
    assert found.schedule[first] == found.schedule[second] == schedule[first]
    assert {frozenset(one.sessions) for one in found.violations} == {frozenset((first, second))}
