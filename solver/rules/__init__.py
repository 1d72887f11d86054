"""The rules a schedule must keep: one file each, and one list.

A new rule is a new file and one word in `BUILT_IN`, or a package of the organisers' own that plugs one in.
"""

from solver.rules.apart_overlap import ApartOverlap
from solver.rules.off_grid import OffGrid
from solver.rules.order import InOrder
from solver.rules.outside_hours import OutsideHours
from solver.rules.plugged import AnyRule, RuleError, Rules
from solver.rules.room_closed import RoomClosed
from solver.rules.room_lacks_feature import RoomLacksFeature
from solver.rules.room_overlap import RoomOverlap
from solver.rules.room_too_small import RoomTooSmall
from solver.rules.rule import PairRule, RoomRule, Rule, UnaryRule
from solver.rules.speaker_overlap import SpeakerOverlap
from solver.rules.speaker_unavailable import SpeakerUnavailable
from solver.rules.travel import Travel
from solver.rules.turnover import Turnover
from solver.rules.violation import Violation

OFF_GRID = OffGrid()
"""Reported as a note; moved sessions keep it."""

BUILT_IN: tuple[AnyRule, ...] = (
    RoomOverlap(),
    Turnover(),
    SpeakerOverlap(),
    Travel(),
    SpeakerUnavailable(),
    RoomClosed(),
    OutsideHours(),
    RoomTooSmall(),
    RoomLacksFeature(),
    ApartOverlap(),
    InOrder(),
)
"""The rules that every conference has."""

RULES = Rules(BUILT_IN, notes=(OFF_GRID,))
"""Every rule whose violation is a fault, in the order in which they are reported; plugged-in ones come last."""

__all__ = [
    "BUILT_IN",
    "OFF_GRID",
    "RULES",
    "AnyRule",
    "PairRule",
    "RoomRule",
    "Rule",
    "RuleError",
    "UnaryRule",
    "Violation",
]
