"""A client process: several editors in threads, each of them counting up numbers that all of them share.

`python -m tests.reliability.clients < PLAN` does what the plan says and prints what happened, one JSON object a line.
It imports the standard library alone.
"""

from __future__ import annotations

import http.client
import json
import random
import sys
import threading
import time
from dataclasses import asdict, dataclass
from typing import Any
from uuid import uuid4


@dataclass(frozen=True)
class Plan:
    """What the editors of one process are to do."""

    ports: list[int]
    """Servers; the editors take them in turn."""
    tokens: list[str]
    """One editor each."""
    schedule: str
    sessions: list[str]
    """Their audiences are the shared numbers."""
    operations: int
    """How many for each editor."""
    seed: int
    retries: int = 0
    """How often to ask again when no answer comes, or a server says that it cannot just now."""
    patience: float = 0.05
    """Seconds between."""


class Editor:
    """One editor with a connection that is kept open, and what happened to them."""

    def __init__(self, plan: Plan, number: int) -> None:
        self.plan = plan
        self.name = f"{plan.seed}-{number}"
        self.port = plan.ports[number % len(plan.ports)]
        self.headers = {"Authorization": f"Bearer {plan.tokens[number]}", "Content-Type": "application/json"}
        self.chance = random.Random(f"{plan.seed}-{number}")
        self.connection: http.client.HTTPConnection | None = None
        self.history: list[dict[str, Any]] = []
        self.tries = 0
        """How often the last call was tried."""

    def run(self) -> None:
        known = self.read()
        for _ in range(self.plan.operations):
            looks = known is None or self.chance.random() < 0.3
            known = self.read() if looks else self.count_up(known)

    def read(self) -> dict[str, Any] | None:
        began = time.monotonic()
        status, told = self.call("GET", "")
        if status != 200:
            return None
        numbers = {one["sessionId"]: one["audience"] for one in told["sessions"]}
        numbers = {session: numbers[session] for session in self.plan.sessions}
        self.note("read", began, version=told["version"], numbers=numbers)
        return {"version": told["version"], "numbers": numbers}

    def count_up(self, known: Any) -> dict[str, Any] | None:
        """Add one to a number as it was when we looked: somebody may have been quicker."""
        session = self.chance.choice(self.plan.sessions)
        was = known["numbers"][session]
        change = {"op": "set_audience", "session": session, "audience": was + 1}
        attempt, version = str(uuid4()), known["version"]
        body = {"saveAttemptId": attempt, "expectedVersion": version, "changes": [change]}
        body["override"] = {"reason": "counting"}
        began = time.monotonic()
        status, told = self.call("POST", "/saves", body)
        result = told.get("result", "unknown") if status else "unknown"
        self.note(
            "save",
            began,
            attempt=attempt,
            base=version,
            session=session,
            was=was,
            status=status,
            result=result,
            version=told.get("version"),
            tries=self.tries,
        )
        if result != "saved":
            return None
        return {"version": told["version"], "numbers": {**known["numbers"], session: was + 1}}

    def note(self, kind: str, began: float, **more: Any) -> None:
        self.history.append({"editor": self.name, "kind": kind, "began": began, "ended": time.monotonic(), **more})

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """The answer, asked for again as often as planned; status 0 if there is none."""
        for attempt in range(self.plan.retries + 1):
            self.tries = attempt + 1
            if attempt:
                time.sleep(self.plan.patience)
            try:
                status, told = self.once(method, path, body)
            except (OSError, http.client.HTTPException, ValueError):
                self.hang_up()
                continue
            if status < 500 or attempt == self.plan.retries:
                return status, told
        return 0, {}

    def once(self, method: str, path: str, body: Any) -> tuple[int, dict[str, Any]]:
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        target = f"/api/v1/schedules/{self.plan.schedule}{path}"
        self.connection.request(method, target, None if body is None else json.dumps(body), self.headers)
        answer = self.connection.getresponse()
        told = json.loads(answer.read())
        return answer.status, told

    def hang_up(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.connection = None


def main() -> None:
    """Do what the plan on standard input says, and print the history."""
    plan = Plan(**json.load(sys.stdin))
    editors = [Editor(plan, number) for number in range(len(plan.tokens))]
    threads = [threading.Thread(target=editor.run) for editor in editors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for editor in editors:
        editor.hang_up()
        for one in editor.history:
            print(json.dumps(one))


def as_json(plan: Plan) -> str:
    return json.dumps(asdict(plan))


if __name__ == "__main__":
    main()
