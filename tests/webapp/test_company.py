"""Editors of one schedule at several processes: who is here, by what the processes say to each other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from webapp.live import company as module
from webapp.live.company import Company

Told = dict[str, Any]


class Page:
    """An editor's page; `heard` is what came to it."""

    def __init__(self, name: str) -> None:
        self.client_id = name
        self.heard: list[Told] = []

    def send(self, data: bytes) -> None:
        self.heard.append(json.loads(data[2 if data[1] < 126 else 4 :]))

    def take(self) -> list[Told]:
        heard, self.heard = self.heard, []
        return heard


class Process:
    """One process's company, and the pages that are with it."""

    def __init__(self, name: str, line: list[Process]) -> None:
        self.name = name
        self.reaches = True
        self._line = line
        line.append(self)
        self.company = Company("s", self.say)

    def say(self, word: Told) -> None:
        if self.reaches:
            for other in self._line:
                if other is not self:
                    other.company.hear({**word, "from": self.name})

    def come(self, name: str, **more: Any) -> Page:
        page = Page(name)
        self.company.come(page, {"clientId": name, **more})
        return page

    def names(self) -> set[str]:
        return set(self.company.present)


@pytest.fixture
def two() -> tuple[Process, Process]:
    line: list[Process] = []
    return Process("one", line), Process("two", line)


def test_who_comes_is_known_everywhere_and_told_to_all_others(two: tuple[Process, Process]) -> None:
    one, other = two
    ada, ben = one.come("ada"), other.come("ben", day="2027-02-06")
    assert one.names() == other.names() == {"ada", "ben"}
    assert ada.take() == [{"type": "presence.here", "clientId": "ben", "day": "2027-02-06"}]
    assert ben.take() == []
    other.company.come(ben, {"clientId": "ben", "day": "2027-02-07"})
    other.company.keep_up()
    assert [one["day"] for one in ada.take()] == ["2027-02-07"]
    other.company.go(ben)
    assert ada.take() == [{"type": "presence.gone", "clientId": "ben"}]
    assert one.names() == other.names() == {"ada"}


def test_a_process_that_starts_asks_who_is_there(two: tuple[Process, Process]) -> None:
    one, other = two
    one.come("ada")
    other.company.present.clear()
    other.company.ask()
    assert other.names() == {"ada"}


def test_those_of_a_process_that_was_killed_are_gone_after_a_while(
    two: tuple[Process, Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = two
    ada = one.come("ada")
    other.come("ben")
    one.company.keep_up()
    assert one.names() == {"ada", "ben"}
    monkeypatch.setattr(module, "SPOKEN_OF_SECONDS", -1.0)
    one.company.keep_up()
    assert one.names() == {"ada"}
    assert ada.take()[-1] == {"type": "presence.gone", "clientId": "ben"}


def test_who_goes_over_to_another_process_is_not_thought_gone(two: tuple[Process, Process]) -> None:
    one, other = two
    ben = one.come("ben")
    other.come("ben")
    one.company.go(ben)
    assert other.names() == {"ben"}
    again = other.come("ben")
    assert other.names() == {"ben"}
    other.company.go(Page("ben"))
    assert other.names() == {"ben"}
    other.company.go(again)
    assert other.names() == one.names() == set()


def test_what_is_told_reaches_all_but_its_sender_or_the_one_it_is_for(two: tuple[Process, Process]) -> None:
    one, other = two
    ada, eve, ben = one.come("ada"), one.come("eve"), other.come("ben")
    for page in (ada, eve, ben):
        page.take()
    one.company.tell({"type": "drag.moved"}, but="ada")
    assert [page.take() for page in (ada, eve, ben)] == [[], [{"type": "drag.moved"}], [{"type": "drag.moved"}]]
    one.company.tell({"type": "preview.asked"}, to="ben")
    one.company.tell({"type": "preview.shown"}, to="eve")
    assert [page.take() for page in (ada, eve, ben)] == [[], [{"type": "preview.shown"}], [{"type": "preview.asked"}]]
