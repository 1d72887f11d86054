"""How much the reliability tests do: seconds' worth in the suite, and the real figures when `CALLBOARD_SOAK=1` asks.

`CALLBOARD_SOAK=0.1` asks for a tenth of those.
"""

from __future__ import annotations

import os
from collections.abc import Callable

SHARE = float(os.environ.get("CALLBOARD_SOAK", "0"))
LONG = SHARE > 0
Figure = Callable[[str, int, int], None]
"""Notes what was counted, how many went wrong, and of how many."""


def amount(*, quick: int, long: int) -> int:
    """How often to do something in this run."""
    return max(round(long * SHARE), quick)
