"""The preferences, in the order in which people read them; a new one is a new file and one word here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from solver.preferences.announced import Announced
from solver.preferences.breaks import Breaks
from solver.preferences.popular import Popular
from solver.preferences.preference import Preference, Sense
from solver.preferences.rooms import CompactDays, EvenRooms
from solver.preferences.seats import Seats
from solver.preferences.speakers import SpeakerDays, SpeakerWalks
from solver.preferences.tracks import TrackOverlap, TrackRooms

__all__ = ["PREFERENCES", "Preference", "Sense", "weights"]

PREFERENCES: tuple[Preference, ...] = (
    Announced(),
    Seats(),
    Popular(),
    TrackRooms(),
    TrackOverlap(),
    SpeakerDays(),
    SpeakerWalks(),
    Breaks(),
    CompactDays(),
    EvenRooms(),
)


def weights(given: Mapping[str, int] | None = None, preferences: Sequence[Preference] = PREFERENCES) -> dict[str, int]:
    """Points per unit of every preference: the given ones, else the usual ones."""
    return {one.name: (given or {}).get(one.name, one.weight) for one in preferences}
