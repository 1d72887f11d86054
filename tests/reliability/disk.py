"""A disk that can be watched, filled and unplugged: a shim between SQLite and the files of one folder.

SQLite asks its “VFS” for every read, write and sync (https://www.sqlite.org/vfs.html).  We take the usual one of the
library that Python's own `sqlite3` uses, and put functions of ours in the place of a few of its methods.  So what runs
on the shim is the real application: its engine, its pragmas, its threads.
"""

from __future__ import annotations

import _sqlite3
import ctypes
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SECTOR = 512
FULL = 13
"""SQLITE_FULL."""

Pointer = ctypes.c_void_p
Open = ctypes.CFUNCTYPE(ctypes.c_int, Pointer, Pointer, Pointer, ctypes.c_int, Pointer)
Delete = ctypes.CFUNCTYPE(ctypes.c_int, Pointer, ctypes.c_char_p, ctypes.c_int)
Write = ctypes.CFUNCTYPE(ctypes.c_int, Pointer, Pointer, ctypes.c_int, ctypes.c_int64)
Truncate = ctypes.CFUNCTYPE(ctypes.c_int, Pointer, ctypes.c_int64)
Sync = ctypes.CFUNCTYPE(ctypes.c_int, Pointer, ctypes.c_int)


class Vfs(ctypes.Structure):
    """`sqlite3_vfs`, as far as we know it by name."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("file_size", ctypes.c_int),
        ("path_length", ctypes.c_int),
        ("next", Pointer),
        ("name", ctypes.c_char_p),
        ("data", Pointer),
        ("open", Open),
        ("delete", Delete),
        ("rest", Pointer * 16),
    )


class Methods(ctypes.Structure):
    """`sqlite3_io_methods`, likewise."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("close", Pointer),
        ("read", Pointer),
        ("write", Write),
        ("truncate", Truncate),
        ("sync", Sync),
        ("rest", Pointer * 13),
    )


@dataclass(frozen=True)
class Written:
    """Bytes that were handed to the system, which keeps them for a while before they are on the disk."""

    file: str
    offset: int
    data: bytes


@dataclass(frozen=True)
class Cut:
    """A file made shorter."""

    file: str
    size: int


@dataclass(frozen=True)
class Synced:
    """All that was handed over for a file is on the disk from here on."""

    file: str


@dataclass(frozen=True)
class Gone:
    """A file was removed, for good."""

    file: str


@dataclass
class Disk:
    """What was done to the files of a folder, in order; `notes` of others may stand between."""

    folder: str
    done: list[Any] = field(default_factory=list)
    room: int | None = None
    """How many bytes may still be written; None: as many as you like."""
    files: dict[int, str] = field(default_factory=dict)

    def note(self, what: Any) -> None:
        self.done.append(what)


@contextmanager
def watched(folder: Path) -> Iterator[Disk]:
    """SQLite's disk, for every connection that is opened in this block to a file in the folder."""
    library = ctypes.CDLL(_sqlite3.__file__)
    library.sqlite3_vfs_find.restype = ctypes.POINTER(Vfs)
    usual = library.sqlite3_vfs_find(None)
    disk = Disk(str(folder.resolve()))
    shim = Vfs()
    ctypes.memmove(ctypes.byref(shim), usual, ctypes.sizeof(Vfs))
    keep = _put_in(disk, shim, usual.contents)
    library.sqlite3_vfs_register(ctypes.byref(shim), 1)
    try:
        yield disk
    finally:
        library.sqlite3_vfs_register(usual, 1)
        library.sqlite3_vfs_unregister(ctypes.byref(shim))
        _KEPT.append((shim, keep))


_KEPT: list[Any] = []
"""A connection that is closed late still calls them."""


def _put_in(disk: Disk, shim: Vfs, usual: Vfs) -> list[Any]:
    """Put our functions in; what is returned must stay alive as long as they may be called."""
    methods: dict[int, Methods] = {}

    def changed(address: int) -> Methods:
        if address not in methods:
            methods[address] = _watching(disk, Methods.from_address(address))
        return methods[address]

    def opened(vfs: int, name: int | None, file: int, flags: int, out: int) -> int:
        # The name is handed on as it lies in memory: it is looked at again as long as the file is open.
        status = int(usual.open(vfs, name, file, flags, out))
        path = ctypes.string_at(name).decode() if name else ""
        if status == 0 and path.startswith(disk.folder):
            disk.files[file] = Path(path).name
            first = ctypes.cast(file, ctypes.POINTER(Pointer))
            first[0] = ctypes.addressof(changed(int(first[0] or 0)))
        return status

    def deleted(vfs: int, name: bytes, sync_folder: int) -> int:
        status = int(usual.delete(vfs, name, sync_folder))
        if name.decode().startswith(disk.folder):
            disk.done.append(Gone(Path(name.decode()).name))
        return status

    shim.name = b"watched"
    shim.open, shim.delete = Open(opened), Delete(deleted)
    return [shim.open, shim.delete, methods]


def _watching(disk: Disk, usual: Methods) -> Methods:
    ours = Methods()
    ctypes.memmove(ctypes.byref(ours), ctypes.byref(usual), ctypes.sizeof(Methods))

    def write(file: int, data: int, size: int, offset: int) -> int:
        if disk.room is not None:
            if disk.room < size:
                return FULL
            disk.room -= size
        disk.done.append(Written(disk.files[file], offset, ctypes.string_at(data, size)))
        return int(usual.write(file, data, size, offset))

    def truncate(file: int, size: int) -> int:
        disk.done.append(Cut(disk.files[file], size))
        return int(usual.truncate(file, size))

    def sync(file: int, flags: int) -> int:
        status = int(usual.sync(file, flags))
        disk.done.append(Synced(disk.files[file]))
        return status

    ours.write, ours.truncate, ours.sync = Write(write), Truncate(truncate), Sync(sync)
    return ours


def after_power_cut(done: Sequence[Any], chance: random.Random) -> dict[str, bytes]:
    """The files of a disk that was unplugged when this had been done.

    Of what was not synced, any of it may be there or not, in any order, sector by sector: all, none, or some.
    """
    files: defaultdict[str, bytearray] = defaultdict(bytearray)
    waiting: defaultdict[str, list[Written | Cut]] = defaultdict(list)
    for one in done:
        if isinstance(one, Written | Cut):
            waiting[one.file].append(one)
        elif isinstance(one, Synced):
            for action in waiting.pop(one.file, ()):
                _do(files[one.file], action)
        elif isinstance(one, Gone):
            files.pop(one.file, None)
            waiting.pop(one.file, None)
    share = chance.choice((0.0, 0.0, 0.5, 1.0))
    for name, actions in waiting.items():
        for action in actions:
            if isinstance(action, Cut):
                if chance.random() < share:
                    _do(files[name], action)
                continue
            for start in range(0, len(action.data), SECTOR):
                if chance.random() < share:
                    part = action.data[start : start + SECTOR]
                    _do(files[name], Written(name, action.offset + start, part))
    return {name: bytes(content) for name, content in files.items()}


def _do(content: bytearray, action: Written | Cut) -> None:
    if isinstance(action, Cut):
        del content[action.size :]
        return
    end = action.offset + len(action.data)
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    content[action.offset : end] = action.data
