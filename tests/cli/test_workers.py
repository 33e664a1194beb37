"""Workers end with the process that started them, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .conftest import ROOT, STAND_INS, Shell

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


def children(process: int) -> set[int]:
    """The processes that a process has started and that are there."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == process and fields[0] != "Z":
                found.add(int(entry.name))
    return found


def is_there(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(what: str, seconds: float, test: object) -> None:
    end = time.monotonic() + seconds
    while not test():  # type: ignore[operator]
        assert time.monotonic() < end, what
        time.sleep(0.05)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGKILL"])
@pytest.mark.parametrize("waiting", [True, False], ids=["some wait", "all work"])
def test_workers_end_with_their_parent(shell: Shell, name: str, waiting: bool) -> None:
    for number in range(12):
        is_slow = number == 0 if waiting else True
        shell.file(f"m{number:02}.py", f"import torch\n{'# SLEEP' if is_slow else ''}\n")
    run = subprocess.Popen(
        [sys.executable, "-m", "shapelint", "check", "--no-cache", "--jobs", "3", "."],
        cwd=shell.folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(STAND_INS), str(ROOT)]), "STAND_IN_LOG": str(shell.log)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for("workers began", 60, lambda: shell.log.exists() and len(shell.log.read_text().split()) >= 3)
        workers = children(run.pid)
        assert len(workers) >= 3
    finally:
        run.send_signal(getattr(signal, name))
        run.wait(20)
    wait_for("workers ended", 10, lambda: not any(map(is_there, workers)))
