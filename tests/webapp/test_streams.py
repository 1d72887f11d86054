"""Answers that come line by line: the cost map, and repairs as they improve."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.webapp.small import Caller, InProcessSolver, move
from webapp.serving.solver_client import SolverUnavailable

ONTO = move("knots", "11:30", "hall")
LINES = "application/x-ndjson"


def ask(who: Caller, path: str, body: dict[str, Any], accept: str | None = None) -> TestResponse:
    headers = {**who.headers, **({} if accept is None else {"Accept": accept})}
    return who.client.post(who.base + path, json=body, headers=headers)


def lines(response: TestResponse) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    assert response.mimetype == LINES
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["Vary"] == "Authorization, Cookie"
    return [json.loads(line) for line in response.text.splitlines()]


def test_the_map_comes_in_lines_the_best_first(editor: Caller) -> None:
    before = editor.draft()
    told = lines(ask(editor, "/cost-map", {"session": "knots"}))
    head = {"kind": "map", "version": 1, "session": "knots", "depth": 2, "gridMinutes": 5}
    assert told[0] == head
    assert (told[-1]["kind"], told[-1]["complete"]) == ("end", True)
    stretches = told[1:-1]
    assert {one.pop("kind") for one in stretches} == {"stretch"}
    numbers = [one["others"] for one in stretches if one["verdict"] == "proved"]
    assert numbers == sorted(numbers)
    assert set(numbers) == {0, 1}
    [onto_engines] = [one for one in stretches if one["others"] == 1 and one["room"] == "hall"]
    assert (onto_engines["from"], onto_engines["to"]) == ("2027-02-06T10:30:00+01:00", "2027-02-06T12:00:00+01:00")
    barred = [one for one in stretches if one["verdict"] == "barred"]
    assert {one["others"] for one in barred} == {None}
    [pinned] = [one for one in barred if one["reasons"][0]["rule"] == "room_overlap"]
    assert "“Opening” (opening) overlap in Great Hall" in pinned["reasons"][0]["message"]
    assert editor.draft() == before


def test_the_map_comes_as_one_object_where_that_is_preferred(editor: Caller) -> None:
    body = {"session": "knots", "edits": [move("looms", "11:00", "hall")], "depth": 1, "expectedVersion": 1}
    whole = ask(editor, "/cost-map", body, "application/json").get_json()
    told = lines(ask(editor, "/cost-map", body))
    assert whole["complete"] is True
    assert [{"kind": "stretch", **one} for one in whole["stretches"]] == told[1:-1]
    assert {(one["verdict"], one["others"]) for one in whole["stretches"]} >= {("proved", 1), ("barred", None)}


def test_a_number_of_the_map_is_what_a_repair_of_the_move_proves(editor: Caller) -> None:
    for one in lines(ask(editor, "/cost-map", {"session": "looms", "depth": 3}))[1:-1]:
        edit = {"op": "move", "session": "looms", "room": one["room"], "start": one["from"]}
        answer = editor.post("/repairs", {"expectedVersion": 1, "edits": [edit], "scope": "edit"}).get_json()
        expected = one["others"] if one["verdict"] == "proved" else None
        assert answer["moved"] == expected, one


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"session": "nobody"}, "session"),
        ({"session": "knots", "rooms": ["hall", "cellar"]}, "rooms[1]"),
        ({"session": "knots", "day": "2027-02-07"}, "day"),
        ({"session": "knots", "edits": [{"op": "mov"}]}, "edits[0].op"),
    ],
)
def test_what_does_not_exist_is_refused(editor: Caller, wrong: dict[str, Any], place: str) -> None:
    response = ask(editor, "/cost-map", wrong)
    assert (response.status_code, response.mimetype) == (422, "application/problem+json")
    assert response.get_json()["place"] == place


def test_only_editors_of_this_version_get_a_map(editor: Caller, attendee: Caller) -> None:
    assert ask(attendee, "/cost-map", {"session": "knots"}).status_code in (401, 403)
    assert ask(editor, "/cost-map", {"session": "knots", "expectedVersion": 9}).status_code == 412


def test_a_repair_in_lines_ends_with_the_answer(editor: Caller) -> None:
    body = {"expectedVersion": 1, "edits": [ONTO], "alternatives": 2}
    told = lines(ask(editor, "/repairs", body, LINES))
    whole = ask(editor, "/repairs", body).get_json()
    assert [one["kind"] for one in told] == ["progress"] * (len(told) - 1) + ["answer"]
    assert {**told[-1], "seconds": 0} == {"kind": "answer", **whole, "seconds": 0}
    assert told[0].keys() == {"kind", "moved", "movedLowerBound", "price", "repair", "seconds"}


class FailingSolver(InProcessSolver):
    """Says something, if it is to, and then is gone."""

    def __init__(self, *said: dict[str, Any]) -> None:
        super().__init__()
        self._said = said

    def stream(
        self, key: str, load_facts: Callable[[], dict[str, Any]], question: dict[str, Any], *, load_changes: Any = None
    ) -> Iterator[list[dict[str, Any]]]:
        for message in self._said:
            yield [message]
        raise SolverUnavailable("It is gone.")


def test_a_solver_that_fails_is_a_problem_before_the_first_line_and_a_last_line_after(
    app: Flask, editor: Caller
) -> None:
    for accept in (LINES, "application/json"):
        app.extensions["callboard.solver"] = FailingSolver()
        response = ask(editor, "/cost-map", {"session": "knots"}, accept)
        assert (response.status_code, response.get_json()["type"]) == (503, "urn:callboard:problem:unavailable")
    best = {"moves": [], "moved": 4, "price": 60, "proved": "no"}
    known = {"moved": 4, "moved_lower_bound": 2, "price": 60, "repair": best, "seconds": 0.5}
    app.extensions["callboard.solver"] = FailingSolver({"progress": known})
    progress, problem = lines(ask(editor, "/repairs", {"expectedVersion": 1, "edits": [ONTO]}, LINES))
    assert (progress["moved"], progress["movedLowerBound"], progress["price"]) == (4, 2, 60)
    assert [change["session"] for change in progress["repair"]["changes"]] == ["knots"]
    assert (problem["kind"], problem["status"], problem["detail"]) == ("problem", 503, "It is gone.")
