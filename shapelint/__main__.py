"""`python -m shapelint` is the `shapelint` command."""

from __future__ import annotations

from shapelint.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
