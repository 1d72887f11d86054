"""Exporting: a schedule as a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Collection
from typing import Any

from sqlalchemy.orm import Session

from webapp.schemas import write_document
from webapp.services import reading
from webapp.services.errors import Unavailable
from webapp.services.reading import carried, draft_facts, find, published_facts
from webapp.services.views import public_facts
from webapp.serving.programs import module_path
from webapp.store import Facts, Store
from webapp.store.rows import PublishedRow

TABLE_SECONDS = 120


def export_draft(store: Store, reference: str, format: str) -> bytes:
    """The draft as a file, with everything that its import brought along."""

    def work(session: Session) -> bytes:
        row, facts = draft_facts(store, session, reference)
        return write_document(format, facts.conference, facts.schedule, carried(session, row.id))

    return store.read(work)


def export_published(store: Store, reference: str, format: str) -> tuple[bytes, int]:
    """What attendees see as a file, and its version."""

    def work(session: Session) -> tuple[bytes, int]:
        row = find(session, reference)
        version = row.published_version or 0
        key = f"{row.id}.{format}"
        file = store.rendered.get(key, version)
        if file is None:
            facts, _ = published_facts(store, session, row)
            conference = public_facts(facts.conference)
            file = write_document(format, conference, facts.schedule, carried(session, row.id))
            store.rendered.remember(key, version, file)
        return file, version

    return store.read(work)


def export_calendar(store: Store, reference: str, *, sessions: Collection[str], track: str, room: str) -> bytes:
    """The published sessions as an iCalendar file: those named, of one track, in one room, as far as that is asked."""
    from webapp.interop import ics

    def work(session: Session) -> tuple[Facts, PublishedRow, dict[str, Any]]:
        row = find(session, reference)
        return *published_facts(store, session, row), carried(session, row.id)

    facts, published, brought = store.read(work)
    conference = public_facts(facts.conference)
    schedule = {
        one: placement
        for one, placement in facts.schedule.items()
        if (not sessions or one in sessions)
        and (not track or conference.session[one].track == track)
        and (not room or placement.room == room)
    }
    return ics.write(conference, schedule, brought, revised=published.revised, stamp=published.published_at)


def export_audit(store: Store, reference: str, format: str, *, of_session: str | None = None) -> bytes:
    """The audit, or one session's history, as `jsonl`, `csv` or `xlsx`.

    Tables are made by a program of their own, because what makes them is too heavy for the web process.
    """
    entries = reading.audit(store, reference, of_session=of_session)
    lines = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries).encode()
    if format == "jsonl":
        return lines
    made = subprocess.run(
        [sys.executable, "-P", "-m", "webapp.tables", format],
        input=lines,
        capture_output=True,
        timeout=TABLE_SECONDS,
        check=False,
        env={**os.environ, **module_path()},
    )
    if made.returncode:
        raise Unavailable(f"the table could not be made: {made.stderr.decode(errors='replace').splitlines()[-1:]}")
    return made.stdout
