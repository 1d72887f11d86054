"""What `deploy/` names is there: services, volumes, variables, commands and options, files and addresses."""

from __future__ import annotations

import configparser
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from webapp.cli import main
from webapp.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
COMPOSE = sorted(DEPLOY.glob("compose*.yaml"))
UNITS = sorted((DEPLOY / "systemd").iterdir())
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()


def accepts(command: list[str]) -> None:
    """Fails unless these are a command of ours and options that it has, with values that it takes."""
    name, *arguments = command
    found = main.get_command(click.Context(main), name)
    assert found is not None, f"there is no command {name}"
    found.make_context(name, list(arguments), resilient_parsing=False).close()


def services(path: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text())["services"]
    return found


def variables() -> Iterator[str]:
    for path in COMPOSE:
        for service in services(path).values():
            yield from (name for name in service.get("environment", {}) if name.startswith("CALLBOARD_"))
    for path in UNITS:
        yield from re.findall(r"^Environment=(CALLBOARD_\w+)=", path.read_text(), re.M)
    yield from re.findall(r"(CALLBOARD_\w+)=", DOCKERFILE)


def test_every_variable_is_one_that_is_read() -> None:
    known = {f"CALLBOARD_{field.name.upper()}" for field in fields(Settings)}
    named = set(variables())
    assert {"CALLBOARD_DATA", "CALLBOARD_DATABASE", "CALLBOARD_JOBS_AT_ONCE"} <= named
    # The proxy's own name of the site.
    assert named - {"CALLBOARD_SITE"} <= known


@pytest.mark.parametrize("path", COMPOSE, ids=lambda path: path.name)
def test_what_compose_files_name_is_there(path: Path) -> None:
    whole = yaml.safe_load(path.read_text())
    for name, service in services(path).items():
        assert service["image"], name
        waits = service.get("depends_on", {})
        assert set(waits) <= whole["services"].keys()
        for other, condition in waits.items():
            needs_health = condition["condition"] == "service_healthy"
            checked = whole["services"][other]
            assert not needs_health or "healthcheck" in checked or checked["image"] == "callboard"
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (DEPLOY / source).is_file() if source.startswith(".") else source in whole["volumes"]
        if service["image"] == "callboard" and "command" in service:
            accepts(service["command"])


def test_the_scale_file_is_what_it_says() -> None:
    found = services(DEPLOY / "compose.scale.yaml")
    workers = [one for one in found.values() if one.get("command") == ["worker"]]
    webs = [one for one in found.values() if one["image"] == "callboard" and "command" not in one]
    assert (len(webs), len(workers)) == (2, 2)
    for one in (*webs, *workers):
        assert "@database/" in one["environment"]["CALLBOARD_DATABASE"]
        assert one["environment"]["CALLBOARD_REDIS"].startswith("redis://redis:")
    assert {one["environment"]["CALLBOARD_JOBS_AT_ONCE"] for one in webs} == {"0"}
    assert {one["environment"]["CALLBOARD_JOBS_AT_ONCE"] for one in workers} == {"1"}
    proxy = (DEPLOY / "Caddyfile").read_text()
    for host, port in re.findall(r"([\w-]+):(\d+)", proxy):
        assert host in found
        assert f"EXPOSE {port}" in DOCKERFILE
    assert re.search(r"path /metrics\n\trespond @\w+ 404", proxy)


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_start_commands_that_are_there(path: Path) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # keys keep their case
    unit.read_string(path.read_text())
    program, *command = shlex.split(unit["Service"]["ExecStart"])
    assert Path(program).name == "callboard"
    accepts(command)
    assert unit["Service"]["Restart"] == "always"
    assert unit["Install"]["WantedBy"] == "multi-user.target"


def test_the_image_is_built_of_what_is_there() -> None:
    [sources] = re.findall(r"^COPY (.*) /tmp/install/$", DOCKERFILE, re.M)
    for source in sources.split():
        assert source.startswith("dist/") or (ROOT / source).is_file()
    [entry] = re.findall(r"^ENTRYPOINT (.*)$", DOCKERFILE, re.M)
    [command] = re.findall(r"^CMD (.*)$", DOCKERFILE, re.M)
    assert json.loads(entry) == ["callboard"]
    accepts(json.loads(command))
    assert "127.0.0.1:8000/readyz" in DOCKERFILE


def test_a_command_or_an_option_that_is_not_there_is_found() -> None:
    with pytest.raises(click.UsageError):
        accepts(["serve", "--prot", "8000"])
    with pytest.raises(AssertionError):
        accepts(["wroker"])
