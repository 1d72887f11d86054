"""Running `callboard` inside a test: arguments in, status and both outputs out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from webapp.cli import main


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one JSON object and nothing else."""
        assert self.out.count("\n") == 1
        return json.loads(self.out)


def callboard(*arguments: str | Path, stdin: bytes | None = None, env: dict[str, str] | None = None) -> Ran:
    """Run the command; anything but an orderly end is raised here."""
    result = CliRunner().invoke(main, [str(one) for one in arguments], input=stdin, env=env)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)


def refusal(*arguments: str | Path, stdin: bytes | None = None) -> str:
    """The one line with which bad input ends."""
    ran = callboard(*arguments, stdin=stdin)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.endswith("\n")
    assert ran.err.count("\n") == 1
    assert ran.err.startswith("callboard: ")
    return ran.err.removeprefix("callboard: ").rstrip("\n")


def write(path: Path, tree: object) -> Path:
    """A JSON file."""
    path.write_text(json.dumps(tree), encoding="utf-8")
    return path
