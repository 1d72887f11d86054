"""Holds the three faces of a rule against one another: for the tests of every rule, built in or plugged in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, product
from random import Random
from typing import TYPE_CHECKING

from solver.conference import Conference, Placement, Schedule
from solver.rules.rule import PairRule, RoomRule, Rule, UnaryRule

if TYPE_CHECKING:
    from solver.choices import Choices

Group = frozenset[str]


def thrown_about(conference: Conference, schedule: Schedule, *, seed: int, sessions: int = 4) -> dict[str, Placement]:
    """The schedule with some sessions thrown into any room, early, late and on top of others."""
    random, thrown = Random(seed), dict(schedule)
    for session in random.sample(sorted(thrown), min(sessions, len(thrown))):
        start = random.choice(list(thrown.values())).start + random.choice((-30, 0, 0, 15, 30))
        thrown[session] = Placement(random.choice(conference.rooms).id, start)
    return thrown


def reported(rule: Rule, conference: Conference, schedule: Schedule) -> set[Group]:
    """The sessions, or pairs of them, that the rule's check names."""
    return {frozenset(violation.sessions) for violation in rule.violations(conference, schedule)}


def forbidden(rule: Rule, conference: Conference, schedule: Schedule) -> set[Group]:
    """The sessions, or pairs of them, that the rule's search does not let be where they are."""
    found: set[Group] = set()
    if isinstance(rule, UnaryRule):
        found |= {frozenset((one,)) for one, at in schedule.items() if _barred(rule, conference, one, at)}
    else:
        for a, b in combinations(schedule, 2):
            if _together(rule, conference, a, schedule[a], b, schedule[b]):
                found.add(frozenset((a, b)))
    return found


def disagreements(
    rule: Rule, conference: Conference, schedule: Schedule, *, free: Sequence[str] = (), includes: Sequence[Rule] = ()
) -> list[str]:
    """Where the rule's faces do not say the same of this schedule, in sentences; empty if they agree.

    What is posted is looked at with every session where it is, and, of the `free` sessions, at every place they could
    take.  What it forbids because it `includes` other rules, its check need not name, and it need not post.
    """
    return [
        *_check_against_search(rule, conference, schedule, includes),
        *_both_ways(rule, conference, schedule),
        *_post_against_search(rule, conference, schedule, (), includes),
        *(_post_against_search(rule, conference, schedule, free, includes) if free else ()),
    ]


def _check_against_search(
    rule: Rule, conference: Conference, schedule: Schedule, includes: Sequence[Rule]
) -> Iterator[str]:
    named, hidden = reported(rule, conference, schedule), forbidden(rule, conference, schedule)
    others = set[Group]().union(*(reported(other, conference, schedule) for other in includes))
    for group in named - hidden:
        yield f"{rule.name}: the check names {_said(group)}, the search allows it"
    for group in hidden - named - others:
        yield f"{rule.name}: the search forbids {_said(group)}, the check does not name it"


def _both_ways(rule: Rule, conference: Conference, schedule: Schedule) -> Iterator[str]:
    if not isinstance(rule, PairRule):
        return
    partners = {one: set(rule.partners(conference, conference.session[one])) - {one} for one in schedule}
    for a, b in combinations(schedule, 2):
        there = _in_window(rule, conference, a, schedule[a], b, schedule[b])
        if there != _in_window(rule, conference, b, schedule[b], a, schedule[a]):
            yield f"{rule.name}: the windows of {a} and {b} are not the same both ways"
        if (b in partners[a]) != (a in partners[b]):
            yield f"{rule.name}: only one of {a} and {b} has the other as a partner"
        if there and b not in partners[a]:
            yield f"{rule.name}: {a} and {b} have a window, but are no partners"


def _post_against_search(
    rule: Rule, conference: Conference, schedule: Schedule, free: Sequence[str], includes: Sequence[Rule]
) -> Iterator[str]:
    from solver.choices import Choices
    from solver.problem import Problem

    table = Choices(Problem.of(conference, schedule, (), "all", False), free)
    rule.post(table)
    sessions = [table.sessions[number] for number in table.session]
    places = [Placement(table.rooms[room], int(start)) for room, start in zip(table.room, table.start, strict=True)]
    excluded = _exclusions(table)
    for row, one in enumerate(sessions):
        expected = isinstance(rule, UnaryRule) and _barred(rule, conference, one, places[row])
        if bool(table.dead[row]) != expected:
            yield f"{rule.name}: post and search do not agree on {one} at {places[row]}"
    for row, other in combinations(range(len(sessions)), 2):
        if sessions[row] == sessions[other]:
            continue
        pair = (sessions[row], places[row], sessions[other], places[other])
        if excluded(row, other) != _together(rule, conference, *pair) and not any(
            _together(one, conference, *pair) for one in includes
        ):
            yield f"{rule.name}: post and search do not agree on {pair[0]} at {pair[1]} with {pair[2]} at {pair[3]}"


def _exclusions(table: Choices) -> Callable[[int, int], bool]:
    """Whether two rows, the lower one first, cannot both be taken."""
    found = set(table.clashes)
    for (_, stay), parts in table.hits.items():
        found |= {(min(row, stay), max(row, stay)) for rows in parts for row in rows.tolist()}
    for clique in table.cliques:
        found |= {(row, other) for row, other in product(clique.tolist(), repeat=2) if row < other}
    return lambda row, other: (row, other) in found


def _barred(rule: UnaryRule, conference: Conference, one: str, at: Placement) -> bool:
    return any(first <= at.start < last for first, last in rule.barred(conference, conference.session[one], at.room))


def _together(rule: Rule, conference: Conference, a: str, at: Placement, b: str, there: Placement) -> bool:
    if isinstance(rule, PairRule):
        return _in_window(rule, conference, a, at, b, there)
    if isinstance(rule, RoomRule) and at.room == there.room:
        pad = rule.pad(conference.room[at.room])
        ours, theirs = conference.session[a].minutes, conference.session[b].minutes
        return at.start < there.start + theirs + pad and there.start < at.start + ours + pad
    return False


def _in_window(rule: PairRule, conference: Conference, a: str, at: Placement, b: str, there: Placement) -> bool:
    return any(
        low < at.start - there.start < high and (rooms is None or at.room in rooms)
        for rooms, low, high in rule.windows(conference, conference.session[a], conference.session[b], there.room)
    )


def _said(group: Group) -> str:
    return " and ".join(sorted(group))
