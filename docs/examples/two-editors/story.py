"""Two editors change one schedule, by HTTP alone: a stale save, a warning, an override, a repair, undo, the audit.

Usage: story.py URL ADMIN_TOKEN ADA_TOKEN BEN_TOKEN FILE

It needs nothing but Python.  FILE is a conference of `python -m fixtures.generate --sessions 40 --seed 7`.
"""

from __future__ import annotations

import json
import sys
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4


class Person:
    """Somebody with a token."""

    def __init__(self, name: str, url: str, token: str) -> None:
        self.name = name
        self.url = f"{url}/api/v1/schedules"
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """The status and the answer, also if it is a refusal."""
        data = None if body is None else json.dumps(body).encode()
        try:
            with urlopen(Request(self.url + path, data, self.headers, method=method)) as answer:
                status, told = answer.status, answer.read()
        except HTTPError as refused:
            status, told = refused.code, refused.read()
        return status, json.loads(told) if told[:1] in (b"{", b"[") else told.decode()

    def save(self, version: int, changes: list[Any], *, attempt: str = "", **more: Any) -> dict[str, Any]:
        """Try to save; with the id of an earlier attempt, go on with that."""
        body = {"saveAttemptId": attempt or str(uuid4()), "expectedVersion": version, "changes": changes, **more}
        status, told = self.ask("POST", "/harbour/saves", body)
        say(self, f"saves on top of version {version}", status, told["result"], told.get("detail"))
        return dict(told)


def say(who: Person, does: str, status: int, result: str, why: str | None = None) -> None:
    """Print one step."""
    print(f"{who.name} {does}: {status} {result}" + (f" ({why})" if why else ""))


def tell(admin: Person, ada: Person, ben: Person, file: bytes) -> None:
    """The story; every step is checked."""
    status, told = admin.ask("POST", "?slug=harbour", json.loads(file))
    say(admin, "imports a file", status, told["status"])
    assert (status, told["version"]) == (201, 1)

    # Both have looked at version 1; Ada is quicker.
    pinned = ada.save(1, [{"op": "pin", "session": "1003"}])
    assert (pinned["result"], pinned["version"]) == ("saved", 2)
    onto_others = [{"op": "move", "session": "1005", "room": "meridian", "start": "2027-02-06T12:05"}]
    late = ben.save(1, onto_others)
    assert late["result"] == "stale_blocked"
    [change] = late["changedSince"]
    assert (change["sessionId"], change["editorId"], change["values"]) == ("1003", pinned["editorId"], {"pinned": True})

    # Nothing is saved that would leave conflicts, unless somebody says why.
    warned = ben.save(2, onto_others)
    assert (warned["result"], len(warned["conflicts"])) == ("warning_required", 2)
    cancelled = ben.save(2, onto_others, attempt=warned["saveAttemptId"], cancel=True)
    assert cancelled["result"] == "cancelled"
    warned = ben.save(2, onto_others)
    override = {"reason": "The speaker has a train to catch; we mend it in a minute"}
    saved = ben.save(2, onto_others, attempt=warned["saveAttemptId"], override=override)
    assert (saved["result"], saved["version"], saved["scheduleStatus"]) == ("saved", 3, "conflicted")

    status, told = ben.ask("POST", "/harbour/publish", {"expectedVersion": 3})
    say(ben, "publishes", status, "refused", told["detail"])
    assert (status, len(told["conflicts"])) == (409, 2)

    status, told = ben.ask("POST", "/harbour/repairs", {"expectedVersion": 3})
    say(ben, "asks for a repair", status, told["status"], f"{told['moved']} to move")
    assert (status, told["status"]) == (200, "proved_minimal")
    mended = ben.save(3, told["repairs"][0]["changes"])
    assert (mended["result"], mended["scheduleStatus"]) == ("saved", "ready_to_publish")
    status, told = ben.ask("POST", "/harbour/publish", {"expectedVersion": 4})
    say(ben, "publishes", status, told["status"])
    assert (status, told["publishedVersion"]) == (200, 4)

    # Ada takes her own change back; what Ben did since stays.
    status, told = ada.ask("POST", "/harbour/undo", {"expectedVersion": 4})
    say(ada, "undoes", status, told["result"], f"her change of version {told['reversed']['version']}")
    assert (status, told["version"], told["reversed"]["changes"][0]["sessionId"]) == (200, 5, "1003")

    status, table = admin.ask("GET", "/harbour/audit.csv")
    actions = [line.split(",")[2] for line in table.splitlines()[1:] if line[:1].isdigit()]
    say(admin, "exports the audit", status, ", ".join(dict.fromkeys(actions)))
    assert list(dict.fromkeys(actions)) == ["import", "save", "override", "publish", "undo"]


def main() -> None:
    """Tell the story to the server that is named."""
    url, *tokens, path = sys.argv[1:]
    people = [Person(name, url.rstrip("/"), token) for name, token in zip(("admin", "Ada", "Ben"), tokens, strict=True)]
    with open(path, "rb") as file:
        tell(people[0], people[1], people[2], file.read())


if __name__ == "__main__":
    main()
