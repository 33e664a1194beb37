"""All rules, found by looking into this folder."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from shapelint.diagnostics import Severity

if TYPE_CHECKING:
    from shapelint.rules.contract import Rule

MACHINERY = frozenset(
    (
        "__init__",
        "contract",
        "registry",
        "findings",
        "watch",
        "decided",
        "judging",
        "selection",
        "size_names",
        "claimed_roles",
        "tuples",
    )
)


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """What is told about a rule without loading it: from the head of its page."""

    name: str
    code: str
    severity: Severity
    summary: str
    since: str
    preview: bool


def names() -> list[str]:
    """The names of all rules, sorted."""
    folder = Path(__file__).parent
    return sorted(p.stem.replace("_", "-") for p in folder.glob("*.py") if p.stem not in MACHINERY)


def page(name: str) -> Path:
    """The page of a rule."""
    return Path(__file__).parent / f"{name.replace('-', '_')}.md"


@cache
def load() -> dict[str, Rule]:
    """Every rule, by name. Raises ValueError for a file that makes no `RULE` or one of another name."""
    found: dict[str, Rule] = {}
    for name in names():
        module = importlib.import_module(f"shapelint.rules.{name.replace('-', '_')}")
        rule = getattr(module, "RULE", None)
        if rule is None or rule.name != name:
            raise ValueError(f"{module.__file__} makes no RULE named {name!r}")
        found[name] = rule
    return found


@cache
def rules() -> dict[str, RuleInfo]:
    """What is known of every rule, by name."""
    return {n: RuleInfo(r.name, r.code, r.severity, r.summary, r.since, r.preview) for n, r in load().items()}
