"""`python -m shapelint` is the `shapelint` command."""

from __future__ import annotations

import os
import sys


def _without_current_folder() -> None:
    """Python puts the current folder, which is what shapelint analyses, before all others that it imports from: a `random.py` there would be
    run. Where shapelint itself lies in it, it stays."""
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    here = os.getcwd()
    if not getattr(sys.flags, "safe_path", False) and sys.path[:1] in ([here], [""]) and home != here:
        del sys.path[0]


if __name__ == "__main__":
    _without_current_folder()
    from shapelint.cli import main

    raise SystemExit(main())
