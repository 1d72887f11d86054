"""Rules of the organisers' own: as exact as the built-in ones, explained, and never wrong in silence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from random import Random

import pytest

from solver import check
from solver.conference import Interval, Placement, Room, Session
from solver.edits import CloseRoom, Move
from solver.explain import Explanation
from solver.facts.own import Plugged
from solver.repair import countdown, repair
from solver.rules import BUILT_IN, RULES, AnyRule, PairRule, RuleError, UnaryRule, Violation
from solver.rules.faces import disagreements, forbidden, thrown_about
from solver.rules.rule import Window
from tests.solver import statement
from tests.solver.own_rules import example, own_rules, plugged, raising
from tests.solver.test_exactness import ENGINES, question, said
from tests.solver.test_explain import explained, possible, told
from tests.solver.test_reasons import at, one_day, say
from tests.solver.test_rules import shaken
from tests.solver.tiny import case
from tests.solver.world import World

__all__ = ["plugged", "told"]
INFEASIBLE = (0, 8, 12, 16, 26, 51, 79, 81, 110, 156, 157, 172, 183)
"""Seeds without a repair, where a plugged-in rule is one of the reasons."""
INCLUDES = (RULES.built_in[0],)
"""A pad of nothing still forbids that two sessions overlap in a room."""
NAMES = ("quiet_hours", "one_keynote", "aired")


@pytest.mark.parametrize("number", range(3), ids=NAMES)
def test_check_search_and_post_agree(number: int) -> None:
    """The same trial that every built-in rule is put to."""
    rule, broken = own_rules()[number], 0
    for seed in range(100):
        tiny = shaken(seed)
        free = Random(seed).sample(sorted(tiny.schedule), 2) if seed < 40 else ()
        found = disagreements(rule, tiny.conference, tiny.schedule, free=free, includes=INCLUDES)
        assert found == [], f"shaken({seed})"
        broken += bool(forbidden(rule, tiny.conference, tiny.schedule))
    assert broken >= 5


def test_the_check_agrees_with_the_statement(plugged: tuple[AnyRule, ...]) -> None:
    seen: Counter[str] = Counter()
    for seed in range(150):
        tiny = case(seed)
        schedule = thrown_about(tiny.conference, tiny.schedule, seed=seed)
        found = check.violations(tiny.conference, schedule)
        told = {(one.rule, frozenset(one.sessions)) for one in found}
        assert told == {(rule, who) for rule, who, _ in statement.broken(tiny.conference, schedule)}, f"case({seed})"
        seen.update(one.rule for one in found)
    assert min(seen[name] for name in NAMES) >= 10, seen


@pytest.mark.parametrize("engine", ENGINES)
def test_repair_equals_brute_force(plugged: tuple[AnyRule, ...], engine: str) -> None:
    decides: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for seed in range(80):
        tiny = case(seed)
        expected = statement.optimum(question(tiny))
        answer = repair(tiny.conference, tiny.schedule, tiny.edits, remaining=countdown(60), engine=engine)  # type: ignore[arg-type]
        assert said(answer) == expected, f"case({seed}), {engine}: {answer}"
        found["infeasible" if expected is None else str(min(expected[0], 2))] += 1
        for name in NAMES:
            if decides[name] < 3 and statement.beats(question(tiny, without=name), expected):
                decides[name] += 1
    assert min(decides[name] for name in NAMES) >= 3, decides
    assert min(found[one] for one in ("infeasible", "1", "2")) >= 5, found


@pytest.mark.parametrize("engine", ENGINES)
def test_lenient_repairs_equal_brute_force(plugged: tuple[AnyRule, ...], engine: str) -> None:
    old: Counter[str] = Counter()
    for seed in range(1000, 1030):
        tiny = case(seed, clean=False)
        answer = repair(
            tiny.conference,
            tiny.schedule,
            tiny.edits,
            remaining=countdown(60),
            scope="edit",
            engine=engine,  # type: ignore[arg-type]
        )
        assert said(answer) == statement.optimum(question(tiny, lenient=True)), f"case({seed}), {engine}: {answer}"
        old.update(one.rule for one in check.violations(tiny.conference, tiny.schedule))
    assert min(old[name] for name in NAMES) >= 2, old


# A mistake in one face is found.


def mutant(rule: AnyRule, face: str, change: Callable[..., object]) -> list[str]:
    """What the trial says of the rule with one face changed."""
    real = getattr(rule, face)
    setattr(rule, face, lambda *about: change(real, *about))
    found = []
    for seed in range(30):
        tiny = shaken(seed)
        found += disagreements(rule, tiny.conference, tiny.schedule, free=sorted(tiny.schedule)[:2], includes=INCLUDES)
    return found


def lax(real: Callable[..., Iterable[Window]], *about: object) -> Iterable[Window]:
    return [(rooms, low + 30, high) for rooms, low, high in real(*about)]


@pytest.mark.parametrize(
    ("number", "face", "change"),
    [
        (0, "barred", lambda real, *about: [(first, last + 30) for first, last in real(*about)]),
        (0, "violations", lambda real, *about: list(real(*about))[1:]),
        (0, "post", lambda real, choices: None),
        (1, "windows", lax),
        (1, "partners", lambda real, *about: list(real(*about))[1:]),
        (1, "post", lambda real, choices: None),
        (2, "pad", lambda real, room: real(room) and real(room) + 1),
        (2, "violations", lambda real, *about: ()),
        (2, "post", lambda real, choices: None),
    ],
)
def test_a_face_that_says_something_else_is_found(number: int, face: str, change: Callable[..., object]) -> None:
    assert mutant(own_rules()[number], face, change)


# Why there is no repair.


def test_the_reasons_are_smallest(plugged: tuple[AnyRule, ...], told: list[Explanation]) -> None:
    """With just these facts and rules nothing fits; with any one of them let go of, everything does."""
    named: Counter[str] = Counter()
    for seed in INFEASIBLE:
        found = explained(case(seed), told)
        assert found.smallest, f"case({seed})"
        assert not possible(found, found.facts), f"case({seed}): {found.reasons}"
        for fact in found.facts:
            others = [one for one in found.facts if one != fact]
            assert possible(found, others), f"case({seed}): {fact} does not matter"
        named.update(fact.name for fact in found.facts if isinstance(fact, Plugged))
        for way in found.ways_out:
            assert World.of(way.problem).possible(), f"case({seed}): {way.relaxation.message}"
            named["helps"] += isinstance(way.fact, Plugged)
    assert min(named[name] for name in (*NAMES, "helps")) >= 1, named


@pytest.fixture
def quiet() -> Iterable[None]:
    RULES.plug([(example().QuietHours(), "quiet-hours 1.0"), (example().OneKeynote(), "quiet-hours 1.0")])
    yield
    RULES.unplug()


@pytest.mark.usefixtures("quiet")
def test_a_rule_that_is_in_the_way_is_named() -> None:
    conference = one_day((Session("a", 60, track="Families"),))
    early = replace(conference, days=(replace(conference.days[0], hours=Interval(at(9), at(12))),))
    reasons = say(early, {"a": Placement("R", at(11))}, CloseRoom("R", Interval(at(10, 30), at(12))))
    assert reasons == (
        "There is no place for “a”.",
        "R is closed Sat 10:30–12:00.",
        "“a” lasts 60 minutes.",
        "The conference is open Sat 09:00–12:00.",
        "The rule quiet_hours applies: No session of the track “Families” starts before 10:00.",
        "This would help: Keep R open until Sat 11:00.",
        "This would help: Shorten “a” by 30 minutes.",
        "This would help: Keep the conference open until Sat 13:00.",
        "This would help: Do without the rule quiet_hours.",
    )


@pytest.mark.usefixtures("quiet")
def test_a_rule_that_does_not_matter_is_not_named() -> None:
    conference = one_day((Session("a", 60, track="Families"),))
    reasons = say(conference, {"a": Placement("R", at(10))}, CloseRoom("R", Interval(at(9), at(12))))
    assert reasons[0] == "There is no place for “a”."
    assert not any("quiet_hours" in reason or "one_keynote" in reason for reason in reasons)


@pytest.mark.usefixtures("quiet")
def test_a_violation_that_cannot_be_mended_says_its_own_message() -> None:
    sessions = (Session("a", 30, track="Keynotes", pinned=True), Session("b", 30, track="Keynotes"))
    conference = one_day(sessions, (Room("R"), Room("S")))
    assert say(conference, {"a": Placement("R", at(10))}, Move("b", "S", at(10))) == (
        "“a” and “b” are keynotes, but overlap, Sat 10:00–10:30.",
        "“b” was placed there by this edit (S, Sat 10:00).",
        "“a” is pinned (R, Sat 10:00).",
        "The rule one_keynote applies: Two keynotes are never at the same time.",
        "This would help: Do without the rule one_keynote.",
        "This would help: Let “b” go elsewhere (S, Sat 10:30).",
        "This would help: Unpin “a” (R, Sat 10:30).",
    )


# What cannot be used, and what fails.


def plug(rule: AnyRule) -> None:
    RULES.plug([(rule, "noisy 0.1")])


@pytest.fixture
def unplugged() -> Iterable[None]:
    yield
    RULES.unplug()


@pytest.mark.usefixtures("unplugged")
@pytest.mark.parametrize("name", ["turnover", "off_grid"])
def test_a_name_that_is_taken_is_refused(name: str) -> None:
    rule = own_rules()[0]
    rule.name = name
    with pytest.raises(RuleError, match=f"the rule '{name}' of noisy 0.1 cannot be used: there is a rule of that name"):
        plug(rule)


@pytest.mark.usefixtures("unplugged")
@pytest.mark.parametrize("name", ["", "Quiet", "quiet hours", "q" * 41])
def test_a_name_that_is_no_word_is_refused(name: str) -> None:
    rule = own_rules()[0]
    rule.name = name
    with pytest.raises(RuleError, match="a name is at most 40 of"):
        plug(rule)


@pytest.mark.usefixtures("unplugged")
@pytest.mark.parametrize(
    ("number", "face", "says", "engine", "complaint"),
    [
        (0, "violations", raising, "auto", "violations failed with KeyError: 'kitchen'"),
        (0, "barred", raising, "auto", "barred failed with KeyError: 'kitchen'"),
        (0, "post", raising, "cp_sat", "post failed with KeyError: 'kitchen'"),
        (0, "barred", lambda *_: [(1, 2, 3)], "auto", "barred must give pairs of whole minutes"),
        (0, "barred", lambda *_: [(0.5, 2)], "auto", "barred must give pairs of whole minutes"),
        (1, "partners", lambda *_: ["nobody"], "auto", "partners must give ids of sessions"),
        (1, "windows", lambda *_: [(None, 1)], "auto", "windows must give rooms and two whole numbers of minutes"),
        (1, "windows", lambda *_: [({"nowhere"}, -1, 1)], "auto", "windows must give ids of rooms"),
        (2, "pad", lambda *_: -1, "auto", "pad must give a whole number of minutes"),
        (2, "pad", raising, "auto", "pad failed with KeyError: 'kitchen'"),
    ],
)
def test_a_face_that_fails_is_named(
    number: int, face: str, says: Callable[..., object], engine: str, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = own_rules()[number]
    monkeypatch.setattr(rule, face, named(says, face))
    if isinstance(rule, PairRule) and face == "windows":
        monkeypatch.setattr(rule, "partners", lambda conference, one: conference.session.keys())
    tiny = shaken(11)
    plug(rule)
    with pytest.raises(RuleError) as refused:
        repair(tiny.conference, tiny.schedule, remaining=countdown(30), engine=engine)  # type: ignore[arg-type]
    assert str(refused.value) == f"the rule '{rule.name}' of noisy 0.1: {complaint}"


def named(says: Callable[..., object], name: str) -> Callable[..., object]:
    def face(*about: object) -> object:
        return says(*about)

    face.__name__ = name
    return face


@pytest.mark.usefixtures("unplugged")
@pytest.mark.parametrize(
    ("number", "facts", "complaint"),
    [
        (0, {"rule": "turnover"}, "violations must give violations of its own name"),
        (0, {"sessions": ("s0", "s1")}, "a violation must be of 1 different placed sessions"),
        (1, {"sessions": ("s0", "s1", "s2")}, "a violation must be of 2 different placed sessions"),
        (1, {"sessions": ("s0", "s0")}, "a violation must be of 2 different placed sessions"),
        (0, {"sessions": ("nobody",)}, "a violation must be of sessions that are placed"),
        (0, {"group": 1}, "the group and the entry of a violation belong to the built-in rules"),
    ],
)
def test_a_violation_that_breaks_the_promise_is_named(
    number: int, facts: dict[str, object], complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule, tiny = own_rules()[number], shaken(11)
    honest = Violation(rule.name, tuple(sorted(tiny.schedule)[: 1 if isinstance(rule, UnaryRule) else 2]), 0, 1, "so")
    monkeypatch.setattr(rule, "violations", lambda *_: [replace(honest, **facts)])
    plug(rule)
    with pytest.raises(RuleError, match=complaint):
        check.violations(tiny.conference, tiny.schedule)


def test_without_plug_ins_there_are_the_built_in_rules() -> None:
    RULES.unplug()
    assert tuple(RULES)[: len(BUILT_IN)] == RULES[: len(BUILT_IN)] == BUILT_IN
    assert len(RULES) == len(BUILT_IN) + len(RULES.own)
