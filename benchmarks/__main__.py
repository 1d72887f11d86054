"""`python -m benchmarks`: every measurement, with its usual numbers."""

from __future__ import annotations

from benchmarks import repair

if __name__ == "__main__":
    repair.main()
