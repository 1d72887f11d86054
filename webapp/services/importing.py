"""Importing: a file becomes a schedule."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.events import log
from webapp.events.types import Event
from webapp.sealing import digest
from webapp.services import auditing, ledger, request_keys
from webapp.services.clock import now_utc
from webapp.services.errors import Invalid, Taken, Unavailable
from webapp.services.request_keys import RequestKey
from webapp.store import Facts, Store
from webapp.store.facts import frame, insert_facts
from webapp.store.rows import CarriedRow, ScheduleRow

if TYPE_CHECKING:
    from webapp.schemas import Imported

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
SLUG_LENGTH = 80
TRIES = 5
RESERVED = frozenset(
    {
        "operation",
        "people",
        "account",
        "api",
        "edit",
        "embed",
        "sign-in",
        "sign-out",
        "live",
        "collab",
        "static",
        "livez",
        "readyz",
    }
)
"""First path segments that mean something else."""


def import_document(
    store: Store,
    imported: Imported,
    *,
    slug: str | None = None,
    editor_id: str | None,
    key: RequestKey | None = None,
) -> str:
    """Store an imported file as a new schedule and give its id; a request that comes again gets the first one's.

    Raises `Taken` if another schedule has the slug, `Invalid` if it is no slug.
    """
    if slug is not None:
        _check_slug(slug)

    def work(session: Session) -> str:
        made = None if key is None else request_keys.made_before(session, key)
        if made is not None:
            return str(made["scheduleId"])
        schedule_id = _import(store, session, imported, slug, editor_id)
        if key is not None:
            request_keys.remember(session, key, {"scheduleId": schedule_id})
        return schedule_id

    for _ in range(TRIES):
        try:
            return store.write(work)
        except IntegrityError:
            # Another import took the name, or this very request, at the same moment: now it can be seen.
            continue
    raise Unavailable("many imports take the same name just now; try again")


def _import(store: Store, session: Session, imported: Imported, slug: str | None, editor_id: str | None) -> str:
    from webapp.schemas import callboard_json

    now = now_utc()
    conference = imported.conference
    row = ScheduleRow(
        id=str(uuid4()),
        slug=_free_slug(session, slug, conference.name),
        version=1,
        status="draft",
        created_at=now,
        updated_at=now,
        updated_by=editor_id,
        last_seq=0,
        last_public_seq=0,
        name=conference.name,
        timezone=conference.timezone,
        frame=frame(conference),
        settings={},
    )
    session.add(row)
    session.flush()
    facts = Facts(row.id, row.version, conference, imported.schedule)
    insert_facts(session, facts)
    session.add(CarriedRow(schedule_id=row.id, format=imported.format, data=imported.carried))
    found = [one.json() for one in ledger.find(row, conference, imported.schedule)]
    conflicts = ledger.settle(session, row, found, now=now)
    details = {
        "slug": row.slug,
        "document": callboard_json(conference, imported.schedule),
        "format": imported.format,
        "carriedDigest": digest((imported.carried,)),
        "conflicts": found,
    }
    auditing.record(session, row, "import", details, editor_id=editor_id, now=now)
    told = {
        "slug": row.slug,
        "status": row.status,
        "format": imported.format,
        "sessions": len(conference.sessions),
        "rooms": len(conference.rooms),
        "editorId": editor_id,
    }
    log.append(session, row, [Event("schedule.imported", told), *conflicts], now=now)
    store.remember_draft(session, facts)
    return row.id


def _check_slug(slug: str) -> None:
    if len(slug) > SLUG_LENGTH or not SLUG.fullmatch(slug):
        raise Invalid(
            f"'{slug}' cannot be a schedule's short name: use up to {SLUG_LENGTH} small letters, digits and hyphens",
            place="slug",
        )
    if slug in RESERVED:
        raise Invalid(f"'{slug}' is reserved; choose another short name", place="slug")


def _free_slug(session: Session, wanted: str | None, name: str) -> str:
    """The slug asked for, or one made from the name that nobody has yet."""
    if wanted is not None:
        if _taken(session, wanted):
            raise Taken(f"another schedule is called '{wanted}' already")
        return wanted
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = "-".join(re.findall(r"[a-z0-9]+", plain))[:SLUG_LENGTH].strip("-") or "schedule"
    slug, number = base, 1
    while slug in RESERVED or _taken(session, slug):
        number += 1
        slug = f"{base}-{number}"
    return slug


def _taken(session: Session, slug: str) -> bool:
    return session.scalar(select(ScheduleRow.id).where(ScheduleRow.slug == slug)) is not None
