"""Each rule says the same thing three times: in the check, in the search, and posted to CP-SAT."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from solver import check
from solver.choices import Choices
from solver.conference import Placement
from solver.problem import Problem
from solver.rules import BUILT_IN, OFF_GRID, AnyRule
from solver.rules.faces import disagreements, forbidden
from tests.solver import statement
from tests.solver.tiny import Tiny, case

INCLUDES = {"turnover": ("room_overlap",), "travel": ("speaker_overlap",)}
"""In the search and in CP-SAT the rule also forbids what the other one forbids."""


def shaken(seed: int) -> Tiny:
    """A tiny conference with sessions thrown about, so that many rules are broken."""
    tiny, random = case(seed), Random(seed)
    for session in random.sample(sorted(tiny.schedule), 4):
        start = random.choice([place.start for place in tiny.schedule.values()]) + random.choice((-30, 0, 0, 15, 30))
        tiny.schedule[session] = Placement(random.choice(tiny.conference.rooms).id, start)
    return tiny


def test_the_check_agrees_with_the_statement() -> None:
    """The same violations by rule, sessions and person or number, on several hundred broken schedules."""
    seen: Counter[str] = Counter()
    for seed in range(400):
        tiny = shaken(seed)
        found = check.violations(tiny.conference, tiny.schedule)
        said = {
            (
                one.rule,
                frozenset(one.sessions),
                one.person if one.person is not None else one.group if one.group is not None else one.entry,
            )
            for one in found
        }
        assert len(said) == len(found), "a violation is reported twice"
        assert said == statement.broken(tiny.conference, tiny.schedule), f"shaken({seed})"
        seen.update(one.rule for one in found)
    assert {rule: seen[rule] >= 10 for rule in statement.RULES} == dict.fromkeys(statement.RULES, True), seen


@pytest.mark.parametrize("rule", BUILT_IN, ids=lambda rule: rule.name)
def test_check_search_and_post_agree(rule: AnyRule) -> None:
    """On broken schedules, with every session where it is, and with two sessions that could be anywhere."""
    rules = {rule.name: rule for rule in BUILT_IN}
    includes = [rules[name] for name in INCLUDES.get(rule.name, ())]
    broken = 0
    for seed in range(150):
        tiny = shaken(seed)
        free = Random(seed).sample(sorted(tiny.schedule), 2) if seed < 40 else ()
        found = disagreements(rule, tiny.conference, tiny.schedule, free=free, includes=includes)
        assert found == [], f"shaken({seed})"
        broken += bool(forbidden(rule, tiny.conference, tiny.schedule))
    assert broken >= 5


def test_free_sessions_are_posted_like_staying_ones() -> None:
    """A session that is free may take just the rows that the statement allows beside those that stay."""
    for seed in range(60):
        tiny = case(seed)
        problem = Problem.of(tiny.conference, tiny.schedule, (), "all", False)
        free = sorted(tiny.schedule)[seed % len(tiny.schedule)]
        table = Choices(problem, (free,))
        table.post_rules()
        hit = {int(row) for (_, _), parts in table.hits.items() for rows in parts for row in rows}
        for row in table.of([free]).tolist():
            place = Placement(table.rooms[table.room[row]], int(table.start[row]))
            faults = statement.broken(tiny.conference, {**tiny.schedule, free: place})
            assert (bool(table.dead[row]) or row in hit) == bool(faults), f"case({seed}): {free} at {place}: {faults}"


def test_off_grid_is_a_note_that_binds_only_what_moves() -> None:
    tiny = case(3)
    session = sorted(tiny.schedule)[0]
    off = {**tiny.schedule, session: Placement(tiny.schedule[session].room, tiny.schedule[session].start + 1)}
    assert [note.sessions for note in check.notes(tiny.conference, off) if session in note.sessions] == [(session,)]
    barred = list(OFF_GRID.barred(tiny.conference, tiny.conference.session[session], off[session].room))
    day = tiny.conference.days[0]
    for start in range(day.hours.start, day.hours.end):
        assert any(first <= start < last for first, last in barred) == (not tiny.conference.clock.on_grid(start))
