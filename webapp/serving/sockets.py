"""Where the solver process listens: in the data directory, unless the path is too long for a socket."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

LONGEST_PATH = 100
"""Bytes; the kernel takes 108 on Linux and 104 elsewhere, with the closing zero."""


def solver_socket(data: Path) -> Path:
    """The path of the solver's socket for a data directory: the same one whenever it is asked for."""
    natural = data.absolute() / "solver.sock"
    if len(os.fsencode(natural)) <= LONGEST_PATH:
        return natural
    return _in_temporary_folder(hashlib.sha256(os.fsencode(natural)).hexdigest()[:16])


def solver_socket_of_process() -> Path:
    """The path of a solver's socket that belongs to this process alone."""
    return _in_temporary_folder(f"process-{os.getpid()}")


def _in_temporary_folder(name: str) -> Path:
    return Path(tempfile.gettempdir()) / f"callboard-{os.geteuid()}" / f"{name}.sock"


def make_folder(socket: Path) -> None:
    """Make the folder of a socket, and refuse one in the temporary directory that is not ours alone."""
    folder = socket.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.parent == Path(tempfile.gettempdir()) and folder.name.startswith("callboard-"):
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise PermissionError(f"{folder} belongs to somebody else or is open to others")
