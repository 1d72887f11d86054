"""Rules of the organisers' own: found by entry point among the installed packages, and held to what a rule promises.

They are looked for once, when the rules are first gone through.  What cannot be used is an error, never left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar, overload

from solver.conference import Conference, Minute, Room, Schedule, Session
from solver.countdown import OutOfTimeError
from solver.rules.rule import PairRule, RoomRule, Rule, UnaryRule, Window
from solver.rules.violation import Violation

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from solver.choices import Choices

GROUP = "callboard.rules"
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")

AnyRule = UnaryRule | RoomRule | PairRule
Thing = TypeVar("Thing")


class RuleError(Exception):
    """A rule that cannot be used, or that failed.  The message is one line: the rule, its package, the reason."""

    @property
    def sentence(self) -> str:
        """The message as a sentence that stands alone."""
        text = str(self)
        return f"{text[:1].upper()}{text[1:].rstrip('.')}."


class Rules(Sequence[AnyRule]):
    """The built-in rules, and after them those that are plugged in."""

    def __init__(self, built_in: tuple[AnyRule, ...], notes: tuple[Rule, ...]) -> None:
        self.built_in = built_in
        self._taken = frozenset(rule.name for rule in (*built_in, *notes))
        self._all: tuple[AnyRule, ...] | None = None
        self._own: tuple[OwnRule, ...] = ()

    @property
    def own(self) -> tuple[OwnRule, ...]:
        """Those that are plugged in."""
        if self._all is None:
            self._every()
        return self._own

    def plug(self, rules: Iterable[tuple[AnyRule, str]]) -> None:
        """Have these rules, each with its owner, plugged in instead of those that are installed."""
        taken, found = set(self._taken), list(self.built_in)
        for rule, owner in rules:
            if not NAME.fullmatch(rule.name):
                raise _unusable(rule.name, owner, "a name is at most 40 of a–z, 0–9 and _, and begins with a letter")
            if rule.name in taken:
                raise _unusable(rule.name, owner, "there is a rule of that name already")
            taken.add(rule.name)
            found.append(guarded(rule, owner))
        self._all = tuple(found)
        self._own = tuple(rule for rule in found if isinstance(rule, OwnRule))

    def unplug(self) -> None:
        """Look for the installed rules again, the next time that somebody asks."""
        self._all = None

    def _every(self) -> tuple[AnyRule, ...]:
        if self._all is None:
            self.plug(installed())
            assert self._all is not None
        return self._all

    @overload
    def __getitem__(self, index: int) -> AnyRule: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[AnyRule]: ...
    def __getitem__(self, index: int | slice) -> AnyRule | Sequence[AnyRule]:
        return self._every()[index]

    def __iter__(self) -> Iterator[AnyRule]:
        return iter(self._every())

    def __len__(self) -> int:
        return len(self._every())


def installed() -> Iterator[tuple[AnyRule, str]]:
    """The rules of all installed packages by name, with the package's name and version.  Raises `RuleError`."""
    from importlib.metadata import entry_points

    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, _owner(point))):
        yield _made(point, _owner(point)), _owner(point)


def _owner(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "an installed package"


def _made(point: EntryPoint, owner: str) -> AnyRule:
    try:
        kind = point.load()
    except Exception as error:
        raise _unusable(point.name, owner, f"loading {point.value} failed with {_told(error)}") from error
    if not (isinstance(kind, type) and issubclass(kind, AnyRule)):
        raise _unusable(point.name, owner, f"{point.value} is no class of UnaryRule, RoomRule or PairRule")
    try:
        rule: AnyRule = kind()
        name = rule.name
    except Exception as error:
        raise _unusable(point.name, owner, f"making one failed with {_told(error)}") from error
    if name != point.name:
        raise _unusable(point.name, owner, f"its class calls it '{name}'")
    return rule


def _unusable(name: str, owner: str, reason: str) -> RuleError:
    return RuleError(f"the rule '{name}' of {owner} cannot be used: {reason}")


def _told(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def guarded(rule: AnyRule, owner: str) -> AnyRule:
    """The rule as the solver sees it."""
    if isinstance(rule, UnaryRule):
        return OwnUnaryRule(rule, owner)
    return OwnRoomRule(rule, owner) if isinstance(rule, RoomRule) else OwnPairRule(rule, owner)


class OwnRule(Rule):
    """A rule from outside: it can be waived, what it says is looked at, and where it fails, it is named."""

    sessions_at_once = 2

    def __init__(self, rule: AnyRule, owner: str) -> None:
        self.rule = rule
        self.owner = owner
        self.name = rule.name

    @property
    def purpose(self) -> str:
        """The first line of the rule's docstring."""
        return (type(self.rule).__dict__.get("__doc__") or "").strip().partition("\n")[0]

    def violations(self, conference: Conference, schedule: Schedule) -> Iterator[Violation]:
        if self.name not in conference.waived:
            for violation in self.ask(self.rule.violations, conference, schedule):
                self._check(violation, schedule)
                yield violation

    def post(self, choices: Choices) -> None:
        if self.name not in choices.conference.waived:
            try:
                self.rule.post(choices)
            except OutOfTimeError:
                raise  # the clock's, not the rule's
            except Exception as error:
                raise self.failure(f"post failed with {_told(error)}") from error

    def ask(self, face: Callable[..., Iterable[Thing]], *about: object) -> tuple[Thing, ...]:
        """All that a face of the rule says."""
        try:
            return tuple(face(*about))
        except Exception as error:
            raise self.failure(f"{face.__name__} failed with {_told(error)}") from error

    def failure(self, reason: str) -> RuleError:
        return RuleError(f"the rule '{self.name}' of {self.owner}: {reason}")

    def _check(self, violation: Violation, schedule: Schedule) -> None:
        if getattr(violation, "rule", None) != self.name:
            raise self.failure("violations must give violations of its own name")
        concerned = set(violation.sessions)
        if len(violation.sessions) != self.sessions_at_once or len(concerned) != self.sessions_at_once:
            raise self.failure(f"a violation must be of {self.sessions_at_once} different placed sessions")
        if not concerned <= schedule.keys():
            raise self.failure("a violation must be of sessions that are placed")
        if violation.group is not None or violation.entry is not None:
            raise self.failure("the group and the entry of a violation belong to the built-in rules")


class OwnUnaryRule(OwnRule, UnaryRule):
    """A unary rule from outside."""

    rule: UnaryRule
    sessions_at_once = 1

    def barred(self, conference: Conference, session: Session, room: str) -> Iterable[tuple[Minute, Minute]]:
        if self.name in conference.waived:
            return ()
        found = self.ask(self.rule.barred, conference, session, room)
        if not all(_has_whole_numbers(part, 0, 2) for part in found):
            raise self.failure("barred must give pairs of whole minutes")
        return found


class OwnPairRule(OwnRule, PairRule):
    """A pair rule from outside."""

    rule: PairRule

    def partners(self, conference: Conference, session: Session) -> Iterable[str]:
        if self.name in conference.waived:
            return ()
        found = set(self.ask(self.rule.partners, conference, session)) - {session.id}
        if not found <= conference.session.keys():
            raise self.failure("partners must give ids of sessions")
        return found

    def windows(self, conference: Conference, a: Session, b: Session, room_b: str) -> Iterable[Window]:
        if self.name in conference.waived:
            return ()
        found = self.ask(self.rule.windows, conference, a, b, room_b)
        for window in found:
            if not _has_whole_numbers(window, 1, 3):
                raise self.failure("windows must give rooms and two whole numbers of minutes")
            if window[0] is not None and not conference.room.keys() >= set(window[0]):
                raise self.failure("windows must give ids of rooms")
        return found


class OwnRoomRule(OwnRule, RoomRule):
    """A room rule from outside."""

    rule: RoomRule

    def pad(self, room: Room) -> Minute:
        try:
            found: object = self.rule.pad(room)
        except Exception as error:
            raise self.failure(f"pad failed with {_told(error)}") from error
        if not isinstance(found, int) or found < 0:
            raise self.failure("pad must give a whole number of minutes")
        return found


def _has_whole_numbers(parts: object, first: int, size: int) -> bool:
    """Whether this is a tuple of `size` parts, whole numbers from `first` on."""
    return isinstance(parts, tuple) and len(parts) == size and all(isinstance(part, int) for part in parts[first:])
