"""The command that compares thousands of cases: in short form, and that what it writes down asks the same again."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from solver.answer import Answer
from tests.solver import exactness
from webapp.schemas import read_callboard, read_edits


@pytest.mark.slow
def test_some_cases_more_agree(tmp_path: Path) -> None:
    tally = exactness.compare(range(25), tmp_path)
    assert tally.mismatches == []
    assert tally.sizes == Counter(tiny=20, small=5)
    assert tally.several_covers >= 1
    assert {"0", "1", "2", "3", "no repair"} <= tally.histogram.keys()


def test_a_wrong_answer_is_noticed_and_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = exactness.ask

    def wrong(one: exactness.Case, way: str) -> Answer:
        answer = real(one, way)
        return replace(answer, moved=2, price=30) if answer.moved == 1 and way == "compiled" else answer

    monkeypatch.setattr(exactness, "ask", wrong)
    tally = exactness.compare(range(6), tmp_path)
    assert tally.mismatches
    for mismatch in tally.mismatches:
        words = mismatch.splitlines()[1].split()
        assert words[:2] == ["callboard", "repair"]
        conference, schedule = read_callboard(json.loads(Path(words[2]).read_text()), "the case")
        case = exactness.case(int(Path(words[2]).stem.removeprefix("case-")))
        edits = read_edits(json.loads(Path(words[4]).read_text()), conference, "the edits")
        again = real(replace(case, conference=conference, schedule=schedule, edits=tuple(edits)), "plain")
        assert (again.moved, again.price) == (real(case, "plain").moved, real(case, "plain").price)
