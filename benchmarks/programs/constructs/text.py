"""Options that are strings, also with odd signs in them."""

from __future__ import annotations

from programs.sketch import Scope, Tensor, construct

ODD = (
    "\\t",
    "a b",
    "it's",
    "==",
    "x.dim() == 2",
    "true",
    "None",
    "",
    'say "hi"',
    "\\n",
    "ü",
    "is None",
    "1",
    "-",
    "{}",
    "%s",
)


@construct("text")
def option_with_odd_signs(s: Scope, x: Tensor) -> Tensor:
    wide = x.shape[-1]
    odd, other = s.rng.sample(ODD, 2)
    quoted, second = (f'"""{t}"""' if '"' not in t[-1:] else f"'''{t}'''" for t in (odd, other))
    quoted, second = (q if "\\" not in q else q.replace('"""', '"') for q in (quoted, second))
    given = s.sketch.chance(0.5)
    option = s.option("sep marker separator", quoted if given else second, s.rng.choice((None, second, quoted)))
    own = option.removeprefix("self.")
    n = s.sketch.name("n_cols col_count")
    s.start(f"{n} = {s.size(wide)} * 2 if {own} == {quoted} else {s.exactly(wide)}")
    fc = s.attribute("fc cols_fc", f"nn.Linear({n}, 3)")
    y = s.let(x.text, x.shape)
    s.do(f"if {option} == {quoted}:\n    {y.text} = torch.cat([{y.text}, {y.text}], dim=-1)")
    return s.let(f"{fc}({y.text})", (*x.shape[:-1], 3))


@construct("text")
def compared_in_turn(s: Scope, x: Tensor) -> Tensor:
    wide = x.shape[-1]
    names = s.rng.sample(["sum", "cat", "mean", "a+b", "max pool", "last", "\\t"], 3)
    at = s.rng.randrange(3)
    option = s.option("fusion merge_mode how", f'"{names[at]}"', s.rng.choice((None, f'"{names[0]}"')))
    own = option.removeprefix("self.")
    width = s.sketch.name("fused_dim merged_size")
    a = s.size(wide)
    s.start(
        f"""
        if {own} == "{names[0]}":
            {width} = {a}
        elif {own} == "{names[1]}":
            {width} = {a} * 2
        elif {own} in ("{names[2]}", "other"):
            {width} = {a} * 3
        else:
            raise ValueError({own})
        """
    )
    fc = s.attribute("fc fuse_fc", f"nn.Linear({width}, 4)")
    y = s.let(x.text, x.shape)
    s.do(
        f"""
        if {option} == "{names[1]}":
            {y.text} = torch.cat([{y.text}] * {s.sketch.right("2", "3")}, -1)
        elif {option} == "{names[2]}":
            {y.text} = {y.text}.repeat({"1, " * (x.rank - 1)}3)
        """
    )
    return s.let(f"{fc}({y.text})", (*x.shape[:-1], 4))


@construct("text")
def parts_of_a_string(s: Scope, x: Tensor) -> Tensor:
    """Sizes written in a string."""
    wide = x.shape[-1]
    sizes = [s.sketch.number(wide), s.sketch.other(), s.sketch.other()]
    sep = s.rng.choice((",", "-", "x", " "))
    text = sep.join(map(str, sizes))
    option = s.option("layer_sizes arch_text", repr(text), None)
    own = option.removeprefix("self.")
    dims = s.sketch.name("dims_of parsed")
    s.start(f"{dims} = [int(part) for part in {own}.split({sep!r})]")
    net = s.attribute("net mlp_of", f"nn.Sequential(*[nn.Linear(a, b) for a, b in zip({dims}[:-1], {dims}[1:])])")
    return s.let(f"{net}({x.text})", (*x.shape[:-1], sizes[-1]))


@construct("text")
def layer_by_name(s: Scope, x: Tensor) -> Tensor:
    name = s.rng.choice(("ReLU", "Tanh", "GELU", "Identity"))
    option = s.option("act activation nonlin", repr(name), s.rng.choice((None, "'ReLU'")))
    own = option.removeprefix("self.")
    wide = x.shape[-1]
    net = s.attribute("net act_net", f"nn.Sequential(nn.Linear({s.size(wide)}, {s.size(wide)}), getattr(nn, {own})())")
    return s.let(f"{net}({x.text})", x.shape)


@construct("text")
def method_of_a_string(s: Scope, x: Tensor) -> Tensor:
    wide = x.shape[-1]
    kind = s.rng.choice(("LSTM", "gru", "Linear_wide", "conv-small"))
    option = s.option("kind_name model_type", repr(kind), None)
    own = option.removeprefix("self.")
    test = s.rng.choice(
        (f"{own}.lower() == {kind.lower()!r}", f"{own}.startswith({kind[:3]!r})", f"{kind[-2:]!r} in {own}")
    )
    n = s.sketch.name("n_feats feats")
    s.start(f"{n} = {s.size(wide)} if {test} else {s.sketch.other(wide)}")
    fc = s.attribute("fc named_fc", f"nn.Linear({n}, 3)")
    return s.let(f"{fc}({x.text})", (*x.shape[:-1], 3))
