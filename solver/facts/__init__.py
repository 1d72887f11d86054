"""The facts that an organiser can change: each can say itself, be let go of, and be weakened step by step."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from solver.edits import Edit, Move, Swap
from solver.facts.fact import Fact, Step, minutes_said, named
from solver.facts.gaps import Apart, Ordered, SpeakerGap, Turnover, Way
from solver.facts.own import Plugged
from solver.facts.sessions import Expects, Lasts, Needs, Placing, Stays
from solver.facts.times import Away, Closed, Hours
from solver.problem import Problem
from solver.rules import RULES

__all__ = ["Fact", "Lasts", "Placing", "Stays", "Step", "every_fact", "minutes_said", "named"]


def every_fact(
    problem: Problem, edits: Sequence[Edit] = (), *, only: Collection[str] | None = None, pinned_lengths: bool = True
) -> list[Fact]:
    """The facts that could stand in the way of the sessions (all, or `only` these), the least telling first.

    What is first is the first to be let go of when facts are weighed: what an organiser has just done comes last.
    Without `pinned_lengths`, a pinned session is one fact with its length.
    """
    concerned = frozenset(problem.conference.session if only is None else only)
    found = [
        *_between(problem, concerned),
        *_of_sessions(problem, concerned, pinned_lengths),
        *_times(problem, concerned),
    ]
    homeless = [Placing(session) for session in problem.homeless if session in concerned]
    return list(dict.fromkeys([*found, *homeless, *_fixed(problem, edits, concerned)]))


def _between(problem: Problem, concerned: frozenset[str]) -> Iterator[Fact]:
    conference = problem.conference
    yield from (Plugged(rule.name, rule.purpose) for rule in RULES.own if rule.name not in conference.waived)
    yield from (Hours(day) for day in conference.days)
    if conference.speaker_gap:
        yield SpeakerGap()
    yield from (Way(way.origin, way.target, way.minutes) for way in conference.travel if way.minutes)
    yield from (Turnover(room.id) for room in conference.rooms if room.turnover)
    for number, entry in enumerate(conference.order):
        if concerned.issuperset((entry.before, entry.after)):
            yield Ordered(number)
    yield from (
        Apart(number) for number, group in enumerate(conference.apart) if len(concerned.intersection(group)) > 1
    )


def _of_sessions(problem: Problem, concerned: frozenset[str], pinned_lengths: bool) -> Iterator[Fact]:
    conference = problem.conference
    sessions = [one for one in conference.sessions if one.id in concerned]
    smallest = min((room.capacity for room in conference.rooms if room.capacity is not None), default=None)
    everywhere = frozenset[str]().union(*(room.features for room in conference.rooms))
    everywhere = everywhere.intersection(*(room.features for room in conference.rooms))
    for one in sessions:
        if one.minutes > conference.grid_minutes and (pinned_lengths or not one.pinned or one.id in problem.held):
            yield Lasts(one.id)
    yield from (Needs(one.id, feature) for one in sessions for feature in sorted(one.needs - everywhere))
    for one in sessions:
        if one.audience is not None and smallest is not None and one.audience > smallest:
            yield Expects(one.id)


def _times(problem: Problem, concerned: frozenset[str]) -> Iterator[Fact]:
    conference = problem.conference
    speakers = {speaker for session in concerned for speaker in conference.session[session].speakers}
    yield from (Away(one.id, time) for one in conference.people if one.id in speakers for time in one.unavailable)
    yield from (Closed(room.id, time) for room in conference.rooms for time in room.closed)


def _fixed(problem: Problem, edits: Sequence[Edit], concerned: frozenset[str]) -> Iterator[Fact]:
    placed = {edit.session for edit in edits if isinstance(edit, Move)}
    placed |= {session for edit in edits if isinstance(edit, Swap) for session in (edit.first, edit.second)}
    fixed = [one for one in problem.schedule if one in concerned and not problem.movable(one)]
    yield from (Stays(one, "pinned") for one in fixed if one not in problem.held)
    yield from (Stays(one, "placed" if one in placed else "resized") for one in fixed if one in problem.held)
