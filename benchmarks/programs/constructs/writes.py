"""Attributes and names that are written in ways that are easily overlooked."""

from __future__ import annotations

import json

from programs.sketch import DoesNotFit, Scope, Tensor, construct


def _head(s: Scope, x: Tensor, wide: str, out: int = 3) -> Tensor:
    fc = s.attribute("fc head", f"nn.Linear({wide}, {out})")
    return s.let(f"{fc}({x.text})", (*x.shape[:-1], out))


@construct("writes", untold=True)
def namespace_updated(s: Scope, x: Tensor) -> Tensor:
    if not s.in_class:
        raise DoesNotFit
    n = x.shape[-1]
    name = s.sketch.name("in_size n_features wide")
    given = s.option("options kw settings", f"{{{name!r}: {n}}}", None)
    own = given.removeprefix("self.")
    way = s.rng.choice(
        (
            f"self.__dict__.update({own})",
            f"vars(self).update({own})",
            f"for key, value in {own}.items():\n    setattr(self, key, value)",
            f"for key in {own}:\n    self.__dict__[key] = {own}[key]",
        )
    )
    s.start(f"self.{name} = {s.sketch.other(n)}\n{way}")
    return _head(s, x, f"self.{name}")


@construct("writes", untold=True)
def set_by_name(s: Scope, x: Tensor) -> Tensor:
    n = x.shape[-1]
    kind = s.sketch.name("Settings Hyper Options")
    name = s.sketch.name("wide n_in size_in")
    s.sketch.use("import json")
    path = s.sketch.file(f"{kind.lower()}.json", json.dumps({name: n}))
    way = s.rng.choice(
        (
            "self.__dict__.update(values)",
            "for key, value in values.items():\n                        setattr(self, key, value)",
            "vars(self).update(values)",
        )
    )
    s.sketch.define(
        f"""
            class {kind}:
                {name} = {s.sketch.other(n)}

                def __init__(self, values):
                    {way}
        """
    )
    held = s.sketch.name("hp opts conf")
    s.start(f"{held} = {kind}(json.load(open({path!r})))")
    return _head(s, x, f"{held}.{name}")


@construct("writes", untold=True)
def executed_text(s: Scope, x: Tensor) -> Tensor:
    n = x.shape[-1]
    name = s.sketch.name("WIDE N_IN SIZE")
    path = s.sketch.file(f"{name.lower()}.txt", f"{name} = {n}\n")
    s.sketch.define(f"{name} = {s.sketch.other(n)}\nexec(open({path!r}).read())")
    return _head(s, x, name)


@construct("writes", untold=True)
def globals_updated(s: Scope, x: Tensor) -> Tensor:
    n = x.shape[-1]
    name = s.sketch.name("WIDE N_IN SIZE")
    s.sketch.use("import json")
    path = s.sketch.file(f"{name.lower()}.json", json.dumps({name: n}))
    s.sketch.define(f"{name} = {s.sketch.other(n)}\nglobals().update(json.load(open({path!r})))")
    return _head(s, x, name)


@construct("writes", untold=True)
def filled_by_a_parser(s: Scope, x: Tensor) -> Tensor:
    """`parse_args` writes into an object that it is given."""
    n = x.shape[-1]
    kind, name = s.sketch.name("Flags Plan"), s.sketch.name("wide n_in")
    s.sketch.use("import argparse")
    s.sketch.define(
        f"""
        class {kind}:
            {name} = {s.sketch.other(n)}


        flags = {kind}()
        reader = argparse.ArgumentParser()
        reader.add_argument("--{name}", type=int)
        reader.parse_args("--{name} {n}".split(), namespace=flags)
        """
    )
    return _head(s, x, f"flags.{name}")


@construct("writes")
def class_attribute_replaced(s: Scope, x: Tensor) -> Tensor:
    n = x.shape[-1]
    kind, name = s.sketch.name("Defaults Sizes"), s.sketch.name("wide n_in")
    s.sketch.define(
        f"""
        class {kind}:
            {name} = {s.sketch.other(n)}


        {s.rng.choice((f"{kind}.{name} = {n}", f'setattr({kind}, "{name}", {n})'))}
        """
    )
    return _head(s, x, f"{kind}.{name}")


@construct("writes")
def entry_replaced_through_an_alias(s: Scope, x: Tensor) -> Tensor:
    n = x.shape[-1]
    a, b = s.sketch.name("sizes table"), s.sketch.name("same view_of alias")
    s.start(f"{a} = {{'in': {s.sketch.other(n)}, 'out': 3}}\n{b} = {a}\n{b}['in'] = {n}")
    return _head(s, x, f"{a}['in']")


@construct("writes")
def list_changed_in_place(s: Scope, x: Tensor) -> Tensor:
    n = x.shape[-1]
    a = s.sketch.name("sizes plan dims")
    m = s.sketch.other(n)
    way = s.rng.choice(
        (
            f"{a} = [{m}, {n}]\n{a}.reverse()",
            f"{a} = [{m}]\n{a}.insert(0, {n})",
            f"{a} = [{m}]\n{a}[0] = {n}",
            f"{a} = [{m}, {n}]\n{a}.pop(0)",
            f"{a} = []\n{a} += [{n}, {m}]",
        )
    )
    s.start(way)
    return _head(s, x, f"{a}[0]")


@construct("writes", outside=True)
def layer_replaced(s: Scope, x: Tensor) -> Tensor:
    """A layer of the model is replaced before it is called."""
    if not s.in_class:
        raise DoesNotFit
    n = x.shape[-1]
    fc = s.attribute("fc classifier", f"nn.Linear({n}, {s.sketch.other()})")
    name = fc.removeprefix("self.")
    out = s.sketch.other()
    new = f"nn.Linear({s.rng.choice((f'{{model}}.{name}.in_features', str(n)))}, {s.sketch.number(out)})"
    s.before.append(f"{{model}}.{name} = {new}")
    return s.let(f"{fc}({x.text})", (*x.shape[:-1], out))


@construct("writes")
def weight_replaced(s: Scope, x: Tensor) -> Tensor:
    n, out = x.shape[-1], s.sketch.other()
    fc = s.attribute("fc tied", f"nn.Linear({s.sketch.other(n)}, {s.sketch.other(out)}, bias=False)")
    s.start(f"{fc}.weight = nn.Parameter(torch.randn({s.size(out)}, {s.size(n)}))")
    return s.let(f"{fc}({x.text})", (*x.shape[:-1], out))
