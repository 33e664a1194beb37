"""More alternatives, flags and combinations than an analyser keeps apart."""

from __future__ import annotations

from programs.sketch import DoesNotFit, Scope, Tensor, construct


@construct("limits")
def many_alternatives(s: Scope, x: Tensor) -> Tensor:
    """Two values of four alternatives each; the combination that comes to pass fits."""
    s.sketch.use("import os")
    k, a, b = s.sketch.name("kind mode case"), s.sketch.name("left_part a_part"), s.sketch.name("right_part b_part")
    sizes = s.rng.sample((2, 3, 5, 7, 11, 13), 4)
    other = s.rng.sample((17, 19, 23, 29), 4)
    at = s.rng.randrange(4)
    other[at] = sizes[at]
    env = f"KIND{s.sketch.points}"
    s.do(f'{k} = int(os.environ.get("{env}", "{at}"))')
    for name, given in ((a, sizes), (b, other)):
        for i, n in enumerate(given):
            test = f"if {k} == {i}:" if i == 0 else f"elif {k} == {i}:" if i < 3 else "else:"
            s.do(f"{test}\n    {name} = torch.zeros({n})")
    y = s.let(f"{a} + {b}", (sizes[at],), "total_of both_parts")
    return s.let(f"{x.text} + {y.text}.sum()", x.shape)


@construct("limits", keeps=True)
def many_flags(s: Scope, x: Tensor) -> Tensor:
    """Six flags, each of which changes the width and adapts what comes after it."""
    if not s.in_class:
        raise DoesNotFit
    y = s.let(x.text, x.shape)
    wide = x.shape[-1]
    for _ in range(6):
        flag = s.option(
            "use_a use_b wider deeper extra_bias twice", str(s.sketch.chance(0.5)), s.rng.choice(("True", "False"))
        )
        s.do(f"if {flag}:\n    {y.text} = torch.cat([{y.text}, {y.text}], -1)[..., :{wide}]")
    return Tensor(y.text, x.shape)


@construct("limits")
def flags_that_set_the_width(s: Scope, x: Tensor) -> Tensor:
    if not s.in_class:
        raise DoesNotFit
    wide = x.shape[-1]
    total = s.sketch.name("total width_all n_cat")
    s.start(f"{total} = {s.size(wide)}")
    y = s.let(x.text, x.shape)
    now = wide
    for i in range(5):
        on = s.sketch.chance(0.5)
        flag = s.option("with_pos with_time with_user with_item with_tag", str(on), s.rng.choice(("True", "False")))
        s.start(f"if {flag}:\n    {total} += {i + 1}")
        last = f"*{y.text}.shape[:-1], {i + 1}"
        s.do(f"if {flag}:\n    {y.text} = torch.cat([{y.text}, torch.ones({last})], -1)")
        now += (i + 1) * on
    fc = s.attribute("fc mix_all", f"nn.Linear({s.sketch.right(total, f'{total} + 1')}, 4)")
    return s.let(f"{fc}({y.text})", (*x.shape[:-1], 4))


@construct("limits")
def chosen_of_many_names(s: Scope, x: Tensor) -> Tensor:
    names = s.rng.sample(["relu", "tanh", "gelu", "small", "base", "large", "xl", "tiny", "wide", "deep"], 6)
    sizes = [s.sketch.other() for _ in names]
    at = s.rng.randrange(6)
    table = s.sketch.name("SIZES WIDTHS PRESETS")
    s.sketch.define(f"{table} = {{{', '.join(f'{n!r}: {k}' for n, k in zip(names, sizes))}}}")
    choice = s.option("preset variant arch", repr(names[at]), repr(names[0]))
    own = choice.removeprefix("self.")
    fc = s.attribute("fc up", f"nn.Linear({s.size(x.shape[-1])}, {table}[{own}])")
    down = s.attribute("down out_fc", f"nn.Linear({s.sketch.right(f'{table}[{own}]', str(sizes[at] + 1))}, 3)")
    return s.let(f"{down}({fc}({x.text}))", (*x.shape[:-1], 3))


@construct("limits")
def nested_loops(s: Scope, x: Tensor) -> Tensor:
    a, b = s.rng.choice((3, 4, 13)), s.rng.choice((2, 3, 14))
    y = s.sketch.name("acc grid_sum rows_of")
    kept = s.sketch.name("cells_of entries")
    s.do(
        f"""
        {kept} = []
        for i in range({a}):
            for j in range({b}):
                {kept}.append({x.text}.sum() * i + j)
        {y} = torch.stack({kept}).view({a}, {s.sketch.number(b)})
        """
    )
    fc = s.attribute("fc grid_fc", f"nn.Linear({s.size(b)}, 2)")
    return s.let(f"{fc}({y})", (a, 2))


@construct("limits", 2, 3, keeps=True)
def deep_calls(s: Scope, x: Tensor) -> Tensor:
    """A function that calls itself."""
    name = s.sketch.name("repeat_down descend")
    s.sketch.define(
        f"def {name}(t, depth):\n    if depth == 0:\n        return t\n    return {name}(torch.tanh(t), depth - 1)"
    )
    return s.let(f"{name}({x.text}, {s.rng.choice((2, 5, 15))})", x.shape)
