"""Makes `tests` importable by that name, so that `python -m tests.markdown` and pytest load the same modules."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = str(Path(__file__).parents[1])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)
