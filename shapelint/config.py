"""The configuration: one table of options, the files they are read from, and what may stand there.

`[tool.shapelint]` in pyproject.toml or a shapelint.toml is read; for each file checked the nearest one wins and is
taken whole (nothing is merged). An unknown key or a value of the wrong type is a `Failure`, never ignored.
`docs/configuration.md` and `docs/shapelint.schema.json` are generated from `OPTIONS`.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import Any, Literal

from shapelint import __version__
from shapelint.diagnostics import Failure, Location
from shapelint.surroundings import content

LARGEST = 4 << 20
"""So many bytes a configuration may have."""
LEVELS = ("error", "warning", "info", "off")
FORMATS = ("full", "concise", "json", "json-lines", "sarif", "github", "gitlab", "junit", "azure", "rdjson")

DEFAULT_EXCLUDE = (
    ".*/",
    "__pycache__/",
    "__pypackages__/",
    "node_modules/",
    "site-packages/",
    "venv/",
    "build/",
    "dist/",
    "*.egg-info/",
)
"""Patterns left out unless `exclude` says otherwise; a folder that holds `pyvenv.cfg` is left out under any name."""

Levels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """What governs one file. `folder` is absolute: patterns and paths in the settings are relative to it.

    `source` is the file the settings were read from, None for the defaults. `command_line_rules` win over all others.
    `trust_ops` is no option of a file: whether op files, which are Python, may be run is said outside of the tree (None:
    nobody said anything).
    """

    folder: str
    source: str | None = None
    include: tuple[str, ...] = ("*.py", "*.pyi", "*.ipynb")
    exclude: tuple[str, ...] = DEFAULT_EXCLUDE
    extend_exclude: tuple[str, ...] = ()
    respect_gitignore: bool = True
    force_exclude: bool = False
    rules: Levels = ()
    per_file_rules: tuple[tuple[str, Levels], ...] = ()
    show_info: bool = False
    error_on_warning: bool = False
    preview: bool = False
    src: tuple[str, ...] = ("src",)
    ops: tuple[str, ...] = ()
    signatures: tuple[tuple[str, str], ...] = ()
    baseline: str | None = None
    output_format: str = "full"
    cache_dir: str = ".shapelint_cache"
    required_version: str | None = None
    command_line_rules: Levels = ()
    trust_ops: bool | None = None

    @property
    def op_files(self) -> tuple[str, ...]:
        """The absolute paths of the files that `ops` names; none unless they are trusted."""
        if not self.trust_ops:
            return ()
        return tuple(os.path.normpath(os.path.join(self.folder, path)) for path in self.ops)


@dataclass(frozen=True, slots=True)
class Option:
    """One key of the configuration. `kind` says what may stand there:

    "boolean", "string", "strings" (a list), "format" (an output format), "levels" (a table from rule, or `all`, to
    level), "levels-by-glob" (a table from pattern to such a table), "signatures" (a table from name to text) or "version" (such
    as `>=0.3,<1`).
    """

    key: str
    kind: Literal["boolean", "string", "strings", "format", "levels", "levels-by-glob", "signatures", "version"]
    summary: str
    example: str
    flag: str = ""

    @property
    def field(self) -> str:
        return self.key.replace("-", "_")


OPTIONS: tuple[Option, ...] = (
    Option(
        "include",
        "strings",
        "Which files a folder is searched for. Add `*.md` to check the Python blocks of Markdown files.",
        'include = ["*.py", "*.ipynb", "docs/**/*.md"]',
    ),
    Option(
        "exclude",
        "strings",
        "What a search leaves out, in the language of `.gitignore`; replaces the default list.",
        'exclude = ["build/", "third_party/"]',
        "--exclude",
    ),
    Option(
        "extend-exclude",
        "strings",
        "Left out besides `exclude`. `!pattern` takes something in again.",
        'extend-exclude = ["generated/", "!.github/"]',
    ),
    Option(
        "respect-gitignore",
        "boolean",
        "Leave out what `.gitignore` files and `.git/info/exclude` name.",
        "respect-gitignore = false",
        "--no-respect-gitignore",
    ),
    Option(
        "force-exclude",
        "boolean",
        "Treat a file named on the command line as one found by a search: leave it out when it is excluded or ignored.",
        "force-exclude = true",
        "--force-exclude",
    ),
    Option(
        "rules",
        "levels",
        "The level of each rule: `error`, `warning`, `info` or `off`; `all` stands for every rule that is not named. "
        "A finding that the rule itself holds for weaker than usual is never raised by a level.",
        'rules = { all = "warning", linear-in-features = "error", softmax-over-batch = "off" }',
        "--rule, --select, --ignore",
    ),
    Option(
        "per-file-rules",
        "levels-by-glob",
        "Levels for the files that match a pattern; later entries win over earlier ones and over `rules`.",
        'per-file-rules = { "tests/" = { all = "off" } }',
    ),
    Option(
        "show-info",
        "boolean",
        "Report findings of severity `info` too, which are too uncertain to be shown unasked.",
        "show-info = true",
        "--show-info",
    ),
    Option(
        "error-on-warning",
        "boolean",
        "Exit with 1 on warnings as well as on errors.",
        "error-on-warning = true",
        "--error-on-warning",
    ),
    Option("preview", "boolean", "Report rules that are still in preview.", "preview = true", "--preview"),
    Option(
        "src",
        "strings",
        "Folders in which absolute imports are looked up, besides the project's root and the file's own folder.",
        'src = ["src", "lib"]',
    ),
    Option(
        "ops",
        "strings",
        "Files with ops of your own, which say what your functions and layers do to shapes: [own-ops.md](own-ops.md). "
        "They are Python, and no configuration can make shapelint run them: only you can, by `--trust-ops` or "
        "`SHAPELINT_TRUST_OPS=1`.",
        'ops = ["my_ops.py"]',
        "--trust-ops, --no-trust-ops",
    ),
    Option(
        "signatures",
        "signatures",
        "What functions and layers of your own do to shapes, as text: [own-ops.md](own-ops.md#signatures-as-text).",
        'signatures = { "mylib.attend" = "(b, t, d), (b, s, d) -> (b, t, d)", "mylib.Proj(d_in, d_out)" = "(..., d_in) -> (..., d_out)" }',
    ),
    Option(
        "baseline",
        "string",
        "A file of known findings that are not reported again (`--write-baseline` writes it).",
        'baseline = "shapelint-baseline.json"',
        "--baseline",
    ),
    Option("output-format", "format", "How findings are printed.", 'output-format = "concise"', "--output-format"),
    Option(
        "cache-dir",
        "string",
        "Where results are kept between runs: a folder within the tree; `--cache-dir` may name any.",
        'cache-dir = ".cache/shapelint"',
        "--cache-dir, --no-cache",
    ),
    Option(
        "required-version",
        "version",
        "Refuse to run with another version: a version or a list of `==`, `!=`, `>=`, `<=`, `>`, `<`.",
        'required-version = ">=0.1,<1"',
    ),
)

_BY_KEY = {option.key: option for option in OPTIONS}


TRUST_VARIABLE = "SHAPELINT_TRUST_OPS"
_TRUST = {"1": True, "0": False}


class ConfigurationError(Exception):
    """A configuration that cannot be used; carries the `Failure` that says where and why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Configuration:
    """Finds and remembers the settings of every folder of a run.

    `file` (from `--config`) governs every file, its paths relative to the current folder; `isolated` reads no file at
    all; `overrides` are fields of `Settings` given on the command line, which win over any file. Where they do not say
    whether op files are trusted, the environment does.
    """

    def __init__(
        self, file: str | None = None, isolated: bool = False, overrides: dict[str, Any] | None = None
    ) -> None:
        self._overrides = {"trust_ops": _TRUST.get(os.environ.get(TRUST_VARIABLE, "")), **(overrides or {})}
        self._isolated = isolated
        self._fixed = _read(file, required=True) if file is not None else None
        self._folders: dict[str, Settings | Failure] = {}

    def of(self, folder: str) -> Settings | Failure:
        """The settings for the files that stand in `folder` (absolute)."""
        known = self._folders.get(folder)
        if known is None:
            known = self._folders[folder] = self._find(folder)
        return known

    @property
    def names_cache(self) -> bool:
        """Whether the command line says where results are kept."""
        return "cache_dir" in self._overrides

    @property
    def failures(self) -> list[Failure]:
        """Every configuration fault met so far, each once."""
        found = {entry: None for entry in self._folders.values() if isinstance(entry, Failure)}
        return list(found)

    def _find(self, folder: str) -> Settings | Failure:
        if self._fixed is not None:
            if isinstance(self._fixed, Failure):
                return self._fixed
            return self._override(replace(self._fixed, folder=os.getcwd()))
        if not self._isolated:
            for name in ("shapelint.toml", "pyproject.toml"):
                settings = _read(os.path.join(folder, name))
                if isinstance(settings, Failure):
                    return settings
                if settings is not None:
                    return self._override(settings)
            parent = os.path.dirname(folder)
            if parent != folder:
                return self.of(parent)
        return self._override(Settings(folder=os.getcwd()))

    def _override(self, settings: Settings) -> Settings:
        changes = dict(self._overrides)
        if "extend_exclude" in changes:
            changes["extend_exclude"] = settings.extend_exclude + changes["extend_exclude"]
        return replace(settings, **changes)


def shown(path: str) -> str:
    """An absolute path as a person names it: relative to the current folder if it lies inside, with forward slashes."""
    here = os.getcwd()
    if path == here:
        return "."
    if path.startswith(here.rstrip(os.sep) + os.sep):
        path = path[len(here.rstrip(os.sep)) + 1 :]
    return path.replace(os.sep, "/")


def _read(path: str, required: bool = False) -> Settings | Failure | None:
    """Settings from one file; None where there is no file, or a pyproject.toml that does not speak of shapelint."""
    path = os.path.abspath(path)
    whole = os.path.basename(path) != "pyproject.toml"
    try:
        data = content(path, LARGEST)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        if not required:
            return None
        return _failure(path, 0, f"cannot read the configuration: {error.strerror}")
    except OSError as error:
        return _failure(path, 0, f"cannot read the configuration: {error.strerror}")
    if not whole and not required and b"shapelint" not in data:
        return None  # spares the import of a TOML parser
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _failure(path, 0, "the configuration is not UTF-8")
    try:
        table = _parse_toml(text)
    except RecursionError:
        return _failure(path, 0, "invalid TOML: nested too deeply")
    except ValueError as error:
        message = str(error)
        at = re.search(r" \(at line (\d+), column (\d+)\)$", message)
        line = int(at[1]) if at else 0
        return _failure(path, line, f"invalid TOML: {message[: at.start()] if at else message}".rstrip("."))
    if not whole:
        tool = table.get("tool", {})
        if not isinstance(tool, dict) or "shapelint" not in tool:
            return Settings(folder=os.path.dirname(path), source=path) if required else None
        table = tool["shapelint"]
        if not isinstance(table, dict):
            return _failure(path, _line_of(text, "shapelint"), "`tool.shapelint` must be a table")
    try:
        settings = _settings(path, text, table)
    except ConfigurationError as error:
        return error.failure
    wanted = settings.required_version
    if wanted is not None and not satisfies(__version__, wanted):
        return _failure(
            path,
            _line_of(text, "required-version"),
            f"the configuration requires shapelint {wanted}, but this is {__version__}",
        )
    return settings


def _settings(path: str, text: str, table: dict[str, Any]) -> Settings:
    values: dict[str, Any] = {}
    for key, value in table.items():
        option = _BY_KEY.get(key)
        if option is None:
            message = f"unknown key `{key}`"
            near = did_you_mean(key, _BY_KEY)
            raise ConfigurationError(_failure(path, _line_of(text, key), message, near))
        values[option.field] = _value(path, text, option, value)
    return Settings(folder=os.path.dirname(path), source=path, **values)


def _value(path: str, text: str, option: Option, value: Any) -> Any:
    def wrong(expected: str, got: Any, where: str = option.key) -> ConfigurationError:
        message = f"`{where}` must be {expected}, not {_toml_type(got)}"
        return ConfigurationError(_failure(path, _line_of(text, where.rpartition(".")[2].strip('"')), message))

    def levels(table: Any, where: str) -> Levels:
        if not isinstance(table, dict):
            raise wrong("a table from rule to level", table, where)
        for rule, level in table.items():
            if not isinstance(level, str):
                raise wrong("one of " + ", ".join(f'"{one}"' for one in LEVELS), level, f"{where}.{rule}")
            if level not in LEVELS:
                message = f'`{where}.{rule}` must be one of "error", "warning", "info", "off", not "{level}"'
                raise ConfigurationError(_failure(path, _line_of(text, rule), message, did_you_mean(level, LEVELS)))
        return tuple(table.items())

    if option.kind == "boolean":
        if not isinstance(value, bool):
            raise wrong("true or false", value)
        return value
    if option.kind in ("string", "format", "version"):
        if not isinstance(value, str):
            raise wrong("a string", value)
        if option.kind == "format" and value not in FORMATS:
            message = f'`{option.key}` must be one of {", ".join(FORMATS)}, not "{value}"'
            near = did_you_mean(value, FORMATS)
            raise ConfigurationError(_failure(path, _line_of(text, option.key), message, near))
        if option.kind == "version" and _specifier(value) is None:
            message = f'`{option.key}` must be a version or a list such as ">=0.3,<1", not "{value}"'
            raise ConfigurationError(_failure(path, _line_of(text, option.key), message))
        return value
    if option.kind == "strings":
        if not isinstance(value, list):
            raise wrong("a list of strings", value)
        for item in value:
            if not isinstance(item, str):
                raise wrong("a list of strings", item)
        return tuple(value)
    if option.kind == "levels":
        return levels(value, option.key)
    if option.kind == "signatures":
        if not isinstance(value, dict):
            raise wrong("a table from name to signature", value)
        for name, signature in value.items():
            if not isinstance(signature, str):
                raise wrong("a string", signature, f'{option.key}."{name}"')
        return tuple(value.items())
    if not isinstance(value, dict):
        raise wrong("a table from pattern to levels", value)
    return tuple((glob, levels(table, f'{option.key}."{glob}"')) for glob, table in value.items())


def _parse_toml(text: str) -> dict[str, Any]:
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    table: dict[str, Any] = tomllib.loads(text)
    return table


def _toml_type(value: Any) -> str:
    kinds = {bool: "a boolean", int: "an integer", float: "a float", str: "a string", list: "an array", dict: "a table"}
    return kinds.get(type(value), "a date or time")


def _line_of(text: str, key: str) -> int:
    """The line on which `key` is set, 0 if it cannot be told."""
    found = re.search(rf"""^[^#\n]*?(?<![\w-])["']?{re.escape(key)}["']?\s*(?:=|\.|\])""", text, re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else 0


def _failure(path: str, line: int, message: str, help: str = "") -> Failure:
    column = 1 if line else 0
    return Failure("configuration", Location(shown(path), line, column, line, column), message, help)


def did_you_mean(word: str, known: Any) -> str:
    """A remedy for a misspelt name, "" if nothing is near."""
    if len(word) > 100:
        return ""
    import difflib

    near = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean `{near[0]}`?" if near else ""


def _specifier(text: str) -> list[tuple[str, tuple[int, ...]]] | None:
    """`>=0.3,<1` as comparisons; a bare version means `==`. None if it is neither."""
    parts = []
    for part in text.split(","):
        found = re.fullmatch(r"\s*(==|!=|>=|<=|>|<)?\s*(\d{1,9}(?:\.\d{1,9})*)\s*", part)
        if found is None:
            return None
        parts.append((found[1] or "==", tuple(int(number) for number in found[2].split("."))))
    return parts


def satisfies(version: str, wanted: str) -> bool:
    """Whether the release numbers of `version` meet the specifier `wanted`."""
    numbers = tuple(int(number) for number in re.findall(r"\d+", re.split(r"[a-z+-]", version)[0]))
    for operator, bound in _specifier(wanted) or ():
        width = max(len(numbers), len(bound))
        left, right = (one + (0,) * (width - len(one)) for one in (numbers, bound))
        holds = {
            "==": left == right,
            "!=": left != right,
            ">=": left >= right,
            "<=": left <= right,
            ">": left > right,
            "<": left < right,
        }[operator]
        if not holds:
            return False
    return True


def unknown_rules(settings: Settings, known: Any) -> list[Failure]:
    """A failure for each rule that the settings name and that does not exist."""
    text = _text(settings.source)
    failures = []
    tables = [settings.rules, *(levels for _, levels in settings.per_file_rules)]
    for rule in dict.fromkeys(rule for table in tables for rule, _ in table):
        if rule != "all" and rule not in known:
            near = did_you_mean(rule, known)
            failures.append(_failure(settings.source or "", _line_of(text, rule), f"unknown rule `{rule}`", near))
    for rule in dict.fromkeys(rule for rule, _ in settings.command_line_rules):
        if rule != "all" and rule not in known:
            near = did_you_mean(rule, known)
            failures.append(Failure("usage", Location("", 0, 0, 0, 0), f"unknown rule `{rule}`", near))
    return failures


def untrusted_ops(settings: Settings) -> Failure | None:
    """What to tell where the settings name op files and nobody said whether these may be run."""
    if not settings.ops or settings.trust_ops is not None or settings.source is None:
        return None
    names = ", ".join(settings.ops)
    message = f"not run: {names}; op files are Python, which no configuration file can make shapelint run"
    help = f"`--trust-ops` or {TRUST_VARIABLE}=1 runs them, `--no-trust-ops` or {TRUST_VARIABLE}=0 goes without them"
    return replace(_failure(settings.source, _line_of_ops(settings.source), message, help), kind="untrusted")


def broken_ops(settings: Settings, known: Any) -> list[Failure]:
    """What is wrong with the op files that the settings name: one that cannot be used, a constraint of a rule that does not exist."""
    from shapelint.ops.own import BrokenOpFile, load, named

    try:
        named(settings.op_files)
    except BrokenOpFile as fault:
        if fault.missing and settings.source is not None:
            line = _line_of_ops(settings.source)
            return [_failure(settings.source, line, f"{fault.message}: {shown(fault.path)}")]
        return [_failure(fault.path, fault.line, fault.message)]
    failures = []
    for path in settings.op_files:
        for op in load(path):
            for constraint in op.constraints.values():
                if constraint.rule not in known:
                    message = f"{constraint.id} of `{op.name}` is reported by an unknown rule `{constraint.rule}`"
                    failures.append(_failure(path, 0, message, did_you_mean(constraint.rule, known)))
    return failures


def broken_signatures(settings: Settings) -> list[Failure]:
    """What is wrong with the signatures that the settings hold as text."""
    from shapelint.ops.own import BrokenOpFile, named
    from shapelint.ops.signatures import BadSignature, described

    try:
        taken = dict.fromkeys(named(settings.op_files), "an op file")
    except BrokenOpFile:  # told elsewhere
        taken = {}
    failures = []
    text = _text(settings.source)
    for key, signature in settings.signatures:
        try:
            (name,) = described([(key, signature)])
            if name in taken:
                raise BadSignature(f"{taken[name]} describes `{name}` too")
            taken[name] = "another signature"
        except BadSignature as error:
            message = f"signature of `{_short(key)}`: {_short(str(error))}"
            failures.append(_failure(settings.source or "", _line_of(text, key), message))
    return failures


def _line_of_ops(path: str) -> int:
    return _line_of(_text(path), "ops")


def _text(path: str | None) -> str:
    """The text of a configuration that was read before; "" if it is gone meanwhile."""
    if path is None:
        return ""
    try:
        return content(path, LARGEST).decode("utf-8-sig")
    except (OSError, ValueError):
        return ""


def _short(text: str) -> str:
    return text if len(text) <= 200 else text[:199] + "…"
