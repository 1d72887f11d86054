"""What the lifecycles allow, said once more and as plainly as can be: what each call must answer, and what it leaves.

Nothing here is shared with the code that it judges.  The schedule is one flat table of values, (thing, field) → value;
minutes count from the midnight of its only day.  The conference is that of `tests.webapp.small`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

Values = Mapping[tuple[str, str], Any]
Key = tuple[str, frozenset[str], str | None]
"""What tells a conflict from others: rule, sessions, person."""

SESSIONS = ("opening", "engines", "knots", "looms", "spare")
SPEAKER = {"engines": "ada", "looms": "ada", "knots": "ben"}
SEATS = {"hall": 100, "attic": 20}
HOURS = (9 * 60, 18 * 60)
ADA_AWAY = (9 * 60, 9 * 60 + 30)
ATTIC_CLOSED = (16 * 60, 17 * 60)
EVENING = (17 * 60, 18 * 60)
"""When the hall may be closed: its one value of its own is how often it is, for closures are kept one by one."""
FIELDS = ("room", "start", "minutes", "audience", "pinned")
FIRST = {
    "opening": ("hall", 600, 30, None, True),
    "engines": ("hall", 660, 60, 77, False),
    "knots": ("attic", 660, 45, None, False),
    "looms": ("attic", 840, 60, None, False),
    "spare": (None, None, 30, None, False),
}


@dataclass(frozen=True)
class Request:
    """What a save asks for, and who asks: all that may not change when it is asked again."""

    who: int
    attempt: str
    expected: int
    changes: tuple[Mapping[str, Any], ...]
    publish: bool = False


@dataclass
class Conflict:
    """An entry of the ledger."""

    unresolved: bool = True
    acknowledged: bool = False
    overrides: list[int] = field(default_factory=list)
    """The versions that were saved in spite of it."""


@dataclass(frozen=True)
class Entry:
    """An entry of the audit: what was changed from what to what, by whom."""

    action: str
    version: int
    who: int | None
    reason: str | None = None
    before: Values = field(default_factory=dict)
    after: Values = field(default_factory=dict)
    original: int = 0
    """The number of the save that an undo or redo belongs to; its own for a save."""


class Model:
    """One schedule and all that was ever asked of it."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], Any] = {
            (session, name): value for session, row in FIRST.items() for name, value in zip(FIELDS, row, strict=True)
        }
        self.values["hall", "closed"] = 0
        self.version = 1
        self.status = "ready_to_publish"
        self.severities: dict[str, str] = {}
        self.published: tuple[int, Values] | None = None
        self.attempts: dict[str, tuple[Request | None, str]] = {}
        self.ledger: dict[Key, Conflict] = {}
        self.audit = [Entry("import", 1, None)]
        self.told: list[tuple[int, str, Key | None]] = []
        """The events that end something: version, type, and the conflict that it is about."""

    # --- what is asked -----------------------------------------------------------------------------------------------

    def save(self, request: Request, *, reason: str | None = None, cancel: bool = False) -> str:
        """The result of a save attempt."""
        known, result = self.attempts.get(request.attempt, (request, ""))
        if known != request:
            return "validation_failed"
        if result and (result != "warning_required" or (reason is None and not cancel)):
            return result
        if reason is not None and not 1 <= len(reason.strip()) <= 500:
            return "validation_failed"
        result = "cancelled" if cancel else self._decide(request, reason)
        self.attempts[request.attempt] = request, result
        if result in ("warning_required", "stale_blocked"):
            self.told.append((self.version, "save.blocked", None))
        return result

    def publish(self, who: int, expected: int) -> str:
        """`published`, `stale-version` or `blocked`."""
        if expected != self.version:
            return "stale-version"
        if self.blocking(self.values):
            return "blocked"
        if self.status != "published":
            self._publish(who)
        return "published"

    def undo(self, who: int, direction: str, attempt: str, expected: int, *, reason: str | None = None) -> str:
        """`saved`, `stale-version`, `nothing-to-undo` or `later-work`."""
        if expected != self.version:
            return "stale-version"
        number = next(self._steps(who, direction), None)
        if number is None:
            return "nothing-to-undo"
        step = self.audit[number]
        if any(self.values[place] not in (step.before[place], step.after[place]) for place in step.after):
            return "later-work"
        values = {**self.values, **step.before}
        known = {key for key, conflict in self.ledger.items() if conflict.unresolved}
        if reason is None and self.blocking(values) - known:
            return "later-work"
        self._commit(who, values, direction, reason, step.original)
        self.told.append((self.version, {"undo": "schedule.undone", "redo": "schedule.redone"}[direction], None))
        self.attempts[attempt] = None, "saved"
        return "saved"

    def configure(self, rule: str, severity: str) -> bool:
        """An administrator says how grave a rule is; whether that is new."""
        if severity == self.severities.get(rule, "block"):
            return False
        self.severities[rule] = severity
        self.version += 1
        self._settle()
        self.told.append((self.version, "schedule.settings_changed", None))
        self.audit.append(Entry("settings", self.version, None))
        return True

    def can(self, who: int, direction: str) -> bool:
        """Whether there is anything of an editor's to undo or redo."""
        return any(True for _ in self._steps(who, direction))

    # --- what is broken ----------------------------------------------------------------------------------------------

    def conflicts(self, values: Values) -> set[Key]:
        """What these values break and the settings do not let pass."""
        return {key for key in _broken(values) if self.severities.get(key[0]) != "ignore"}

    def blocking(self, values: Values) -> set[Key]:
        return {key for key in self.conflicts(values) if self.severities.get(key[0]) != "warn"}

    # --- what comes of it --------------------------------------------------------------------------------------------

    def _decide(self, request: Request, reason: str | None) -> str:
        if request.expected != self.version:
            return "stale_blocked"
        if any(one not in SESSIONS for change in request.changes for one in _named(change)):
            return "stale_blocked"
        values = changed(self.values, request.changes)
        if values is None:
            return "validation_failed"
        blocking = self.blocking(values)
        if blocking and (reason is None or request.publish):
            return "warning_required"
        self._commit(request.who, values, "override" if blocking else "save", reason)
        self.told.append((self.version, "schedule.saved", None))
        if request.publish:
            self._publish(request.who)
        return "saved"

    def _commit(self, who: int, values: Values, action: str, reason: str | None, original: int | None = None) -> None:
        places = [place for place in values if values[place] != self.values[place]]
        before = {place: self.values[place] for place in places}
        self.values, self.version = dict(values), self.version + 1
        self._settle()
        blocked = bool(self.blocking(values))
        if blocked and reason is not None:
            for key in self.conflicts(values):
                self.ledger[key].acknowledged = True
                self.ledger[key].overrides.append(self.version)
        kept = reason.strip() if blocked and reason is not None else None
        after = {place: values[place] for place in places}
        number = len(self.audit) if original is None else original
        self.audit.append(Entry(action, self.version, who, kept, before, after, number))

    def _settle(self) -> None:
        found = self.conflicts(self.values)
        for key in found:
            known = self.ledger.setdefault(key, Conflict(unresolved=False))
            if not known.unresolved:
                known.unresolved, known.acknowledged = True, False
                self.told.append((self.version, "conflict.detected", key))
        for key, known in self.ledger.items():
            if known.unresolved and key not in found:
                known.unresolved = False
                self.told.append((self.version, "conflict.resolved", key))
        self.status = "conflicted" if self.blocking(self.values) else "ready_to_publish"

    def _publish(self, who: int) -> None:
        assert not self.blocking(self.values)
        self.status, self.published = "published", (self.version, dict(self.values))
        self.told.append((self.version, "schedule.published", None))
        self.audit.append(Entry("publish", self.version, who))

    def _steps(self, who: int, direction: str) -> Iterator[int]:
        """The numbers of the entries whose changes could be put back, the next one first."""
        decided: set[int] = set()
        for number in range(len(self.audit) - 1, -1, -1):
            entry = self.audit[number]
            if entry.who != who or entry.action not in ("save", "override", "undo", "redo"):
                continue
            if direction == "redo" and entry.action in ("save", "override"):
                return
            if entry.original in decided:
                continue
            decided.add(entry.original)
            is_undone = entry.action == "undo"
            if is_undone == (direction == "redo") and any(
                self.values[place] != entry.before[place] for place in entry.before
            ):
                yield number


def changed(values: Values, changes: Iterable[Mapping[str, Any]]) -> Values | None:
    """The values with the changes made in order; None if they make no sense."""
    made = dict(values)
    placed = [one for change in changes if change["op"] in ("move", "unplace", "swap") for one in _named(change)]
    resized = [one for change in changes if change["op"] == "resize" for one in _named(change)]
    if len(set(placed)) < len(placed) or len(set(resized)) < len(resized):
        return None
    return made if all(_make(made, change) for change in changes) else None


def _make(made: dict[tuple[str, str], Any], change: Mapping[str, Any]) -> bool:
    """Make one change; whether it could be made."""
    one = change.get("session", "")
    match change["op"]:
        case "move":
            for name in ("room", "start"):
                made[one, name] = change.get(name, made[one, name])
            return made[one, "room"] is not None and made[one, "start"] is not None
        case "unplace":
            made[one, "room"] = made[one, "start"] = None
        case "swap":
            first, second = change["sessions"]
            for name in ("room", "start"):
                made[first, name], made[second, name] = made[second, name], made[first, name]
            return made[first, "room"] is not None and made[second, "room"] is not None
        case "resize":
            made[one, "minutes"] = change["minutes"]
        case "set_audience":
            made[one, "audience"] = change["audience"]
        case "pin" | "unpin":
            made[one, "pinned"] = change["op"] == "pin"
        case "close_room":
            made["hall", "closed"] += 1
        case "open_room":
            made["hall", "closed"] = 0
    return True


def _named(change: Mapping[str, Any]) -> list[str]:
    return list(change.get("sessions", ())) + ([change["session"]] if "session" in change else [])


def _broken(values: Values) -> Iterator[Key]:
    """Every rule that is broken, and by whom."""
    placed = [one for one in SESSIONS if values[one, "room"] is not None]
    span = {one: (values[one, "start"], values[one, "start"] + values[one, "minutes"]) for one in placed}
    for one in placed:
        room, alone = values[one, "room"], frozenset((one,))
        closed = ATTIC_CLOSED if room == "attic" else EVENING if values["hall", "closed"] else None
        if closed is not None and _overlap(span[one], closed):
            yield "room_closed", alone, None
        if span[one][0] < HOURS[0] or span[one][1] > HOURS[1]:
            yield "outside_hours", alone, None
        if (values[one, "audience"] or 0) > SEATS[room]:
            yield "room_too_small", alone, None
        if SPEAKER.get(one) == "ada" and _overlap(span[one], ADA_AWAY):
            yield "speaker_unavailable", alone, "ada"
    for one, other in combinations(placed, 2):
        both = frozenset((one, other))
        if _overlap(span[one], span[other]) and values[one, "room"] == values[other, "room"]:
            yield "room_overlap", both, None
        if _overlap(span[one], span[other]) and SPEAKER.get(one) == SPEAKER.get(other) is not None:
            yield "speaker_overlap", both, SPEAKER[one]
    if {"opening", "engines"} <= span.keys() and span["engines"][0] < span["opening"][1]:
        yield "order", frozenset(("opening", "engines")), None


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]
