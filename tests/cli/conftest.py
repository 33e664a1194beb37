"""Runs the real command line in a folder of its own, with stand-ins for the analyser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
STAND_INS = Path(__file__).parent / "stand_ins"


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


class Shell:
    """A folder and the command line in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder.parent / "analysed.log"

    def write(self, **files: str) -> None:
        """`a__b_py` is the file a/b.py; every text begins with an import of torch unless it says otherwise."""
        for name, text in files.items():
            stem, _, suffix = name.rpartition("_")
            self.file(f"{stem.replace('__', '/')}.{suffix}", f"import torch\n{text}\n")

    def file(self, path: str, text: str | bytes) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def __call__(self, *arguments: str, stdin: str | bytes = b"", stand_ins: bool = True, **environment: str) -> Result:
        path = [str(STAND_INS)] * stand_ins + [str(ROOT)]
        clean = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "TERM")}
        done = subprocess.run(
            [sys.executable, "-m", "shapelint", *arguments],
            cwd=self.folder,
            input=stdin if isinstance(stdin, bytes) else stdin.encode(),
            capture_output=True,
            env={
                **clean,
                "PYTHONPATH": os.pathsep.join(path),
                "PYTHONIOENCODING": "utf-8",
                "STAND_IN_LOG": str(self.log),
                **environment,
            },
            check=False,
            timeout=120,
        )
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    def analysed(self) -> list[str]:
        """The files that were analysed since the last call, in order of their names."""
        if not self.log.exists():
            return []
        found = sorted(self.log.read_text().split())
        self.log.unlink()
        return found


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    return Shell(folder)
