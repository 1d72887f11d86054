"""Why there is no repair, in the organiser's words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from solver.index import Index, Mask
from solver.problem import Problem
from solver.rules import RULES, UnaryRule, Violation

MANY = 12
"""More sessions than this are counted, not named."""


def stuck(problem: Problem) -> Violation | None:
    """A violation all of whose sessions may not move."""
    return next((one for one in problem.broken if not any(problem.movable(s) for s in one.sessions)), None)


def why_stuck(problem: Problem, violation: Violation) -> tuple[str, ...]:
    """The facts behind a violation that nothing can mend."""
    return (violation.message, *(_why_fixed(problem, session) for session in violation.sessions))


def nowhere(problem: Problem, index: Index, roots: Sequence[str]) -> tuple[str, ...]:
    """A smallest set of facts that leaves one of the roots no place at all; empty if each has one.

    Smallest means that without any one of them there would be a place.
    """
    for session in roots:
        facts = _facts_against(problem, index, session)
        everything = np.zeros(index.shape, dtype=bool)
        for _, mask in facts:
            everything |= mask
        if everything.all():
            kept = _shrink(facts)
            label = problem.conference.session[session].label
            return (f"{label} must find another place, and there is none:", *kept)
    return ()


def among(problem: Problem, culprits: Sequence[str]) -> tuple[str, ...]:
    """What is known when the sessions involved fit nowhere together."""
    labels = [problem.conference.session[one].label for one in culprits]
    named = ", ".join(labels[:MANY]) + (f" and {len(labels) - MANY} more" if len(labels) > MANY else "")
    causes = dict.fromkeys(violation.message for violation in problem.broken)
    fixed = [_why_fixed(problem, one) for one in sorted(problem.held)]
    return (
        *list(causes)[:MANY],
        *fixed[:MANY],
        f"Every arrangement that mends this runs out of places for {named}, however many other sessions move.",
    )


def _facts_against(problem: Problem, index: Index, session: str) -> list[tuple[str, Mask]]:
    """Each fact that bars places from a session, with the places it bars; what it now has is barred too."""
    one, facts = problem.conference.session[session], []
    for rule in RULES:
        if isinstance(rule, UnaryRule):
            mask = np.zeros(index.shape, dtype=bool)
            for number, room in enumerate(index.rooms):
                for first, last in rule.barred(problem.conference, one, room):
                    mask[number, np.searchsorted(index.starts, first) : np.searchsorted(index.starts, last)] = True
            if mask.any():
                facts.append((_said(problem, rule.name, session, mask), mask))
    for other, placement in problem.schedule.items():
        if other != session and not problem.movable(other):
            mask = np.zeros(index.shape, dtype=bool)
            for number, first, last in (
                index.footprint(session, other, placement),
                *index.shadow(session, other, placement),
            ):
                mask[number, first:last] = True
            if mask.any():
                facts.append((f"{_why_fixed(problem, other)} That leaves no room beside it.", mask))
    here = problem.schedule.get(session)
    if here is not None:
        mask = np.zeros(index.shape, dtype=bool)
        mask[index.room_number[here.room], index.starts == here.start] = True
        causes = [violation.message for violation in problem.broken if session in violation.sessions]
        facts.append((f"Where it is now it cannot stay: {causes[0] if causes else 'it is in the way'}.", mask))
    return facts


def _shrink(facts: list[tuple[str, Mask]]) -> list[str]:
    """Drop facts, those that bar least first, while what is left still bars every place."""
    kept = sorted(facts, key=lambda fact: int(fact[1].sum()))
    for fact in list(kept):
        others = [mask for said, mask in kept if said != fact[0]]
        if others and np.logical_or.reduce(others).all():
            kept = [one for one in kept if one[0] != fact[0]]
    return [said for said, _ in reversed(kept)]


def _said(problem: Problem, rule: str, session: str, mask: Mask) -> str:
    conference = problem.conference
    one = conference.session[session]
    rooms = int(mask.all(axis=1).sum())
    match rule:
        case "room_too_small":
            return f"{rooms} of {len(conference.rooms)} rooms hold fewer than the {one.audience} people it expects."
        case "room_lacks_feature":
            return f"{rooms} of {len(conference.rooms)} rooms lack {', '.join(sorted(one.needs))}, which it needs."
        case "room_closed":
            closed = [
                f"{room.label} {conference.clock.spoken(time.start)}–{conference.clock.spoken(time.end)}"
                for room in conference.rooms
                for time in room.closed
            ]
            return f"Rooms are closed: {'; '.join(closed[:MANY])}{' …' if len(closed) > MANY else ''}."
        case "speaker_unavailable":
            away = [
                f"{conference.person[who].label} is unavailable "
                f"{conference.clock.spoken(time.start)}–{conference.clock.spoken(time.end)}"
                for who in one.speakers
                for time in conference.person[who].unavailable
            ]
            return f"{'; '.join(away)}."
        case "outside_hours":
            return f"It lasts {one.minutes} minutes and must lie inside one day's hours."
        case _:
            return f"The rule {rule} bars {int(mask.sum())} places."


def _why_fixed(problem: Problem, session: str) -> str:
    label = problem.conference.session[session].label
    placement = problem.schedule[session]
    where = f"{problem.conference.room[placement.room].label}, {problem.conference.clock.spoken(placement.start)}"
    if session in problem.held:
        return f"{label} was placed there by this edit ({where})."
    if problem.conference.session[session].pinned:
        return f"{label} is pinned ({where})."
    return f"{label} stays where it is ({where})."
