"""The front end is built when it is stale and only then, and the wheel carries what a user needs and no more."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from hatch_build import FINGERPRINT, LICENCES, NODE_REQUIREMENT, Frontend, FrontendHook

ROOT = Path(__file__).resolve().parent.parent
LOCK = {
    "packages": {
        "": {"name": "front"},
        "node_modules/shown": {"version": "1.2.3", "license": "MIT"},
        "node_modules/shown/node_modules/inner": {"version": "4.0.0", "license": "OFL-1.1"},
        "node_modules/builder": {"version": "9.0.0", "license": "MIT", "dev": True},
        "node_modules/for-another-system": {"version": "1.0.0", "optional": True},
    }
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose front end has two shipped packages and one that only builds."""
    sources = tmp_path / "webapp" / "frontend"
    for place in ("node_modules/shown/node_modules/inner", "node_modules/builder", "src"):
        (sources / place).mkdir(parents=True)
    (sources / "package.json").write_text("{}")
    (sources / "package-lock.json").write_text(json.dumps(LOCK))
    (sources / "src" / "main.ts").write_text("export {};\n")
    (sources / "node_modules/shown/LICENSE.md").write_text("Shown may be used by everybody.\n")
    (sources / "node_modules/builder/LICENSE").write_text("Builder is not shipped.\n")
    return tmp_path


def build(project: Path) -> None:
    """Leave behind what a build leaves behind."""
    front = Frontend(project)
    front.static.mkdir(exist_ok=True)
    (front.static / FINGERPRINT).write_text(front.fingerprint() + "\n")


def asked_for(project: Path) -> list[str]:
    """What the build hook wants installed before it runs."""
    return FrontendHook(str(project), {}, None, None, "", "wheel").dependencies()  # type: ignore[arg-type]


def test_node_is_asked_for_before_the_first_build_and_not_after_it(project: Path) -> None:
    assert asked_for(project) == [NODE_REQUIREMENT]
    build(project)
    assert asked_for(project) == []


@pytest.mark.parametrize("change", ["src/main.ts", "src/new.ts", "package-lock.json", "vite.config.mjs"])
def test_a_changed_source_makes_the_assets_stale(project: Path, change: str) -> None:
    build(project)
    (project / "webapp/frontend" / change).write_text("changed")
    assert asked_for(project) == [NODE_REQUIREMENT]


def test_a_renamed_source_makes_the_assets_stale(project: Path) -> None:
    build(project)
    (project / "webapp/frontend/src/main.ts").rename(project / "webapp/frontend/src/other.ts")
    assert asked_for(project) == [NODE_REQUIREMENT]


def test_installed_packages_do_not_make_the_assets_stale(project: Path) -> None:
    build(project)
    (project / "webapp/frontend/node_modules/shown/index.js").write_text("changed")
    assert asked_for(project) == []


def test_the_licences_are_those_of_the_shipped_packages(project: Path) -> None:
    text = Frontend(project).licences()
    assert "shown 1.2.3 (MIT)" in text
    assert "Shown may be used by everybody." in text
    assert "inner 4.0.0 (OFL-1.1)" in text
    assert "builder" not in text.lower()
    assert "for-another-system" not in text


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    """The project's wheel, built from this tree."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    (built,) = folder.glob("callboard-*.whl")
    return zipfile.Path(built)


@pytest.mark.slow
def test_the_wheel_holds_the_three_packages_and_nothing_else(wheel: zipfile.Path) -> None:
    assert {entry.name for entry in wheel.iterdir()} == {
        "solver",
        "webapp",
        "fixtures",
        f"callboard-{importlib.metadata.version('callboard')}.dist-info",
    }
    assert not (wheel / "webapp/frontend").exists()
    tracked = subprocess.run(
        ["git", "ls-files", "solver", "webapp", "fixtures"], cwd=ROOT, capture_output=True, text=True
    )
    left_out = [
        name
        for name in tracked.stdout.split()
        if not name.startswith("webapp/frontend/") and (ROOT / name).is_file() and not (wheel / name).exists()
    ]
    assert left_out == []


@pytest.mark.slow
def test_the_wheel_carries_the_built_front_end_and_its_licences(wheel: zipfile.Path) -> None:
    manifest = json.loads((wheel / "webapp/static/manifest.json").read_text())
    assets = [entry["file"] for entry in manifest.values()]
    assert assets
    assert [asset for asset in assets if not (wheel / "webapp/static" / asset).exists()] == []
    licences = (wheel / "webapp/static" / LICENCES).read_text(encoding="utf-8")
    shipped = json.loads((ROOT / "webapp/frontend/package.json").read_text())["dependencies"]
    for name, version in shipped.items():
        assert f"{name} {version} (" in licences
    assert "Permission is hereby granted, free of charge" in licences
    assert "SIL Open Font License" in licences


@pytest.mark.slow
def test_the_wheel_brings_the_command_and_the_licence(wheel: zipfile.Path) -> None:
    (about,) = (entry for entry in wheel.iterdir() if entry.name.endswith(".dist-info"))
    assert (about / "entry_points.txt").read_text() == "[console_scripts]\ncallboard = webapp.cli:main\n"
    assert (about / "licenses" / "LICENSE").exists()


FROM_THE_WHEEL = """
import sys
from pathlib import Path
import webapp
from webapp.settings import Settings
from webapp.store import upgrade
unpacked, data = map(Path, sys.argv[1:])
assert Path(webapp.__file__).is_relative_to(unpacked), webapp.__file__
settings = Settings(data=data)
upgrade(settings.database)
client = webapp.create_app(settings).test_client()
print(client.get("/").text)
for asset in (unpacked / "webapp" / "static").glob("*.js"):
    assert client.get(f"/static/{asset.name}").status_code == 200, asset.name
"""


@pytest.mark.slow
def test_the_app_runs_from_the_wheel_alone(wheel: zipfile.Path, tmp_path: Path) -> None:
    unpacked, data = tmp_path / "unpacked", tmp_path / "data"
    data.mkdir()
    wheel.root.extractall(unpacked)
    finished = subprocess.run(
        [sys.executable, "-c", FROM_THE_WHEEL, str(unpacked), str(data)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert '<link rel="stylesheet" href="/static/' in finished.stdout
