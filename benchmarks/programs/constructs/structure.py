"""Constructs that hold others: classes inside classes, functions, branches, loops, containers."""

from __future__ import annotations

from typing import Any

from programs.sketch import DoesNotFit, Scope, Tensor, class_text, construct, indented


def built(s: Scope, inner: Scope, name: str) -> str:
    """The construction of a class in the setup of another."""
    arguments = []
    for one, n in inner.sizes.items():
        if one not in inner.defaults or inner.defaults[one] != n or s.sketch.chance(0.5):
            arguments.append(f"{one}={s.size(n)}")
    arguments += [f"{one}={text}" for one, (text, default) in inner.options.items() if text != default]
    return f"{name}({', '.join(arguments)})"


def called(s: Scope, inner: Scope, model: str, x: Tensor) -> str:
    """A call of it: its further inputs are those of the class around it."""
    if inner.before:
        if not s.in_class:
            for line in inner.before:
                s.do(line.replace("{model}", model))
        else:
            s.before += [line.replace("{model}", model.replace("self.", "{model}.")) for line in inner.before]
    given = [x.text]
    for extra in inner.extras:
        given.append(f"{extra.name}={s.extra(extra.name, extra.given, extra.default)}")
    return f"{model}({', '.join(given)})"


@construct("structure")
def submodule(s: Scope, x: Tensor) -> Tensor:
    inner = Scope(s.sketch, True)
    name = s.sketch.name("Block Layer Unit Stage Mixer")
    first = Tensor(s.rng.choice(("x", "inputs", "z")), x.shape)
    y = inner.stage(first)
    if s.sketch.chance(0.3):
        y = inner.stage(y)
    s.sketch.define("\n".join(class_text(inner, name, first.text, y.text)))
    model = s.attribute("block layer unit stage", built(s, inner, name))
    return s.let(called(s, inner, model, x), y.shape)


@construct("structure", keeps=True)
def residual_submodule(s: Scope, x: Tensor) -> Tensor:
    inner = Scope(s.sketch, True)
    name = s.sketch.name("Residual Refine Update")
    y = inner.stage(Tensor("x", x.shape), keeping=True)
    s.sketch.define("\n".join(class_text(inner, name, "x", f"x + {y.text}" if y.text != "x" else "2 * x")))
    model = s.attribute("res refine", built(s, inner, name))
    return s.let(called(s, inner, model, x), x.shape)


@construct("structure")
def function(s: Scope, x: Tensor) -> Tensor:
    inner = Scope(s.sketch, False)
    name = s.sketch.name("prepare transform encode apply mix")
    first = Tensor(s.rng.choice(("x", "z", "inputs")), x.shape)
    y = inner.stage(first)
    lines = [f"def {name}({first.text}):", *indented([*inner.body, f"return {y.text}"])]
    s.sketch.define("\n".join(lines))
    return s.let(f"{name}({x.text})", y.shape)


@construct("structure", keeps=True)
def under_a_flag(s: Scope, x: Tensor) -> Tensor:
    taken = s.sketch.chance(0.6)
    flag = s.option("use_norm refine residual gated augment", str(taken), s.rng.choice(("True", "False", None)))
    inner = Scope(s.sketch, s.in_class, **_shared(s))
    y = inner.stage(x, keeping=True)
    inner.do(f"{x.text} = {y.text}")
    _merge(s, inner)
    s.body += [f"if {flag}:", *indented(inner.body)]
    return x


@construct("structure", keeps=True)
def a_few_passes(s: Scope, x: Tensor) -> Tensor:
    inner = Scope(s.sketch, s.in_class, **_shared(s))
    y = inner.stage(x, keeping=True)
    inner.do(f"{x.text} = {y.text}")
    _merge(s, inner)
    count = s.rng.choice((2, 3, 13, 17))
    s.body += [f"for {s.sketch.name('_ i step')} in range({count}):", *indented(inner.body)]
    return x


@construct("structure", keeps=True)
def in_a_try(s: Scope, x: Tensor) -> Tensor:
    inner = Scope(s.sketch, s.in_class, **_shared(s))
    y = inner.stage(x, keeping=True)
    _merge(s, inner)
    s.body += ["try:", *indented(inner.body), "finally:", "    pass"]
    return y


@construct("structure")
def without_gradients(s: Scope, x: Tensor) -> Tensor:
    inner = Scope(s.sketch, s.in_class, **_shared(s))
    y = inner.stage(x)
    _merge(s, inner)
    s.body += ["with torch.no_grad():", *indented(inner.body)]
    return y


@construct("structure")
def method(s: Scope, x: Tensor) -> Tensor:
    if not s.in_class:
        raise DoesNotFit
    inner = Scope(s.sketch, True, **_shared(s))
    first = Tensor(s.rng.choice(("x", "z", "inputs")), x.shape)
    y = inner.stage(first)
    if inner.extras != s.extras:
        raise DoesNotFit
    body = inner.body
    inner.body = []
    _merge(s, inner)
    name = s.sketch.name("encode step embed _process")
    s.methods.append("\n".join([f"def {name}(self, {first.text}):", *indented([*body, f"return {y.text}"])]))
    return s.let(f"self.{name}({x.text})", y.shape)


@construct("structure")
def kept_in_a_dict(s: Scope, x: Tensor) -> Tensor:
    bag = s.sketch.name("batch sample out features")
    key = s.rng.choice(("x", "input", "hidden state", "0"))
    s.do(f"{bag} = {{{key!r}: {x.text}, 'mask': None}}")
    return s.stage(Tensor(f"{bag}[{key!r}]", x.shape))


@construct("structure")
def kept_in_a_tuple(s: Scope, x: Tensor) -> Tensor:
    pair = s.sketch.name("pair state both")
    at = s.rng.choice(("0", "-2"))
    s.do(f"{pair} = ({x.text}, {x.text}.sum())")
    return s.stage(Tensor(f"{pair}[{at}]", x.shape))


def _shared(s: Scope) -> dict[str, Any]:
    """A scope inside another has what it has, but for statements."""
    written = s.copy()
    for name in ("sketch", "in_class", "setup", "body"):
        del written[name]
    return written


def _merge(s: Scope, inner: Scope) -> None:
    """What the scope inside another learned belongs to that; its statements are placed by the caller."""
    s.setup += inner.setup
    kept = ["methods", "before", "options", "extras"]
    if s.in_class:
        kept += ["sizes", "defaults", "stored"]
    for name in kept:
        setattr(s, name, getattr(inner, name))
