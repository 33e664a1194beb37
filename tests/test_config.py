"""What may stand in a configuration, which one governs, and that its documents are current."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from shapelint import __version__
from shapelint.config import OPTIONS, Configuration, Settings, satisfies, unknown_rules
from shapelint.diagnostics import Failure

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(folder: Path, **arguments: Any) -> Settings:
    found = Configuration(**arguments).of(str(folder))
    assert isinstance(found, Settings), found
    return found


def failure(folder: Path, text: str, name: str = "shapelint.toml") -> Failure:
    (folder / name).write_text(text)
    found = Configuration().of(str(folder))
    assert isinstance(found, Failure), found
    assert found.kind == "configuration"
    assert found.location.path == name
    return found


def test_every_option_is_a_setting_and_every_setting_an_option() -> None:
    names = {field.name for field in dataclasses.fields(Settings)}
    assert {option.field for option in OPTIONS} == names - {"folder", "source", "command_line_rules", "trust_ops"}


def test_every_option_is_read(here: Path) -> None:
    for option in OPTIONS:
        example = option.example.replace(">=0.1,<1", f">={__version__}")
        (here / "shapelint.toml").write_text(example)
        found = settings(here)
        assert getattr(found, option.field) != getattr(Settings(folder=""), option.field), option.key


def test_both_files_hold_the_same_keys(here: Path) -> None:
    (here / "pyproject.toml").write_text('[project]\nname = "x"\n[tool.shapelint]\nshow-info = true\n')
    assert settings(here).show_info
    (here / "shapelint.toml").write_text("preview = true\n")
    found = settings(here)
    assert (found.preview, found.show_info) == (True, False), "shapelint.toml wins, and nothing is merged"


def test_the_nearest_wins(here: Path) -> None:
    below = here / "a" / "b"
    below.mkdir(parents=True)
    (here / "shapelint.toml").write_text("preview = true\n")
    (here / "a" / "pyproject.toml").write_text("[project]\n")
    assert settings(below).preview
    assert settings(below).folder == str(here)
    (here / "a" / "pyproject.toml").write_text("[tool.shapelint]\nshow-info = true\n")
    assert (settings(below).preview, settings(below).show_info) == (False, True)


def test_config_governs_alone_and_isolated_reads_nothing(here: Path) -> None:
    (here / "shapelint.toml").write_text("preview = true\n")
    (here / "other").mkdir()
    (here / "other" / "mine.toml").write_text("show-info = true\n")
    found = settings(here, file="other/mine.toml")
    assert (found.preview, found.show_info, found.folder) == (False, True, str(here))
    assert settings(here, isolated=True) == Settings(folder=str(here))


def test_a_config_that_is_not_there_is_a_failure(here: Path) -> None:
    found = Configuration("nope.toml").of(str(here))
    assert isinstance(found, Failure)
    assert found.location.path == "nope.toml"


def test_an_unknown_key_says_where_and_what_was_meant(here: Path) -> None:
    found = failure(here, "preview = true\n\nexcldue = []\n")
    assert found.message == "unknown key `excldue`"
    assert found.help == "did you mean `exclude`?"
    assert found.location.line == 3


def test_an_unknown_key_in_pyproject(here: Path) -> None:
    found = failure(here, "[project]\nname = 'x'\n\n[tool.shapelint.rulez]\na = 'off'\n", "pyproject.toml")
    assert (found.message, found.help, found.location.line) == ("unknown key `rulez`", "did you mean `rules`?", 4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("preview = 1", "`preview` must be true or false, not an integer"),
        ("baseline = true", "`baseline` must be a string, not a boolean"),
        ('include = "*.py"', "`include` must be a list of strings, not a string"),
        ("exclude = [1]", "`exclude` must be a list of strings, not an integer"),
        ("rules = []", "`rules` must be a table from rule to level, not an array"),
        ('rules = { a = "fatal" }', '`rules.a` must be one of "error", "warning", "info", "off", not "fatal"'),
        ("rules = { a = false }", '`rules.a` must be one of "error", "warning", "info", "off", not a boolean'),
        ('per-file-rules = { "t/" = "off" }', '`per-file-rules."t/"` must be a table from rule to level, not a string'),
        ("per-file-rules = 1.5", "`per-file-rules` must be a table from pattern to levels, not a float"),
        ("src = 2020-01-01", "`src` must be a list of strings, not a date or time"),
        ('required-version = "new"', '`required-version` must be a version or a list such as ">=0.3,<1", not "new"'),
    ],
)
def test_wrong_types_name_file_key_and_line(here: Path, text: str, message: str) -> None:
    found = failure(here, f"# first\n{text}\n")
    assert found.message == message
    assert found.location.line == 2


def test_an_unknown_format(here: Path) -> None:
    found = failure(here, 'output-format = "sariff"\n')
    assert found.help == "did you mean `sarif`?"


def test_broken_toml_says_where(here: Path) -> None:
    found = failure(here, "preview = true\nrules = {\n\n")
    assert found.message.startswith("invalid TOML: ")
    assert found.location.line >= 2
    (here / "shapelint.toml").write_bytes(b"preview = \xff")
    broken = Configuration().of(str(here))
    assert isinstance(broken, Failure)
    assert broken.message == "the configuration is not UTF-8"


def test_a_pyproject_that_does_not_speak_of_shapelint_is_nobodys_business(here: Path) -> None:
    (here / "pyproject.toml").write_text("this is [[[ not TOML")
    assert settings(here).source is None


@pytest.mark.parametrize(
    ("version", "wanted", "holds"),
    [
        ("0.3.1", ">=0.3", True),
        ("0.3.1", ">=0.3,<0.3.1", False),
        ("0.3", "0.3.0", True),
        ("0.10", ">0.9", True),
        ("1.0", "!=1", False),
        ("1.0", "<=1.0.0", True),
        ("1.2", "==1.2.1", False),
    ],
)
def test_versions(version: str, wanted: str, holds: bool) -> None:
    assert satisfies(version, wanted) is holds


def test_required_version(here: Path) -> None:
    (here / "shapelint.toml").write_text(f'required-version = "=={__version__}"\n')
    assert settings(here).required_version is not None
    found = failure(here, 'required-version = ">=99"\n')
    assert found.message == f"the configuration requires shapelint >=99, but this is {__version__}"


def test_overrides_win(here: Path) -> None:
    (here / "shapelint.toml").write_text('extend-exclude = ["a"]\noutput-format = "json"\n')
    found = settings(here, overrides={"extend_exclude": ("b",), "output_format": "concise"})
    assert found.extend_exclude == ("a", "b")
    assert found.output_format == "concise"


def test_unknown_rules(here: Path) -> None:
    (here / "shapelint.toml").write_text(
        'rules = { all = "off", linear-in-feature = "off" }\n[per-file-rules."*"]\nnope = "off"\n'
    )
    found = unknown_rules(settings(here, overrides={"command_line_rules": (("catt", "off"),)}), ["linear-in-features"])
    assert [(one.kind, one.message, one.help, one.location.line) for one in found] == [
        ("configuration", "unknown rule `linear-in-feature`", "did you mean `linear-in-features`?", 1),
        ("configuration", "unknown rule `nope`", "", 3),
        ("usage", "unknown rule `catt`", "", 0),
    ]


# Documents ---------------------------------------------------------------------------------------


def generator() -> Any:
    spec = importlib.util.spec_from_file_location("generate_configuration", ROOT / "docs/generate_configuration.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_documents_are_current() -> None:
    for path, text in generator().documents().items():
        assert path.read_text("utf-8") == text, f"run python docs/generate_configuration.py ({path.name} is stale)"


def test_the_schema_takes_every_example_and_rejects_what_the_reader_rejects() -> None:
    schema = json.loads((ROOT / "docs/shapelint.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for option in OPTIONS:
        validator.validate(tomllib.loads(option.example))
    for text in ["unknown = 1", "preview = 1", 'include = "*.py"', 'rules = { a = "fatal" }', 'output-format = "x"']:
        assert not validator.is_valid(tomllib.loads(text)), text
