"""Parts of repairs, and repairs that others have overtaken: judged as the plain statement of the rules judges them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import combinations
from random import Random

import pytest

from solver.answer import RepairMove
from solver.conference import Conference, Placement, Schedule
from solver.edits import (
    Edit,
    EditError,
    Move,
    Pin,
    Unplace,
    apply,
)
from solver.patch import Review, review
from solver.problem import Scope
from solver.repair import countdown, repair
from solver.rules import Violation
from solver.since import Patch, names
from tests.solver import statement
from tests.solver.tiny import Tiny, case, random_edit

SEEDS = (*range(120), 230, 233, 234, 254, 273, 318, 338, 342, 410, 415, 438, 464, 531, 537, 548, 588, 615, 622, 623)
"""The last ones need repairs of three moves or more."""


@cache
def patch_of(seed: int, scope: Scope, clean: bool) -> Patch | None:
    """The repair of a case; None where there is none, or nothing to repair."""
    tiny = case(seed, clean=clean)
    answer = repair(tiny.conference, tiny.schedule, tiny.edits, remaining=countdown(30), scope=scope, explain_seconds=0)
    return Patch(tiny.edits, answer.repairs[0].moves, scope) if answer.repairs else None


def patches(scope: Scope = "all", *, clean: bool = True) -> Iterator[tuple[Tiny, Patch, int]]:
    for seed in SEEDS:
        patch = patch_of(seed, scope, clean)
        if patch is not None:
            yield case(seed, clean=clean), patch, seed


def parts(sessions: list[str]) -> Iterator[frozenset[str]]:
    for size in range(len(sessions) + 1):
        yield from map(frozenset, combinations(sessions, size))


def stated(violation: Violation) -> statement.Broken:
    detail: str | int | None = violation.person
    for number in (violation.group, violation.entry):
        detail = number if number is not None else detail
    return violation.rule, frozenset(violation.sessions), detail


def after(found: Review, places: Mapping[str, Placement]) -> set[statement.Broken]:
    """What is broken once the edits and these moves are made."""
    assert found.edited is not None
    return statement.broken(found.edited.conference, {**found.edited.schedule, **places})


@pytest.mark.parametrize("clean", [True, False])
def test_every_part_of_a_repair_breaks_what_the_statement_says_and_is_mended_as_it_says(clean: bool) -> None:
    sizes: Counter[int] = Counter()
    mended: Counter[int] = Counter()
    for tiny, patch, seed in patches(clean=clean):
        targets = {move.session: move.target for move in patch.moves}
        for chosen in parts(sorted(targets)):
            found = review(
                tiny.conference, tiny.schedule, patch, chosen=chosen, earlier=(tiny.conference, tiny.schedule)
            )
            part = {session: targets[session] for session in chosen}
            broken = after(found, part)
            assert {stated(one.violation) for one in found.remaining} == broken, f"case({seed}), {chosen}"
            assert len(found.remaining) == len(broken)
            for one in found.remaining:
                expected = {
                    session
                    for session in targets.keys() - chosen
                    if stated(one.violation) not in after(found, {**part, session: targets[session]})
                }
                assert set(one.mended_by) == expected, f"case({seed}), {chosen}"
                mended[len(expected)] += 1
            assert found.verdict == ("still_valid" if chosen == targets.keys() else "incomplete"), (
                f"case({seed}), {chosen}"
            )
            assert found.completed_by is not None
            completed = chosen | set(found.completed_by)
            assert after(found, {session: targets[session] for session in completed}) == set()
            assert not chosen & set(found.completed_by)
            assert (found.done, found.needless, found.differences) == ((), (), ())
        sizes[len(targets)] += 1
    assert min(sizes[1], sizes[2], sizes[3]) >= 8, sizes
    assert mended[1] >= 100, mended
    assert clean or mended[2] >= 10, mended


def overtaken(tiny: Tiny, patch: Patch, random: Random) -> tuple[Conference, Schedule]:
    """The schedule after something that others did, often to sessions that the repair moves."""
    edits = [random_edit(random, tiny.conference, tiny.schedule) for _ in range(random.choice((0, 1, 1)))]
    move = random.choice(patch.moves)
    match random.choice(("else", "else", "pin", "there", "away", "aside", "aside")):
        case "pin":
            edits.append(Pin(move.session))
        case "there":
            edits.append(Move(move.session, move.target.room, move.target.start))
        case "away":
            edits.append(Unplace(move.session))
        case "aside":
            edits += aside(tiny, patch, move.session, random)
    later = apply(tiny.conference, tiny.schedule, edits)
    return later.conference, later.schedule


def aside(tiny: Tiny, patch: Patch, session: str, random: Random) -> list[Edit]:
    """Put a session that the repair moves where it does not need to move any more, if there is such a place."""
    edited = apply(tiny.conference, tiny.schedule, patch.edits)
    others = {move.session: move.target for move in patch.moves if move.session != session}
    question = statement.Question(edited.conference, edited.schedule, edited.held, edited.touched)
    places = question.places()
    random.shuffle(places)
    for at in places:
        if not statement.broken(edited.conference, {**edited.schedule, **others, session: at}):
            return [Move(session, at.room, at.start)]
    return []


def changed(tiny: Tiny, conference: Conference, schedule: Schedule, patch: Patch) -> bool:
    """Whether anything that the patch touches is not as it was."""
    return any(
        tiny.conference.room[one] != conference.room[one]
        if resource == "room"
        else tiny.conference.person[one] != conference.person[one]
        if resource == "person"
        else (tiny.conference.session[one], tiny.schedule.get(one)) != (conference.session[one], schedule.get(one))
        for resource, one in names(patch)
    )


def expected_verdict(tiny: Tiny, now: tuple[Conference, Schedule], patch: Patch, chosen: frozenset[str]) -> str:
    """The verdict in plain words; `incomplete` only where all the moves together leave nothing broken."""
    part = replace(patch, moves=tuple(move for move in patch.moves if move.session in chosen))
    try:
        edited = apply(*now, patch.edits)
    except EditError:
        return "no_longer_valid"
    there = {move.session for move in patch.moves if edited.schedule.get(move.session) == move.target}
    pinned = {move.session for move in patch.moves if edited.conference.session[move.session].pinned} - there
    if chosen & pinned:
        return "no_longer_valid"
    old = statement.broken(*now) if patch.scope == "edit" else set()
    asked = statement.Question(edited.conference, edited.schedule, edited.held, edited.touched, frozenset(old))

    def clean(moves: tuple[RepairMove, ...]) -> bool:
        places = {move.session: move.target for move in moves if move.session not in there}
        return asked.fine(statement.broken(edited.conference, {**edited.schedule, **places}), frozenset(places))

    if clean(part.moves):
        return "rebased" if changed(tiny, *now, part) else "still_valid"
    whole = tuple(move for move in patch.moves if move.session not in pinned)
    return "incomplete" if clean(whole) else "no_longer_valid"


@pytest.mark.parametrize("scope", ["all", "edit"])
def test_the_verdict_on_an_overtaken_repair_is_the_statements(scope: Scope) -> None:
    seen: Counter[str] = Counter()
    for tiny, patch, seed in patches(scope, clean=scope == "all"):
        for round_ in range(8):
            random = Random(f"{seed} {round_}")
            now = overtaken(tiny, patch, random)
            sessions = sorted(move.session for move in patch.moves)
            chosen = frozenset(sessions if round_ % 2 else random.sample(sessions, random.randint(0, len(sessions))))
            found = review(*now, patch, chosen=chosen, earlier=(tiny.conference, tiny.schedule))
            told = f"case({seed}), round {round_}: {found}"
            expected = expected_verdict(tiny, now, patch, chosen)
            if found.verdict == "incomplete" and expected == "no_longer_valid":
                _completes(found, patch, chosen, told)  # all the moves do not do it, but some of them do
            else:
                assert found.verdict == expected, told
            assert bool(found.reasons) >= (found.verdict != "still_valid"), told
            assert {stated(one.violation) for one in found.remaining} == (
                after(found, {move.session: move.target for move in found.moves}) if found.edited else set()
            )
            seen[found.verdict] += 1
            seen["needless"] += bool(found.needless)
            seen["done"] += bool(found.done)
    assert min(seen.values()) >= 15, seen
    assert len(seen) == 6, seen


def _completes(found: Review, patch: Patch, chosen: frozenset[str], told: str) -> None:
    assert found.edited is not None
    assert found.completed_by is not None
    wanted = chosen | set(found.completed_by)
    places = {move.session: move.target for move in patch.moves if move.session in wanted}
    left = statement.broken(found.edited.conference, {**found.edited.schedule, **places})
    tolerated = {stated(one.violation) for one in found.remaining if one.tolerated}
    assert left <= tolerated, told


@pytest.mark.parametrize("clean", [True, False])
def test_what_is_needless_can_be_left_out_and_nothing_is_said_to_be_where_something_can(clean: bool) -> None:
    seen: Counter[bool] = Counter()
    for tiny, patch, seed in patches(clean=clean):
        for round_ in range(8):
            now = overtaken(tiny, patch, Random(f"{seed} {round_}"))
            found = review(*now, patch, earlier=(tiny.conference, tiny.schedule))
            if found.verdict not in ("still_valid", "rebased"):
                continue
            places = {move.session: move.target for move in found.moves}
            back = [move.session for move in found.moves if move.origin is not None]
            possible = [
                part
                for part in parts(back)
                if part and not after(found, {one: at for one, at in places.items() if one not in part})
            ]
            needless = frozenset(found.needless)
            assert needless in possible if possible else not needless, f"case({seed}), round {round_}: {found}"
            assert not any(needless < part for part in possible)
            seen[bool(possible)] += 1
    assert min(seen[True], seen[False]) >= 20, seen


def test_the_moves_go_on_from_where_the_sessions_are() -> None:
    for tiny, patch, seed in patches():
        conference, schedule = overtaken(tiny, patch, Random(seed))
        found = review(conference, schedule, patch)
        if found.edited is None:
            continue
        assert {move.session for move in found.moves} | set(found.done) == {move.session for move in patch.moves}
        for move in found.moves:
            assert move.origin == found.edited.schedule.get(move.session)
        for one in found.done:
            assert found.edited.schedule[one] in [move.target for move in patch.moves if move.session == one]
