"""Writes the examples of the OpenAPI document: what a Callboard really answers in a small story.

Usage: write_examples.py [FILE].  A new route needs a step here; a test says which one is missing.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.webapp.small import SMALL, InProcessSolver, move
from webapp import create_app
from webapp.api.openapi import EXAMPLES, TROUBLE
from webapp.auth import tokens
from webapp.events.troubles import PARKED
from webapp.settings import Settings
from webapp.store import upgrade
from webapp.store.rows import EventRow, EventTroubleRow

API = "/api/v1"
ONTO_ANOTHER = move("knots", "11:30", "hall")


@contextmanager
def running() -> Iterator[tuple[FlaskClient, str]]:
    """An application on an empty database, and a token that may do everything."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder))
        upgrade(settings.database)
        app = create_app(settings)
        app.extensions["callboard.solver"] = InProcessSolver()
        store = app.extensions["callboard.store"]
        yield app.test_client(), tokens.create(store, "admin", name="editor")
        store.close()


class Story:
    """Asks one thing after another, and notes what was said on both sides."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self.noted: dict[str, dict[str, Any]] = {}
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json, */*;q=0.5"}

    def ask(
        self,
        method: str,
        route: str,
        body: Any = None,
        expected: int = 200,
        *,
        suffix: str = "",
        job: str = "",
        conflict: str = "",
        **query: Any,
    ) -> Any:
        """One request about the schedule `mill`; its answer."""
        path = (
            route.replace("{reference}", "mill")
            .replace("{suffix}", suffix)
            .replace("{trouble}", TROUBLE)
            .replace("{session}", "knots")
            .replace("{job}", job)
            .replace("{conflict}", conflict)
        )
        given = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        answer = self._client.open(API + path, method=method, query_string=query, headers=self._headers, **given)
        if answer.status_code != expected:
            raise SystemExit(f"{method} {route}: {answer.status_code} instead of {expected}: {answer.text}")
        parts = {"suffix": suffix, "conflict": conflict}
        said_beside = {**query, **{name: value for name, value in parts.items() if value}}
        noted = self.noted.setdefault(f"{method} {route}", {"query": said_beside, "responses": {}})
        if body is not None:
            noted.setdefault("request", body)
        told = said(answer)
        noted["responses"].setdefault(str(expected), told)
        return told

    def park(self) -> None:
        """Let an event be one that a handler failed on for good."""
        store = self._client.application.extensions["callboard.store"]

        def work(session: Session) -> None:
            event = session.scalars(select(EventRow).order_by(EventRow.seq)).first()
            assert event is not None
            session.add(
                EventTroubleRow(
                    id=TROUBLE,
                    handler="availability",
                    schedule_id=event.schedule_id,
                    seq=event.seq,
                    event=event.body,
                    state=PARKED,
                    attempts=5,
                    error="TimeoutError: the disk did not answer",
                    failed_at=event.time,
                )
            )

        store.write(work)

    def save(self, attempt: str, version: int, changes: list[Any], status: int = 200, **more: Any) -> Any:
        body = {"saveAttemptId": attempt, "expectedVersion": version, "changes": changes, **more}
        return self.ask("POST", "/schedules/{reference}/saves", body, status)


def said(answer: TestResponse) -> Any:
    """The JSON of an answer, or the first lines of a file."""
    if answer.status_code == 204:
        return None
    if answer.mimetype.endswith("json"):
        return answer.get_json()
    return "".join(line + "\n" for line in answer.text.splitlines()[:12])


SHORT_DAY = [{"date": "2027-02-06", "start": "09:00", "end": "14:30"}]


def tell(story: Story) -> None:
    """An import, an edit that breaks something, its repair, three ways in which a save does not work, and the rest."""
    one = "/schedules/{reference}"
    story.ask("POST", "/schedules", SMALL, 201, slug="mill")
    story.ask("GET", "/schedules")
    story.ask("GET", one)
    story.ask("POST", f"{one}/checks", {"edits": [ONTO_ANOTHER]})
    answer = story.ask("POST", f"{one}/repairs", {"expectedVersion": 1, "edits": [ONTO_ANOTHER]})
    [repair] = answer["repairs"]
    story.ask("POST", f"{one}/cost-map", {"session": "knots", "depth": 1, "rooms": ["hall"]})
    review = {"baseVersion": 1, "edits": [ONTO_ANOTHER], "moves": repair["moves"]}
    story.ask("POST", f"{one}/repairs/validate", review)
    story.save("repair-1", 1, repair["changes"], publish=True)
    story.save("onto-another", 2, [move("knots", "14:00", "attic")], 409)
    story.save("late", 1, [{"op": "pin", "session": "looms"}], 412)
    story.save("nowhere", 2, [move("knots", "12:00", "cellar")], 422)
    story.save("onto-another", 2, [move("knots", "14:00", "attic")], override={"reason": "They agreed to share."})
    story.ask("POST", f"{one}/publish", {"expectedVersion": 3}, 409)
    [conflict] = story.ask("GET", f"{one}/conflicts", status="unresolved")["items"]
    story.ask("GET", f"{one}/conflicts/{{conflict}}", conflict=conflict["conflictId"])
    story.ask("GET", f"{one}/overrides")
    story.ask("GET", f"{one}/undo")
    story.ask("POST", f"{one}/undo", {"saveAttemptId": "back-1", "expectedVersion": 3})
    story.ask("POST", f"{one}/redo", {"saveAttemptId": "again-1", "expectedVersion": 4}, 409)
    story.save("pinned", 4, [{"op": "pin", "session": "looms"}])
    story.ask("POST", f"{one}/undo", {"saveAttemptId": "back-2", "expectedVersion": 5})
    story.ask("POST", f"{one}/redo", {"saveAttemptId": "again-2", "expectedVersion": 6})
    story.ask("POST", f"{one}/publish", {"expectedVersion": 7})
    story.ask("GET", f"{one}/published")
    story.ask("GET", f"{one}/now", at="2027-02-06T11:30")
    story.ask("GET", f"{one}/availability", kind="person")
    absence = {"op": "person_unavailable", "person": "ada", "from": "2027-02-06T13:00", "to": "2027-02-06T18:00"}
    story.ask("POST", f"{one}/availability", {"edits": [absence]})
    late = {"room": "hall", "minutes": 15, "at": "2027-02-06T10:07", "publish": True}
    story.ask("POST", f"{one}/delays", {"saveAttemptId": "late-1", "expectedVersion": 7, **late})
    story.ask("GET", f"{one}/settings")
    story.ask("PUT", f"{one}/settings", {"hours": SHORT_DAY, "expectedVersion": 8})
    story.ask("POST", f"{one}/refresh", spreadSeconds=10)
    story.ask("GET", f"{one}/events", after=1, limit=2)
    story.ask("GET", f"{one}/audit", after=1, limit=2)
    story.ask("GET", f"{one}/sessions/{{session}}/history", limit=2)
    story.ask("GET", f"{one}/saves", limit=2)
    story.ask("GET", f"{one}/export.ics", room="attic")
    story.ask("GET", f"{one}/export.{{suffix}}", suffix="csv")
    story.ask("GET", f"{one}/audit.{{suffix}}", suffix="jsonl", session="knots")
    job = {"kind": "place", "expectedVersion": 9, "parameters": {}, "timeLimit": 20, "seed": 1}
    waiting = story.ask("POST", f"{one}/jobs", job, 202)
    story.ask("GET", f"{one}/jobs", limit=2)
    story.ask("GET", "/jobs/{job}", job=waiting["jobId"])
    story.ask("DELETE", "/jobs/{job}", job=waiting["jobId"])
    story.park()
    story.ask("GET", "/handlers")
    story.ask("GET", "/handlers/troubles")
    story.ask("POST", "/handlers/troubles/{trouble}/retry")
    story.ask("DELETE", "/handlers/troubles/{trouble}", expected=204)


def main(target: Path) -> None:
    """Tell the story and write down what was said."""
    with running() as (client, token):
        story = Story(client, token)
        tell(story)
    target.write_text(json.dumps(story.noted, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLES)
