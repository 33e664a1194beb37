"""Files around the code that is checked: settings, ignore files, baselines, results kept. They come with the tree, and may be anything."""

from __future__ import annotations

import os
import stat


class Refused(OSError):
    """Something stands at the path that is not read; `strerror` says what is wrong with it."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(None, reason, path)


def content(path: str, limit: int) -> bytes:
    """The bytes of a regular file of at most `limit` bytes. Raises OSError; never waits for the other end of a pipe, never reads a device."""
    mode = os.stat(path).st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(21, "Is a directory", path)
    if not stat.S_ISREG(mode):
        raise Refused(path, "not a regular file")
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Refused(path, "not a regular file")
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise Refused(path, f"larger than {limit >> 20} MiB")
    return data


def leads_out(path: str, folder: str) -> bool:
    """Whether a path, its links followed, lies outside of a folder."""
    real, home = os.path.realpath(path), os.path.realpath(folder)
    return real != home and not real.startswith(home.rstrip(os.sep) + os.sep)
