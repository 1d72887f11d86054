"""Each rule says the same thing three times: in the check, in the search, and posted to CP-SAT."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from random import Random

import pytest

from solver import check
from solver.choices import Choices
from solver.conference import Placement
from solver.problem import Problem
from solver.rules import OFF_GRID, RULES, PairRule, RoomRule, UnaryRule
from tests.solver import statement
from tests.solver.tiny import Tiny, case

INCLUDES = {"turnover": "room_overlap", "travel": "speaker_overlap"}
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


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_search_forbids_what_the_check_reports(rule: UnaryRule | RoomRule | PairRule) -> None:
    """Barred starts and windows hold exactly where the check names the rule, or one that it includes."""
    names = {rule.name, INCLUDES.get(rule.name, rule.name)}
    broken = 0
    for seed in range(150):
        tiny = shaken(seed)
        reported = {
            one.sessions if rule.name == "order" else tuple(sorted(one.sessions))
            for one in check.violations(tiny.conference, tiny.schedule)
            if one.rule in names
        }
        forbidden = {tuple(sorted(pair)) for pair in _forbidden(rule, tiny)}
        expected = {tuple(sorted(sessions)) for sessions in reported}
        if rule.name in INCLUDES:
            expected = {pair for pair in expected if pair in forbidden or _names(tiny, pair, rule.name)}
        assert forbidden == expected, f"{rule.name}, shaken({seed})"
        broken += bool(forbidden)
    assert broken >= 5


def _names(tiny: Tiny, pair: tuple[str, ...], rule: str) -> bool:
    found = check.violations(tiny.conference, {session: tiny.schedule[session] for session in pair})
    return any(one.rule == rule for one in found)


def _forbidden(rule: UnaryRule | RoomRule | PairRule, tiny: Tiny) -> set[tuple[str, ...]]:
    conference, found = tiny.conference, set()
    for name, place in tiny.schedule.items():
        if isinstance(rule, UnaryRule):
            barred = rule.barred(conference, conference.session[name], place.room)
            if any(first <= place.start < last for first, last in barred):
                found.add((name,))
    for a, b in combinations(tiny.schedule, 2):
        at, there = tiny.schedule[a], tiny.schedule[b]
        one, other = conference.session[a], conference.session[b]
        if isinstance(rule, RoomRule):
            pad = rule.pad(conference.room[at.room])
            apart = at.start >= there.start + other.minutes + pad or there.start >= at.start + one.minutes + pad
            if at.room == there.room and not apart and (pad or rule.name == "room_overlap"):
                found.add((a, b))
        elif isinstance(rule, PairRule):
            hit = any(
                low < at.start - there.start < high and (rooms is None or at.room in rooms)
                for rooms, low, high in rule.windows(conference, one, other, there.room)
            )
            back = any(
                low < there.start - at.start < high and (rooms is None or there.room in rooms)
                for rooms, low, high in rule.windows(conference, other, one, at.room)
            )
            assert hit == back, f"{rule.name} is not the same both ways"
            if hit:
                assert b in set(rule.partners(conference, one))
                assert a in set(rule.partners(conference, other))
                found.add((a, b))
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_what_is_posted_agrees_with_the_check(rule: UnaryRule | RoomRule | PairRule) -> None:
    """Posted alone, with every session where it is, the rule forbids exactly what the check reports."""
    for seed in range(150):
        tiny = shaken(seed)
        table = Choices(Problem.of(tiny.conference, tiny.schedule, (), "all", False), ())
        rule.post(table)
        posted = {(table.sessions[table.session[row]],) for row in range(len(table.start)) if table.dead[row]}
        posted |= {tuple(sorted(table.sessions[table.session[row]] for row in pair)) for pair in table.clashes}  # type: ignore[arg-type]
        assert posted == {tuple(sorted(pair)) for pair in _forbidden(rule, tiny)}, f"{rule.name}, shaken({seed})"


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
