"""What a timetable says in microseconds is what a check of the whole schedule finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from random import Random

import pytest

from fixtures.disruptions import disruptions
from fixtures.generate import conference
from solver import check
from solver.conference import Conference, Placement, Schedule
from solver.edits import Edit, Move, OpenRoom, PersonAvailable, Pin, Resize, SetAudience, Swap, Unplace, apply
from solver.rules import BUILT_IN, OFF_GRID, Violation
from solver.rules.faces import thrown_about
from solver.timetable import Timetable, change
from tests.solver.tiny import case, random_edit

Cases = list[tuple[Conference, Schedule, tuple[Edit, ...]]]


@pytest.fixture(scope="module")
def cases() -> Cases:
    """Tiny conferences, clean and not, and a middling one with all that goes wrong there."""
    tiny = [case(seed, clean=seed % 2 == 0) for seed in range(150)]
    found: Cases = [(one.conference, one.schedule, one.edits) for one in tiny]
    built, schedule = conference(seed=3, sessions=150, rooms=8)
    return found + [(built, schedule, one.edits) for one in disruptions(built, schedule, seed=3, count=40)]


def alike(ours: Iterable[Violation], theirs: Iterable[Violation]) -> bool:
    return Counter(map(repr, ours)) == Counter(map(repr, theirs))


def anywhere(facts: Conference, random: Random) -> Placement:
    """A place in any room, a little before, in or after the hours, on the grid or not."""
    day = random.choice(facts.days).hours
    start = random.randrange(day.start - 60, day.end + 30)
    return Placement(random.choice(facts.rooms).id, start - random.choice((0, start % 5, start % 30)))


def test_what_one_move_breaks_is_named_with_every_reason(cases: Cases) -> None:
    """All twelve rules, wherever a session is put, and whatever length it gets."""
    seen: Counter[str] = Counter()
    for number, (facts, clean, _) in enumerate(cases):
        random = Random(number)
        schedule = thrown_about(facts, clean, seed=number)
        table = Timetable(facts, schedule)
        for _ in range(12):
            one, place = random.choice(facts.sessions), anywhere(facts, random)
            minutes = random.choice((None, 15, 45, 120))
            edits: list[Edit] = [Move(one.id, place.room, place.start)]
            edits += [] if minutes is None else [Resize(one.id, minutes)]
            edited = apply(facts, schedule, edits)
            whole = check.violations(edited.conference, edited.schedule)
            expected = [found for found in whole if one.id in found.sessions]
            assert alike(table.violations_of(one.id, place.room, place.start, minutes), expected)
            lean = Counter((found.rule, found.sessions, found.start, found.end) for found in expected)
            breaches = table.breaches_of(one.id, place.room, place.start, minutes)
            assert Counter(found[:4] for found in breaches) == lean
            seen.update(found.rule for found in expected)
            notes = table.notes_after(edited.conference, edited.schedule, edited.concerned)
            seen.update(note.rule for note in notes)
            assert alike(notes, check.notes(edited.conference, edited.schedule))
    assert {rule.name: seen[rule.name] >= 10 for rule in (*BUILT_IN, OFF_GRID)} == dict.fromkeys(
        (rule.name for rule in (*BUILT_IN, OFF_GRID)), True
    ), seen


def test_who_would_be_displaced_is_who_breaks_a_rule_with_the_session(cases: Cases) -> None:
    for number, (facts, schedule, _) in enumerate(cases):
        random = Random(number)
        table = Timetable(facts, schedule)
        for _ in range(5):
            one, place = random.choice(facts.sessions).id, anywhere(facts, random)
            whole = check.violations(facts, {**schedule, one: place})
            expected = {other for found in whole if one in found.sessions for other in found.sessions} - {one}
            assert table.displaced(one, *_of(place)) == expected


def _of(place: Placement) -> tuple[str, int]:
    return place.room, place.start


def test_what_a_swap_breaks_is_what_the_edit_breaks(cases: Cases) -> None:
    for number, (facts, schedule, _) in enumerate(cases):
        first, second = Random(number).sample(sorted(schedule), 2)
        edited = apply(facts, schedule, [Swap(first, second)])
        whole = check.violations(facts, edited.schedule)
        expected = {(one.rule, *one.sessions, one.start) for one in whole if {first, second} & set(one.sessions)}
        found = Timetable(facts, schedule).breaches_of_swap(first, second)
        assert {(one.rule, *one.sessions, one.start) for one in found} == expected
        assert len(found) == len(set(found))


def test_what_edits_break_is_what_the_whole_breaks_then(cases: Cases) -> None:
    broken = 0
    for facts, schedule, edits in cases:
        edited = apply(facts, schedule, edits)
        expected = check.violations(edited.conference, edited.schedule)
        found = Timetable(facts, schedule).violations_after(edited.conference, edited.schedule, edited.concerned)
        assert alike(found, expected), edits
        order = [rule.name for rule in BUILT_IN]
        assert [one.rule for one in found] == sorted((one.rule for one in found), key=order.index)
        broken += bool(expected)
    assert broken > 100


def some_edit(random: Random, facts: Conference, schedule: dict[str, Placement]) -> Edit:
    """An edit of any kind that there is."""
    session = random.choice(facts.sessions).id
    room, person = random.choice(facts.rooms), random.choice(facts.people) if facts.people else None
    closed, away = room.closed, () if person is None else person.unavailable
    others: list[Edit] = [Unplace(session), Pin(session), SetAudience(session, random.choice((None, 10, 300)))]
    others += [OpenRoom(room.id, closed[0])] if closed else []
    others += [PersonAvailable(person.id, away[0])] if person is not None and away else []
    return random.choice(others) if random.random() < 0.4 else random_edit(random, facts, schedule)


def test_a_timetable_follows_any_chain_of_changes(cases: Cases) -> None:
    """Moved, resized, taken out, pinned, rooms closed and opened, people away and back: always as if made anew."""
    changed = 0
    for number, (facts, schedule, _) in enumerate(cases[::3]):
        random = Random(number)
        table = Timetable(facts, schedule)
        _ = table.violations, table.notes
        for _ in range(12):
            edited = apply(facts, schedule, [some_edit(random, facts, dict(schedule))])
            facts, schedule = edited.conference, edited.schedule
            table = table.follow(facts, schedule)
            assert alike(table.violations, check.violations(facts, schedule))
            assert alike(table.notes, check.notes(facts, schedule))
            one, place = random.choice(facts.sessions).id, anywhere(facts, random)
            anew = Timetable(facts, schedule)
            assert table.breaches_of(one, *_of(place)) == anew.breaches_of(one, *_of(place))
            changed += table is not anew
    assert changed > 500


def test_other_facts_of_the_whole_are_no_small_change() -> None:
    facts, schedule = case(3).conference, case(3).schedule
    assert change(facts, schedule, replace(facts, speaker_gap=99), schedule) is None
    assert change(facts, schedule, replace(facts, name="Another"), schedule) == (frozenset(),) * 3
    later = replace(facts, speaker_gap=99)
    assert alike(Timetable(facts, schedule).follow(later, schedule).violations, check.violations(later, schedule))
