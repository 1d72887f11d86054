"""Judging a history: whether all that clients saw fits one order of saves, and no update was lost.

Every save that succeeds makes one version, so the versions are the order that the server claims.  The claim is checked
against what clients read and wrote, and against the time at which they asked and were answered (Herlihy and Wing 1990).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Operation = Mapping[str, Any]


def anomalies(history: Sequence[Operation], first: Mapping[str, int], *, version: int = 1) -> list[str]:
    """What cannot be, in sentences; `first` are the numbers at `version`, before the first save."""
    saved = sorted((one for one in history if one["kind"] == "save" and one["result"] == "saved"), key=_version)
    return [*_order(saved, first, version), *_reads(history, saved, first, version), *_real_time(history)]


def final(history: Iterable[Operation], first: Mapping[str, int]) -> dict[str, int]:
    """The numbers that there must be in the end, if every save counted once."""
    numbers = dict(first)
    for one in history:
        if one["kind"] == "save" and one["result"] == "saved":
            numbers[one["session"]] += 1
    return numbers


def _version(operation: Operation) -> int:
    return int(operation["version"])


def _order(saved: Sequence[Operation], first: Mapping[str, int], version: int) -> Iterable[str]:
    """Each save stands on the version before it, and counts up what is there."""
    numbers = dict(first)
    for one in saved:
        if _version(one) != version + 1:
            yield f"version {one['version']} follows version {version}"
        version = _version(one)
        if one["base"] != version - 1:
            yield f"the save at version {version} was made on top of version {one['base']}"
        if one["was"] != numbers[one["session"]]:
            yield f"the save at version {version} lost an update of {one['session']}"
        numbers[one["session"]] = one["was"] + 1


def _reads(
    history: Sequence[Operation], saved: Sequence[Operation], first: Mapping[str, int], version: int
) -> Iterable[str]:
    """Each read shows exactly what the saves up to its version have made."""
    states = {version: dict(first)}
    for one in saved:
        states[_version(one)] = {**states.get(_version(one) - 1, {}), one["session"]: one["was"] + 1}
    for one in history:
        if one["kind"] == "read" and states.get(_version(one)) != one["numbers"]:
            yield f"{one['editor']} read at version {one['version']} what was not there"


def _real_time(history: Sequence[Operation]) -> Iterable[str]:
    """Nobody is shown an older version than one that somebody had been answered before they asked."""
    answered = sorted((one["ended"], _version(one)) for one in history if one["version"] is not None)
    newest, at = 0, 0
    for one in sorted(history, key=lambda operation: operation["began"]):
        while at < len(answered) and answered[at][0] < one["began"]:
            newest = max(newest, answered[at][1])
            at += 1
        if one["version"] is not None and _version(one) < newest:
            yield f"{one['editor']} was shown version {one['version']} after version {newest}"
