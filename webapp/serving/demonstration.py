"""The conference of `callboard demo`: generated, going on just now, and published."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from webapp.services.clock import now_utc

if TYPE_CHECKING:
    from webapp.store import Store

SEED = 1
DAYS = 3
SESSIONS_IN_A_ROOM = 43
"""So many fill a room on all days from nine until after `EVENING`; with more rooms the days would end at lunch."""
PLACES = (
    "Europe/Brussels",
    "America/New_York",
    "Asia/Kolkata",
    "America/Los_Angeles",
    "Asia/Tokyo",
    "Pacific/Auckland",
    "Pacific/Honolulu",
)
"""Time zones around the globe: in one of them sessions are going on, whatever the time is."""
MORNING, EVENING = 10, 16


def put_conference(store: Store, *, sessions: int) -> str:
    """Import and publish the conference unless it is there; the path of its page for attendees."""
    from fixtures import generate
    from webapp.interop.document import Imported
    from webapp.services import importing, publishing, reading
    from webapp.services.errors import NotFound

    local = lively(now_utc())
    slug = f"demo-{local.date().isoformat()}-{sessions}"
    try:
        head = reading.head(store, slug)
    except NotFound:
        conference, schedule = generate.conference(
            seed=SEED,
            sessions=sessions,
            rooms=max(1, round(sessions / SESSIONS_IN_A_ROOM)),
            days=DAYS,
            start_date=local.date() - timedelta(days=1),
            timezone=str(local.tzinfo),
            name="Callboard Demo Conference",
        )
        imported = Imported(conference, schedule, format="callboard")
        importing.import_document(store, imported, slug=slug, editor_id=None)
        head = reading.head(store, slug)
    if head["publishedVersion"] is None:
        publishing.publish(store, slug, expected_version=head["version"], editor_id=None)
    return f"/{slug}"


def lively(now: datetime) -> datetime:
    """The local time of a place where it is the middle of a conference day."""
    times = [now.astimezone(ZoneInfo(place)) for place in PLACES]
    return next((local for local in times if MORNING <= local.hour < EVENING), times[0])
