"""Options in mappings: defaults, keywords, and mappings whose content the text does not tell."""

from __future__ import annotations

import json

from programs.sketch import Scope, Tensor, construct


def _maker(s: Scope, default: int, out: int) -> tuple[str, str]:
    """A function that makes a layer from keywords, and the name of its keyword."""
    name, key = s.sketch.name("make_head build_head head_of"), s.sketch.name("width n_in size_in")
    s.sketch.define(f"def {name}({key}={default}):\n    return nn.Linear({key}, {out})")
    return name, key


def _unknown(s: Scope, key: str, n: int) -> str:
    """A mapping that is read from a file."""
    s.sketch.use("import json")
    path = s.sketch.file(f"{key}.json", json.dumps({key: n}))
    return s.rng.choice((f"json.load(open({path!r}))", f"json.loads(open({path!r}).read())"))


def _called(s: Scope, x: Tensor, made: str, out: int) -> Tensor:
    fc = s.attribute("fc head", made)
    return s.let(f"{fc}({x.text})", (*x.shape[:-1], out))


@construct("mappings", untold=True)
def unknown_over_defaults(s: Scope, x: Tensor) -> Tensor:
    n, out = x.shape[-1], s.sketch.other()
    wrong = s.sketch.other(n)
    make, key = _maker(s, wrong, out)
    unknown = _unknown(s, key, n)
    options = s.sketch.name("options kwargs opts")
    way = s.rng.randrange(5)
    if way == 0:
        s.start(f"{options} = {{{key!r}: {wrong}}}\n{options}.update({unknown})")
        made = f"{make}(**{options})"
    elif way == 1:
        made = f"{make}(**{{{key!r}: {wrong}, **{unknown}}})"
    elif way == 2:
        s.sketch.use("import functools")
        s.start(f"{options} = functools.partial({make}, **{unknown})")
        made = f"{options}()"
    elif way == 3:
        s.start(f"{options} = dict({key}={wrong}) | {unknown}")
        made = f"{make}(**{options})"
    else:
        made = f"{make}(**{unknown})"
    return _called(s, x, made, out)


@construct("mappings", untold=True)
def record_of_unknown_options(s: Scope, x: Tensor) -> Tensor:
    n, out = x.shape[-1], s.sketch.other()
    kind, key = s.sketch.name("Settings Plan Spec"), s.sketch.name("width n_in size_in")
    s.sketch.use("from dataclasses import dataclass")
    default = s.rng.choice(("None", str(s.sketch.other(n))))
    s.sketch.define(f"@dataclass\nclass {kind}:\n    {key}: int = {default}\n    rate: float = 0.1")
    held = s.sketch.name("plan spec conf")
    s.start(f"{held} = {kind}(**{_unknown(s, key, n)})")
    return _called(s, x, f"nn.Linear({held}.{key}, {out})", out)


@construct("mappings", untold=True)
def looked_up_with_default(s: Scope, x: Tensor) -> Tensor:
    n, out = x.shape[-1], s.sketch.other()
    key = s.sketch.name("width n_in size_in")
    held = s.sketch.name("raw cfg_file loaded")
    s.start(f"{held} = {_unknown(s, key, n)}")
    return _called(s, x, f"nn.Linear({held}.get({key!r}, {s.sketch.other(n)}), {out})", out)


@construct("mappings", untold=True)
def loader_of_unknown_size(s: Scope, x: Tensor) -> Tensor:
    s.sketch.use("from torch.utils.data import DataLoader, TensorDataset")
    key = s.sketch.name("rows_per_batch bs")
    held = s.sketch.name("plan_of raw_plan")
    n, width = x.shape[0], s.sketch.other()
    s.start(f"{held} = {_unknown(s, key, n)}")
    more = s.sketch.name("extra side more")
    batches = f"DataLoader(TensorDataset(torch.zeros({2 * n}, {width})), batch_size={held}[{key!r}])"
    s.start(f"self.{more} = {batches}" if s.in_class else f"{more} = {batches}")
    own = f"self.{more}" if s.in_class else more
    y = s.sketch.name("first one_batch")
    s.do(f"for ({y},) in {own}:\n    break")
    flat = x.text if x.rank == 1 else f"{x.text}.flatten(1).sum(1)"
    return s.let(f"{y} * {flat}.unsqueeze(1)", (n, width))


@construct("mappings")
def merged_mappings(s: Scope, x: Tensor) -> Tensor:
    n, out = x.shape[-1], s.sketch.other()
    wrong = s.sketch.other(n)
    make, key = _maker(s, wrong, out)
    n = s.sketch.number(n)
    a, b = s.sketch.name("base common"), s.sketch.name("special override")
    s.start(f"{a} = {{{key!r}: {wrong}}}\n{b} = {{{key!r}: {n}}}")
    way = s.rng.choice((f"{{**{a}, **{b}}}", f"dict({a}, **{b})", f"({a} | {b})"))
    return _called(s, x, f"{make}(**{way})", out)


@construct("mappings")
def keywords_passed_on(s: Scope, x: Tensor) -> Tensor:
    n, out = x.shape[-1], s.sketch.other()
    kind, key = s.sketch.name("Wide Dense Readout"), s.sketch.name("width n_in size_in")
    s.sketch.define(
        f"""
        class {kind}(nn.Linear):
            def __init__(self, {key}, **kwargs):
                kwargs.setdefault("out_features", {s.sketch.other(out)})
                super().__init__({key}, **kwargs)
        """
    )
    return _called(s, x, f"{kind}({s.size(n)}, out_features={out})", out)


@construct("mappings")
def arguments_as_keywords(s: Scope, x: Tensor) -> Tensor:
    n, out = x.shape[-1], s.sketch.other()
    make, key = _maker(s, s.sketch.other(n), out)
    s.sketch.use("from argparse import Namespace")
    return _called(s, x, f"{make}(**vars(Namespace({key}={s.sketch.number(n)})))", out)


@construct("mappings", untold=True)
def parsed_as_keywords(s: Scope, x: Tensor) -> Tensor:
    """Arguments of a command line that is given elsewhere."""
    n, out = x.shape[-1], s.sketch.other()
    make, key = _maker(s, s.sketch.other(n), out)
    s.sketch.use("import argparse")
    path = s.sketch.file(f"{key}.args", f"--{key} {n}")
    held = s.sketch.name("cli args_of known")
    s.sketch.define(
        f"""
        {held} = argparse.ArgumentParser()
        {held}.add_argument("--{key}", type=int, default={s.sketch.other(n)})
        {held} = {held}.parse_args(open({path!r}).read().split())
        """
    )
    return _called(s, x, f"{make}(**vars({held}))", out)
