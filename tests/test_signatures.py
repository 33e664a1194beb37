"""Signatures as text: what they say of calls, what is no signature, and that they run and import nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shapelint.cli import main
from shapelint.ops.signature_text import parse

Shapelint = Callable[..., "tuple[int, str, str]"]

KERNELS = """\
import pathlib
import torch
from torch import nn

pathlib.Path(__file__).with_name("was_imported").touch()


def attend(query, key, scale=1.0):
    return torch.bmm((torch.bmm(query, key.mT) * scale).softmax(-1), key)


class Proj(nn.Module):
    def __init__(self, d_in, d_out=8):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(d_out, d_in))

    def forward(self, x):
        return nn.functional.linear(x, self.weight)


def pool(x, factor=2, *, lengths=None):
    b, t, d = x.shape
    if lengths is not None and lengths.shape != (b,):
        raise ValueError
    return x[:, : t // factor], x.sum((1, 2))


def halves(x):
    b, n = x.shape
    if n % 2:
        raise ValueError
    return x[:, : n // 2]


def dot(a, b):
    if a.shape != b.shape:
        raise ValueError
    return (a * b).sum(-1)
"""
SIGNATURES = """\
[signatures]
"kernels.attend" = "query: (b, t, d), key: (b, s, d), scale=1.0 -> (b, t, d)"
"kernels.Proj(d_in, d_out=8)" = "(..., d_in) -> (..., d_out)"
"kernels.pool" = "(b, t, d), factor=2, *, lengths: (b) = None -> (b, t//factor, d), (b)"
"kernels.halves" = "(b, 2*n) -> (b, n)"
"kernels.dot" = "(..., n), (..., n) -> (...)"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SHAPELINT_TRUST_OPS", raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "shapelint.toml").write_text(SIGNATURES)
    (tmp_path / "kernels.py").write_text(KERNELS)
    yield tmp_path
    sys.modules.pop("kernels", None)


@pytest.fixture
def shapelint(capsys: pytest.CaptureFixture[str]) -> Shapelint:
    """The command line: exit code, stdout, stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        done = capsys.readouterr()
        return code, done.out, done.err

    return run


def told(folder: Path, shapelint: Shapelint, code: str) -> list[str]:
    """The reports on code that uses the kernels."""
    head = "import torch\nfrom torch import nn\nfrom kernels import attend, dot, halves, pool, Proj\n"
    (folder / "use.py").write_text(head + code)
    _, out, _ = shapelint("check", "--no-cache", "--output-format", "concise", "use.py")
    return [line.partition(": ")[2] for line in out.splitlines()]


@pytest.mark.parametrize(
    "code",
    [
        "attend(torch.ones(2, 3, 4), torch.ones(2, 5, 4)).view(2, 12)",
        "attend(key=torch.ones(2, 5, 4), query=torch.ones(2, 3, 4)).view(2, 12)",
        "Proj(4)(torch.ones(2, 3, 4)).view(2, 24)",
        "Proj(d_out=5, d_in=4)(torch.ones(4)).view(5)",
        "x, y = pool(torch.ones(2, 7, 4))\nx.view(24), y.view(2)",
        "x, y = pool(torch.ones(2, 7, 4), 3, lengths=torch.ones(2))\nx.view(16)",
        "halves(torch.ones(3, 8)).view(12)",
        "dot(torch.ones(3, 4), torch.ones(3, 4)).view(3)",
        "dot(torch.ones(4), torch.ones(4)).view(1)",
        "def f(x, y):\n    return dot(x, y), attend(x, y), pool(x)",
    ],
)
def test_what_fits_is_not_reported(folder: Path, shapelint: Shapelint, code: str) -> None:
    assert told(folder, shapelint, code) == []
    if not code.startswith("def"):
        changed = code.replace("view(", "view(7, ")
        assert all("[reshape-size]" in one for one in told(folder, shapelint, changed)), "the shape is known"
        assert told(folder, shapelint, changed)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("attend(torch.ones(2, 3, 4), torch.ones(2, 5, 6))", "expects 4 entries in axis 2 of `torch.ones(2, 5, 6)`"),
        ("attend(torch.ones(2, 3, 4), torch.ones(3, 5, 4))", "expects 2 entries in axis 0 of `torch.ones(3, 5, 4)`"),
        (
            "attend(torch.ones(3, 4), torch.ones(2, 5, 4))",
            "expects (b, t, d) for `torch.ones(3, 4)` but receives (3, 4)",
        ),
        ("Proj(4)(torch.ones(2, 5))", "expects 4 entries in axis -1 of `torch.ones(2, 5)` but receives 5"),
        ("nn.Sequential(Proj(4), Proj(9))(torch.ones(2, 4))", "expects 9 entries in axis -1"),
        ("pool(torch.ones(2, 7, 4), lengths=torch.ones(7))", "expects 2 entries in axis 0 of `torch.ones(7)`"),
        ("halves(torch.ones(2, 7))", "expects a multiple of 2 in axis 1 of `torch.ones(2, 7)` but receives 7"),
        ("dot(torch.ones(2, 7), torch.ones(7))", "expects the same axes for `...` but receives (2,) and ()"),
        (
            "class M(nn.Module):\n    def __init__(self, a):\n        super().__init__()\n        self.p = Proj(a, 3)\n"
            "        self.q = Proj(2 * a)\n    def forward(self, x):\n        return self.p(x) + self.q(x).sum()",
            "expects 2*a entries in axis -1 of `x` but receives a",
        ),
    ],
)
def test_what_does_not_fit_is(folder: Path, shapelint: Shapelint, code: str, message: str) -> None:
    (one,) = told(folder, shapelint, code)
    assert one.startswith("error[signature-shape] ")
    assert message in one


def test_an_attribute_of_a_layer_is_not_told_by_its_signature(folder: Path, shapelint: Shapelint) -> None:
    """`d_in` is what the text calls a parameter; an attribute of that name may hold anything."""
    assert told(folder, shapelint, "torch.ones(3).view(Proj(4).d_in)") == []


@pytest.mark.parametrize("command", ["check", "show", "coverage"])
def test_nothing_is_imported(folder: Path, shapelint: Shapelint, command: str) -> None:
    (folder / "use.py").write_text("import torch\nfrom kernels import dot\ndot(torch.ones(2), torch.ones(3))\n")
    shapelint(command, "use.py", "kernels.py")
    assert not (folder / "was_imported").exists()


def test_results_in_the_cache_rest_on_the_text(folder: Path, shapelint: Shapelint) -> None:
    (folder / "use.py").write_text("import torch\nfrom kernels import halves\nhalves(torch.ones(3, 7))\n")
    check = ("check", "--output-format", "concise", "use.py")
    assert [shapelint(*check)[0] for _ in range(2)] == [1, 1]
    (folder / "shapelint.toml").write_text(SIGNATURES.replace("2*n", "n"))
    assert shapelint(*check)[0] == 0


# What is no signature ----------------------------------------------------------------------------

BAD = {
    ("attend", "(b) -> (b)"): "the key is a dotted name",
    ("l.a(x: (b))", "(b) -> (b)"): "the parameters that build a layer are names",
    ("l.a", "(b, t)"): "`->` is missing",
    ("l.a", "(b) -> (b) -> (b)"): "`->` stands there twice",
    ("l.a", "(b, t -> (b)"): "a bracket does not close",
    ("l.a", "b) -> (b)"): "a bracket closes that does not open",
    ("l.a", "(b), k='x -> (b)"): "a quote does not close",
    ("l.a", "(b),, (c) -> (b)"): "nothing stands before a comma",
    ("l.a", "(b, t) -> (b, n)"): "`n` stands in a result and in no argument",
    ("l.a", "(b) -> (...)"): "`...` stands in a result and in no argument",
    ("l.a", "(b, t//2) -> (b, t)"): "no size of an argument tells `t`, which stands in `t//2`",
    ("l.a", "(b, s*t) -> (b)"): "no size of an argument tells `s`",
    ("l.a", "(b, t**2) -> (b)"): "the size `t**2` is no name, no number, and no arithmetic",
    ("l.a", "(b, f(t)) -> (b)"): "the size `f(t)` is no name",
    ("l.a", "(b, 1.5) -> (b)"): "the size `1.5` is no name",
    ("l.a", "(b, _ + 1) -> (b)"): "`_` stands alone",
    ("l.a", "(..., t, ...) -> (t)"): "`...` stands twice in `(..., t, ...)`",
    ("l.a", "x: (b), x=3 -> (b)"): "two arguments are named `x`",
    ("l.a(x)", "x: (b) -> (b)"): "two arguments are named `x`",
    ("l.a", "*, (b) -> (b)"): "stands behind `*` and has no name",
    ("l.a", "(b), k=f() -> (b)"): "the default of `k` is no literal",
    ("l.a", "(b), [3] -> (b)"): "cannot read the argument `[3]`",
    ("l.a", "(b) -> "): "behind `->` stands what the call gives",
    ("l.a", "(b) -> b"): "cannot read the result `b`",
    ("l.a", f"({'(' * 400}b{')' * 400}) -> (b)"): "cannot read the size",
    ("l.a", f"({'b, ' * 400}) -> (b)"): "at most 1000 characters",
}


@pytest.mark.parametrize(("key", "text"), BAD, ids=lambda text: text[:20])
def test_what_is_no_signature_is_one_configuration_error(
    folder: Path, shapelint: Shapelint, key: str, text: str
) -> None:
    (folder / "shapelint.toml").write_text(
        f'preview = true\n[signatures]\n"l.good" = "(b) -> (b)"\n"{key}" = "{text}"\n'
    )
    (folder / "use.py").write_text("import torch\n")
    code, out, _ = shapelint("check", "--output-format", "concise", "use.py")
    assert code == 2
    (line,) = out.splitlines()
    assert line.startswith(f"shapelint.toml:4:1: failure[configuration] signature of `{key}`: ")
    assert BAD[key, text] in line
    assert len(line) < 400


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ('signatures = "x"', "`signatures` must be a table from name to signature, not a string"),
        ('signatures = { "a.b" = 3 }', "must be a string, not an integer"),
        ('signatures = { "a.b(x)" = "(x) -> (x)", "a.b" = "(x) -> (x)" }', "another signature describes `a.b` too"),
    ],
)
def test_a_table_of_signatures(folder: Path, shapelint: Shapelint, toml: str, message: str) -> None:
    (folder / "shapelint.toml").write_text(toml)
    (folder / "use.py").write_text("import torch\n")
    code, out, _ = shapelint("check", "--output-format", "concise", "use.py")
    assert code == 2
    assert message in out
    assert len(out.splitlines()) == 1


def test_names_that_other_sizes_tell() -> None:
    signature = parse("l.f", "(b, 2*n + k), (k - 1, n), *, m=4 -> (n, k, m*b)")
    assert [one.name for one in signature.options] == ["m"]
    with pytest.raises(ValueError, match="no size of an argument tells `n`"):
        parse("l.f", "(b, 2*n + k) -> (n)")


# validate ----------------------------------------------------------------------------------------

FEW = ("--samples", "20")


def test_validate_holds_them_against_the_real_functions(folder: Path, shapelint: Shapelint) -> None:
    code, out, err = shapelint("validate", "--trust-ops", *FEW)
    assert code == 0, out
    assert out.count(": agrees\n") == 5
    assert "imports kernels" in err
    assert (folder / "was_imported").exists()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("(b, t//factor, d), (b)", "(b, t, d), (b)", "is told, torch gave"),
        ("(b, 2*n) -> (b, n)", "(b, n) -> (b, n)", "is told, torch gave"),
        ("(b, 2*n) -> (b, n)", "(n, 2*n) -> (n, n)", "rejected by SIZE"),
        ("(..., n), (..., n)", "(..., n), (..., m)", "is accepted; torch: ValueError"),
    ],
)
def test_validate_notices_what_is_not_so(folder: Path, shapelint: Shapelint, old: str, new: str, said: str) -> None:
    assert old in SIGNATURES
    (folder / "shapelint.toml").write_text(SIGNATURES.replace(old, new))
    code, out, _ = shapelint("validate", "--trust-ops", *FEW)
    assert code == 1
    assert said in out


def test_validate_takes_nothing_from_a_tree_unasked(folder: Path, shapelint: Shapelint) -> None:
    code, out, err = shapelint("validate")
    assert (code, out) == (2, "")
    assert "--trust-ops" in err
    assert not (folder / "was_imported").exists()
