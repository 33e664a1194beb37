"""Faults of shapelint itself, which cost the entry that was being read and nothing else of the file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from shapelint.diagnostics import Failure, Location

if TYPE_CHECKING:
    from shapelint.program.project import LoadedModule, Project


def note_fault(project: Project, loaded: LoadedModule, entry: str, error: Exception) -> None:
    """Count a fault, to be told with what was found. Raises the error again where the developer wants to see it."""
    if os.environ.get("SHAPELINT_TRACEBACK") == "1":
        raise error
    message = f"internal error in {entry}: {type(error).__name__}: {error}"
    help = "please report it; SHAPELINT_TRACEBACK=1 shows where it happened"
    fault = Failure("internal", Location(loaded.path, 0, 0, 0, 0), message, help)
    if fault not in project.faults:
        project.faults.append(fault)
