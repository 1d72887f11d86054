"""A small conference, a solver without its process, and callers of the API."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from solver.repair import countdown, repair
from webapp.schemas import answer_json, read_callboard, read_edits
from webapp.serving import solves
from webapp.serving.solver_client import SolverRefused

ROOMS = [
    {"id": "hall", "name": "Great Hall", "building": "A", "capacity": 100, "turnover_minutes": 0},
    {
        "id": "attic",
        "name": "Attic",
        "building": "B",
        "capacity": 20,
        "closed": [{"from": "2027-02-06T16:00", "to": "2027-02-06T17:00"}],
    },
]
PEOPLE = [
    {"id": "ada", "name": "Ada", "unavailable": [{"from": "2027-02-06T09:00", "to": "2027-02-06T09:30"}]},
    {"id": "ben", "name": "Ben"},
]
SESSIONS = [
    {"id": "opening", "title": "Opening", "minutes": 30, "room": "hall", "start": "2027-02-06T10:00", "pinned": True},
    {
        "id": "engines",
        "title": "Engines",
        "minutes": 60,
        "track": "History",
        "speakers": ["ada"],
        "audience": 77,
        "room": "hall",
        "start": "2027-02-06T11:00",
    },
    {"id": "knots", "title": "Knots", "minutes": 45, "speakers": ["ben"], "room": "attic", "start": "2027-02-06T11:00"},
    {"id": "looms", "title": "Looms", "minutes": 60, "speakers": ["ada"], "room": "attic", "start": "2027-02-06T14:00"},
    {"id": "spare", "title": "Spare", "minutes": 30},
]
SMALL: dict[str, Any] = {
    "callboard": 1,
    "conference": {
        "name": "Mill Days",
        "timezone": "Europe/Brussels",
        "days": [{"date": "2027-02-06", "start": "09:00", "end": "18:00"}],
    },
    "rooms": ROOMS,
    "people": PEOPLE,
    "sessions": SESSIONS,
    "order": [{"before": "opening", "after": "engines"}],
}


class InProcessSolver:
    """The solver's client without its process."""

    def __init__(self) -> None:
        self.known: dict[str, solves.Facts] = {}

    def ping(self) -> bool:
        return True

    def repair(
        self,
        key: str,
        load_facts: Callable[[], dict[str, Any]],
        edits: list[dict[str, Any]],
        *,
        load_changes: Any = None,
        alternatives: int,
        time_limit: float,
        scope: Any,
        place: bool,
        engine: Any,
    ) -> dict[str, Any]:
        facts = self._facts(key, load_facts, load_changes)
        conference = facts.conference
        answer = repair(
            conference,
            facts.schedule,
            read_edits(edits, conference, key),
            alternatives=alternatives,
            remaining=countdown(time_limit),
            scope=scope,
            place=place,
            engine=engine,
        )
        told: dict[str, Any] = json.loads(json.dumps(answer_json(conference, answer, camel=False, offset=True)))
        return told

    def _facts(self, key: str, load_facts: Callable[[], dict[str, Any]], load_changes: Any) -> solves.Facts:
        """What the key names; where only what is new is told, that must come to the same."""
        if key not in self.known:
            facts = solves.Facts(*read_callboard(load_facts(), key))
            news = load_changes(list(self.known)) if load_changes else None
            if news is not None:
                since, told = news
                assert self.known[since].with_changes(solves.Facts(*read_callboard(told, key))) == facts
            self.known[key] = facts
        return self.known[key]

    def stream(
        self, key: str, load_facts: Callable[[], dict[str, Any]], question: dict[str, Any], *, load_changes: Any = None
    ) -> Iterator[list[dict[str, Any]]]:
        said: list[dict[str, Any]] = []
        kept = self._facts(key, load_facts, load_changes)
        told = solves.solved(kept, question, countdown(question["time_limit"]), said.append)
        yield []  # a second of silence
        for message in json.loads(json.dumps([*said, told])):
            if "problem" in message:
                raise SolverRefused(message["detail"])
            yield [message]


class Caller:
    """Somebody who sends requests, and one schedule to send them about."""

    def __init__(self, client: FlaskClient, token: str | None, schedule_id: str) -> None:
        self.client = client
        self.headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self.schedule_id = schedule_id
        self.base = f"/api/v1/schedules/{schedule_id}"

    def get(self, path: str = "", **kwargs: Any) -> TestResponse:
        headers = {**self.headers, **kwargs.pop("headers", {})}
        return self.client.get(self.base + path, headers=headers, **kwargs)

    def post(self, path: str, body: Any) -> TestResponse:
        return self.client.post(self.base + path, json=body, headers=self.headers)

    def draft(self) -> dict[str, Any]:
        return self._json(self.get())

    def version(self) -> int:
        return int(self.draft()["version"])

    def sessions(self) -> dict[str, dict[str, Any]]:
        return {session["sessionId"]: session for session in self.draft()["sessions"]}

    def save(self, *changes: dict[str, Any], version: int | None = None, **more: Any) -> TestResponse:
        expected = self.version() if version is None else version
        body = {"saveAttemptId": str(uuid4()), "expectedVersion": expected, "changes": list(changes), **more}
        return self.post("/saves", body)

    def publish(self, version: int | None = None) -> TestResponse:
        return self.post("/publish", {"expectedVersion": self.version() if version is None else version})

    def events(self, after: int = 0) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            page = self._json(self.get(f"/events?after={after}&limit=7"))
            found += page["items"]
            if page["next"] is None:
                return found
            after = int(page["next"])

    def items(self, path: str) -> list[dict[str, Any]]:
        return list(self._json(self.get(path))["items"])

    @staticmethod
    def _json(response: TestResponse) -> Any:
        assert response.status_code == 200, response.text
        return response.get_json()


def move(session: str, start: str | None = None, room: str | None = None) -> dict[str, Any]:
    """A move on the small conference's day."""
    change: dict[str, Any] = {"op": "move", "session": session}
    if room is not None:
        change["room"] = room
    if start is not None:
        change["start"] = f"2027-02-06T{start}"
    return change
