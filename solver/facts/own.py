"""What the organisers themselves have laid down: their own rules, all or nothing."""

from __future__ import annotations

from dataclasses import dataclass

from solver.draft import Draft
from solver.facts.fact import Fact, Step
from solver.problem import Problem


@dataclass(frozen=True)
class Plugged(Fact):
    """A plugged-in rule applies.  What it rests on is not known, so it cannot be weakened, only let go of."""

    name: str
    purpose: str = ""

    def said(self, problem: Problem) -> str:
        purpose = self.purpose.rstrip(".")
        return f"The rule {self.name} applies: {purpose}." if purpose else f"The rule {self.name} applies."

    def waive(self, draft: Draft) -> None:
        draft.waived |= {self.name}

    def ladders(self, problem: Problem) -> list[list[Step]]:
        return [[Step(f"Do without the rule {self.name}.", 0, self.waive)]]
