"""Checking: what edits would break.  Changes nothing."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy.orm import Session

from solver.conference import Conference
from solver.rules.violation import Violation
from webapp.schemas import apply_edits, camel_keys, expand_edits, read_edits, violation_json
from webapp.services.reading import draft_facts
from webapp.services.severities import Severities, severity, told_apart
from webapp.store import Store


def check(store: Store, reference: str, edits: Any) -> dict[str, Any]:
    """Every violation of the draft with `edits` made, and the plain edits that they come to.

    What the conference's settings let pass is among the notes.
    """

    def work(session: Session) -> dict[str, Any]:
        row, facts = draft_facts(store, session, reference)
        begun = time.perf_counter()
        plain = expand_edits(edits, facts.conference, facts.schedule, "", bare=True)
        read = read_edits(plain, facts.conference, "", bare=True)
        edited = apply_edits(facts.conference, facts.schedule, read, name="")
        conference, schedule = edited.conference, edited.schedule
        severities = row.settings.get("severities", {})
        table, concerned = store.timetable(facts), edited.concerned
        found = table.violations_after(conference, schedule, concerned)
        counting, passing = told_apart([*found, *table.notes_after(conference, schedule, concerned)], severities)
        told: dict[str, Any] = camel_keys(
            {
                "version": row.version,
                "sessions": len(conference.sessions),
                "rooms": len(conference.rooms),
                "violations": [_told(conference, one, severities) for one in counting],
                "notes": [_told(conference, one, severities) for one in passing],
                "warnings": [],
                "seconds": round(time.perf_counter() - begun, 6),
            }
        )
        return {**told, "edits": plain}

    return store.read(work)


def _told(conference: Conference, one: Violation, severities: Severities) -> dict[str, Any]:
    told = violation_json(conference, one, camel=True, offset=True)
    return {**told, "severity": severity(severities, one.rule)}
