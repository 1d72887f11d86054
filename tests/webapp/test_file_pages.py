"""Files by form: a new schedule, and a newer feed that is looked at before it counts."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

from solver.countdown import countdown
from tests.webapp.small import Caller
from webapp.jobs import table
from webapp.jobs.solving import Solving
from webapp.jobs.tasks import task
from webapp.services import jobs, reading
from webapp.store import Store

MANY = 14


def upload(caller: Caller, path: str, document: Any, name: str = "mill.json", **form: str) -> Any:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return caller.client.post(path, data={"file": (io.BytesIO(data), name), **form}, headers=caller.headers)


def work_off(store: Store, slug: str) -> None:
    """Do what a worker does, at once."""
    claim = table.claim(store, "a worker")
    assert claim is not None
    facts = reading.draft(store, slug)
    job = jobs.show(store, claim.job_id)
    question = task(job["kind"], job["parameters"], facts.conference, facts.schedule)
    table.propose(store, "a worker", claim, Solving(question, countdown(10), lambda *_: None).answer())


def with_many(small: dict[str, Any]) -> dict[str, Any]:
    """The small conference with as many short sessions more as make a feed without them doubtful."""
    more = [
        {"id": f"short{number}", "title": f"Short {number}", "minutes": 5, "room": "hall", "start": _time(number)}
        for number in range(MANY)
    ]
    return {**small, "sessions": [*small["sessions"], *more]}


def _time(number: int) -> str:
    hours, minutes = divmod(13 * 60 + 5 * number, 60)
    return f"2027-02-06T{hours:02}:{minutes:02}"


def test_a_file_becomes_a_schedule_by_form(caller: Callable[[str], Caller], small: dict[str, Any]) -> None:
    admin = caller("admin")
    made = upload(admin, "/edit", small, slug="mill-two")
    assert (made.status_code, made.headers["Location"]) == (303, "/edit/mill-two")
    assert "mill-two" in admin.client.get("/edit", headers=admin.headers).text
    taken = upload(admin, "/edit", small, slug="mill-two")
    assert taken.status_code == 422
    assert "mill-two" in taken.text
    wrong = upload(admin, "/edit", b"{", name="broken.json")
    assert wrong.status_code == 422
    assert "broken.json" in wrong.text
    assert admin.client.post("/edit", data={}, headers=admin.headers).status_code == 422
    assert upload(caller("editor"), "/edit", small).status_code == 403


def test_a_feed_is_told_before_it_is_saved(editor: Caller, store: Store, small: dict[str, Any]) -> None:
    feed = json.loads(json.dumps(small))
    sessions = {one["id"]: one for one in feed["sessions"]}
    sessions["knots"]["start"] = "2027-02-06T14:30"
    sessions["engines"]["minutes"] = 50
    feed["sessions"] = [one for one in sessions.values() if one["id"] != "looms"]
    feed["sessions"].append({"id": "dyes", "title": "Dyes", "minutes": 20})
    place = upload(editor, "/edit/mill/feed", feed).headers["Location"]
    work_off(store, "mill")
    shown = editor.client.get(place, headers=editor.headers).text
    for told in ("Sat 06 Feb, 11:00 Attic", "Sat 06 Feb, 14:30 Attic", "60 min", "50 min", "not in the feed", "is new"):
        assert told in shown, told
    assert editor.sessions()["looms"]["roomId"] == "attic"
    assert editor.client.post(place, data={"do": "save"}, headers=editor.headers).status_code == 303
    after = editor.sessions()
    assert (after["looms"]["roomId"], after["engines"]["minutes"]) == (None, 50)


def test_a_feed_in_which_much_has_vanished_is_questioned_and_obeyed_once_confirmed(
    caller: Callable[[str], Caller], store: Store, small: dict[str, Any]
) -> None:
    admin = caller("admin")
    upload(admin, "/edit", with_many(small), slug="weavers")
    place = upload(admin, "/edit/weavers/feed", small).headers["Location"]
    work_off(store, "weavers")
    shown = admin.client.get(place, headers=admin.headers).text
    assert f"{MANY} sessions have vanished" in shown
    assert "Save these changes" not in shown
    confirmed = admin.client.post(place, data={"do": "confirm"}, headers=admin.headers).headers["Location"]
    assert confirmed != place
    assert ">cancelled<" in admin.client.get(place, headers=admin.headers).text
    work_off(store, "weavers")
    assert "Save these changes" in admin.client.get(confirmed, headers=admin.headers).text
    assert admin.client.post(confirmed, data={"do": "save"}, headers=admin.headers).status_code == 303
    assert reading.draft(store, "weavers").schedule.keys() == {"opening", "engines", "knots", "looms"}
    again = admin.client.post(place, data={"do": "confirm"}, headers=admin.headers)
    assert again.status_code == 412
    assert "bring the feed again" in again.text


def test_what_is_no_feed_is_refused_with_its_name(editor: Caller) -> None:
    wrong = upload(editor, "/edit/mill/feed", b"<schedule>", name="half.xml")
    assert wrong.status_code == 422
    assert "half.xml" in wrong.text
    assert editor.client.post("/edit/mill/feed", data={}, headers=editor.headers).status_code == 422
