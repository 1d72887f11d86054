"""Random editors against a small model of what the lifecycles allow."""

from __future__ import annotations

import copy
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from solver.check import violations
from solver.rules.violation import Violation
from tests.webapp.small import SMALL, Caller, move
from webapp import create_app
from webapp.auth import tokens
from webapp.schemas import read_callboard, read_document
from webapp.services import importing, verifying
from webapp.settings import Settings
from webapp.store import Store, upgrade

SESSIONS = ("opening", "engines", "knots", "looms", "spare")
ROOMS = ("hall", "attic")
RULES = ("room_overlap", "order", "speaker_overlap", "room_closed")
STARTS = ("10:00", "11:00", "11:30", "13:00", "14:00", "16:00")


class Editors(RuleBasedStateMachine):
    """Two editors and an attendee; the model is a Callboard file and a few numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="callboard-"))
        settings = Settings(data=self.folder)
        upgrade(settings.database)
        app = create_app(settings)
        self.store: Store = app.extensions["callboard.store"]
        imported = read_document(json.dumps(SMALL).encode(), "small.json")
        schedule_id = importing.import_document(self.store, imported, slug="mill", editor_id=None)
        self.editors = [Caller(app.test_client(), tokens.create(self.store, "editor"), schedule_id) for _ in range(2)]
        self.admin = Caller(app.test_client(), tokens.create(self.store, "admin"), schedule_id)
        self.attendee = Caller(app.test_client(), None, schedule_id)
        self.file: dict[str, Any] = copy.deepcopy(SMALL)
        self.version = 1
        self.status = "ready_to_publish"
        self.severities: dict[str, str] = {}
        self.published: tuple[int, dict[str, Any]] | None = None
        self.warned: dict[str, tuple[int, dict[str, Any], dict[str, Any]]] = {}
        self.answers: dict[str, tuple[int, dict[str, Any], Any]] = {}

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    # --- the model ---------------------------------------------------------------------------------------------------

    def placed(self, change: dict[str, Any]) -> dict[str, Any]:
        """The model's file with one move or unplace made."""
        file = copy.deepcopy(self.file)
        session = next(one for one in file["sessions"] if one["id"] == change["session"])
        if change["op"] == "unplace":
            session.pop("room", None)
            session.pop("start", None)
        else:
            session |= {"room": change["room"], "start": change["start"]}
        return file

    def counting(self, file: dict[str, Any]) -> list[Violation]:
        """What is broken and not let pass."""
        found = violations(*read_callboard(file, "model"))
        return [one for one in found if self.severities.get(one.rule) != "ignore"]

    def broken(self, file: dict[str, Any]) -> int:
        """How much of it blocks."""
        return sum(self.severities.get(one.rule) != "warn" for one in self.counting(file))

    def saved(self, file: dict[str, Any], *, publish: bool) -> None:
        self.file, self.version = file, self.version + 1
        self.status = "conflicted" if self.broken(file) else "ready_to_publish"
        if publish:
            self.publish_model()

    def publish_model(self) -> None:
        assert self.broken(self.file) == 0
        self.status, self.published = "published", (self.version, copy.deepcopy(self.file))

    # --- what editors do ---------------------------------------------------------------------------------------------

    @rule(
        who=st.integers(0, 1),
        session=st.sampled_from(SESSIONS),
        room=st.sampled_from(ROOMS),
        start=st.sampled_from(STARTS),
        unplace=st.booleans(),
        behind=st.sampled_from((0, 0, 0, 1)),
        override=st.booleans(),
        publish=st.sampled_from((False, False, True)),
    )
    def save(
        self, who: int, session: str, room: str, start: str, unplace: bool, behind: int, override: bool, publish: bool
    ) -> None:
        change = {"op": "unplace", "session": session} if unplace else move(session, start, room)
        expected = max(1, self.version - behind)
        body = {"saveAttemptId": str(uuid4()), "expectedVersion": expected, "changes": [change], "publish": publish}
        sent = body | ({"override": {"reason": "because"}} if override else {})
        response = self.editors[who].post("/saves", sent)
        result = response.get_json()["result"]
        file = self.placed(change)
        broken = self.broken(file)
        if expected != self.version:
            assert (response.status_code, result) == (412, "stale_blocked")
        elif broken and (publish or not override):
            assert (response.status_code, result) == (409, "warning_required")
            assert len(response.get_json()["conflicts"]) == len(self.counting(file))
            self.warned[body["saveAttemptId"]] = (who, body, file)
            return
        else:
            assert (response.status_code, result) == (200, "saved")
            self.saved(file, publish=publish)
        self.answers[body["saveAttemptId"]] = (who, sent, response.get_json())

    @precondition(lambda self: self.warned)
    @rule(data=st.data(), cancel=st.booleans())
    def go_on(self, data: st.DataObject, cancel: bool) -> None:
        attempt = data.draw(st.sampled_from(sorted(self.warned)))
        who, body, file = self.warned[attempt]
        sent = {**body, "cancel": True} if cancel else {**body, "override": {"reason": "because"}}
        response = self.editors[who].post("/saves", sent)
        result = response.get_json()["result"]
        if cancel:
            assert result == "cancelled"
        elif body["expectedVersion"] != self.version:
            assert result == "stale_blocked"
        elif body["publish"]:
            assert result == "warning_required"
            return
        else:
            assert result == "saved"
            self.saved(file, publish=False)
        del self.warned[attempt]
        self.answers[attempt] = (who, sent, response.get_json())

    @precondition(lambda self: self.answers)
    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        who, sent, answer = self.answers[data.draw(st.sampled_from(sorted(self.answers)))]
        assert self.editors[who].post("/saves", sent).get_json() == answer
        assert self.editors[1 - who].post("/saves", sent).status_code == 422

    @rule(who=st.integers(0, 1), behind=st.sampled_from((0, 0, 1)))
    def publish(self, who: int, behind: int) -> None:
        expected = max(1, self.version - behind)
        status = self.editors[who].publish(expected).status_code
        if expected != self.version:
            assert status == 412
        elif self.status == "conflicted":
            assert status == 409
        else:
            assert status == 200
            if self.status != "published":
                self.publish_model()

    @rule(which=st.sampled_from(RULES), severity=st.sampled_from(("block", "warn", "ignore")))
    def configure(self, which: str, severity: str) -> None:
        chosen = {**self.severities, which: severity}
        body = {"severities": chosen, "expectedVersion": self.version}
        told = self.admin.client.put(self.admin.base + "/settings", json=body, headers=self.admin.headers).get_json()
        if severity != self.severities.get(which, "block"):
            self.severities = chosen
            self.saved(self.file, publish=False)
        assert (told["version"], told["scheduleStatus"]) == (self.version, self.status)

    # --- what always holds -------------------------------------------------------------------------------------------

    @invariant()
    def the_draft_is_the_models(self) -> None:
        draft = self.editors[0].draft()
        assert (draft["version"], draft["status"]) == (self.version, self.status)
        assert draft["publishedVersion"] == (None if self.published is None else self.published[0])
        assert self.placements(draft) == self.model_placements(self.file)
        unresolved = self.editors[0].items("/conflicts?status=unresolved")
        assert len(unresolved) == len(self.counting(self.file))
        assert sum(one["severity"] == "block" for one in unresolved) == self.broken(self.file)

    @invariant()
    def attendees_see_what_was_published(self) -> None:
        response = self.attendee.get("/published")
        if self.published is None:
            assert response.status_code == 404
            return
        version, file = self.published
        assert response.headers["ETag"] == f'"p{version}"'
        assert self.placements(response.get_json()) == self.model_placements(file)

    @invariant()
    def the_log_has_no_gaps_and_the_audit_holds(self) -> None:
        events = self.editors[0].events()
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        assert verifying.verify(self.store).findings == []

    @staticmethod
    def placements(schedule: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
        return {
            one["sessionId"]: (one["roomId"], one["startTime"] and one["startTime"][:16])
            for one in schedule["sessions"]
        }

    @staticmethod
    def model_placements(file: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
        return {one["id"]: (one.get("room"), one.get("start")) for one in file["sessions"]}


TestEditors = pytest.mark.slow(Editors.TestCase)
TestEditors.settings = hypothesis_settings(max_examples=15, stateful_step_count=25)
