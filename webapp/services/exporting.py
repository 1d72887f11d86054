"""Exporting: a schedule as a file."""

from __future__ import annotations

from sqlalchemy.orm import Session

from webapp.schemas import write_document
from webapp.services.reading import carried, draft_facts, find, published_facts
from webapp.services.views import public_facts
from webapp.store import Store


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
