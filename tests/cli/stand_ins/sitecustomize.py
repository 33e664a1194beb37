"""Puts the stand-ins in the place of the analyser, in this process and in every worker that it starts."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Sequence
from types import ModuleType

HERE = os.path.dirname(os.path.abspath(__file__))
STAND_INS = {
    "shapelint.interp.show": "show.py",
    "shapelint.rules": "rules.py",
    "shapelint.rules.registry": "registry.py",
}


class Finder(importlib.abc.MetaPathFinder):
    """Finds the stand-ins before the real modules."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        file = STAND_INS.get(fullname)
        if file is None:
            return None
        places = [HERE] if fullname == "shapelint.rules" else None
        return importlib.util.spec_from_file_location(
            fullname, os.path.join(HERE, file), submodule_search_locations=places
        )


sys.meta_path.insert(0, Finder())
