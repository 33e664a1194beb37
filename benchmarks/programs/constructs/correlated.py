"""What one branch sets together, and the flag is tested again: on options, on sizes, on data."""

from __future__ import annotations

from programs.sketch import DoesNotFit, Scope, Tensor, construct


@construct("correlated", 3)
def flag_beside_regrouping(s: Scope, x: Tensor) -> Tensor:
    """Steps are cut into pieces if there are too many of them, and put together again."""
    _n, steps, wide = x.shape
    piece = next((p for p in (2, 3, 4, 5) if steps % p == 0 and steps > p), None)
    if piece is None:
        raise DoesNotFit
    limit = s.option("limit max_len", str(s.rng.choice((piece, 40))), "None")
    fc = s.attribute("fc per_step", f"nn.Linear({s.size(wide)}, {s.size(wide)})")
    b, t, c, cut = (s.sketch.name(h) for h in ("B b", "T t", "C c", "cut was_cut chunked"))
    y = s.let(x.text, x.shape, "pieces z")
    merged = s.rng.choice((f"({b}, -1, {c})", f"({b}, {t}, {c})"))
    if s.sketch.chance(0.5):
        s.do(f"{b}, {t}, {c} = {y.text}.shape\n{cut} = False")
        s.do(
            f"if {limit} is not None and {t} > {limit}:\n    {y.text} = {y.text}.reshape(-1, {limit}, {c})\n    {cut} = True"
        )
    else:
        s.do(f"{b}, {t}, {c} = {y.text}.shape\n{cut} = {limit} is not None and {t} > {limit}")
        s.do(f"if {cut}:\n    {y.text} = {y.text}.reshape(-1, {limit}, {c})")
    s.do(f"{y.text} = {fc}({y.text})\nif {cut}:\n    {y.text} = {y.text}.reshape{merged}")
    pos = s.extra("bias_steps offset_of", f"torch.zeros({steps}, 1)") if s.sketch.chance(0.4) else ""
    return s.let(f"{y.text} + {pos}", x.shape) if pos else y


@construct("correlated")
def axis_added_and_removed(s: Scope, x: Tensor) -> Tensor:
    """An axis is added where it is missing, and removed where it was added."""
    if x.rank not in (2, 3):
        raise DoesNotFit
    added = s.sketch.name("added was_single unbatched")
    conv = s.attribute("conv over", f"nn.Conv1d({s.size(x.shape[-2])}, {s.size(4)}, 1)")
    y = s.let(x.text, x.shape)
    way = s.rng.randrange(2)
    if way:
        s.do(f"{added} = {y.text}.dim() == 2\nif {added}:\n    {y.text} = {y.text}.unsqueeze(0)")
    else:
        s.do(f"{added} = False\nif {y.text}.dim() == 2:\n    {y.text} = {y.text}[None]\n    {added} = True")
    s.do(f"{y.text} = {conv}({y.text})\nif {added}:\n    {y.text} = {y.text}.squeeze(0)")
    return Tensor(y.text, (*x.shape[:-2], 4, x.shape[-1]))


@construct("correlated")
def flag_on_data(s: Scope, x: Tensor) -> Tensor:
    wide = x.shape[-1]
    flag, y = s.sketch.name("found any_negative hot"), s.let(x.text, x.shape)
    fc = s.attribute("fc wide_fc", f"nn.Linear({s.size(2 * wide)}, 3)")
    other = s.attribute("fc2 narrow_fc", f"nn.Linear({s.size(wide)}, 3)")
    test = s.rng.choice((f"({y.text} < 0).any()", f"{y.text}.sum().item() > 0", f"bool({y.text}.max() > 1)"))
    if s.sketch.chance(0.5):
        s.do(f"{flag} = {test}\nif {flag}:\n    {y.text} = torch.cat([{y.text}, {y.text}], -1)")
    else:
        s.do(f"{flag} = False\nif {test}:\n    {y.text} = torch.cat([{y.text}, {y.text}], -1)\n    {flag} = True")
    s.do(f"if {flag}:\n    {y.text} = {fc}({y.text})\nelse:\n    {y.text} = {other}({y.text})")
    return Tensor(y.text, (*x.shape[:-1], 3))


@construct("correlated")
def values_set_together(s: Scope, x: Tensor) -> Tensor:
    """A branch sets a size and a layer that belong together."""
    wide = x.shape[-1]
    flag = s.option("bidirectional_mode big double_width", str(s.sketch.chance(0.5)), "False")
    own = flag.removeprefix("self.")
    n = s.sketch.name("out_width feat rep_dim")
    a = s.size(wide)
    name = s.sketch.name("fc body")
    layer = f"self.{name}" if s.in_class else name
    way = s.rng.randrange(2)
    if way:
        s.start(
            f"if {own}:\n    {n} = 8\n    {layer} = nn.Linear({a}, 8)\nelse:\n    {n} = 4\n    {layer} = nn.Linear({a}, 4)"
        )
    else:
        s.start(f"{n} = 8 if {own} else 4\n{layer} = nn.Linear({a}, 4 * (1 + int({own})))")
    head = s.attribute("head tail", f"nn.Linear({s.sketch.right(n, f'{n} + 1')}, 3)")
    return s.let(f"{head}({layer}({x.text}))", (*x.shape[:-1], 3))


@construct("correlated")
def none_where_not_used(s: Scope, x: Tensor) -> Tensor:
    """A layer is None unless its option is given; a test of it is a test of the option."""
    wide = x.shape[-1]
    given = s.sketch.chance(0.5)
    out = s.sketch.other(wide)
    option = s.option("proj_dim adapter_dim bottleneck", str(out) if given else "None", "None")
    own = option.removeprefix("self.")
    layer = s.attribute("adapter extra_proj", f"nn.Linear({s.size(wide)}, {own}) if {own} is not None else None")
    width = s.rng.choice((f"{own} or {wide}", f"{own} if {own} is not None else {wide}"))
    head = s.attribute("head readout", f"nn.Linear({width}, 3)")
    y = s.let(x.text, x.shape)
    test = s.rng.choice((f"{layer} is not None", f"{option} is not None"))
    s.do(f"if {test}:\n    {y.text} = {layer}({y.text})")
    return s.let(f"{head}({y.text})", (*x.shape[:-1], 3))


@construct("correlated", 2)
def rows_that_were_filtered(s: Scope, x: Tensor) -> Tensor:
    """A size test before, and the same after it."""
    n, wide = x.shape
    y = s.let(x.text, x.shape)
    full = s.sketch.name("n_rows before_n")
    to = s.rng.choice((n + 2, max(n - 1, 1)))
    s.do(
        f"""
        {full} = {y.text}.size(0)
        if {full} < {to}:
            {y.text} = torch.cat([{y.text}, torch.zeros({to} - {full}, {s.stored_size(wide)})])
        {y.text} = torch.tanh({y.text})
        if {full} < {to}:
            {y.text} = {y.text}[:{full}]
        """
    )
    return s.let(f"{y.text} + {x.text}", x.shape) if y.text != x.text else Tensor(y.text, x.shape)


@construct("correlated", 3)
def layout_option(s: Scope, x: Tensor) -> Tensor:
    n, steps, wide = x.shape
    first = s.sketch.chance(0.5)
    option = s.option("batch_first_in channels_last swap", str(first), s.rng.choice(("True", "False")))
    rnn = s.attribute("gru rnn", f"nn.GRU({s.size(wide)}, 5)")
    y = s.let(x.text, x.shape)
    s.do(f"if {option}:\n    {y.text} = {y.text}.transpose(0, 1)\n{y.text}, _ = {rnn}({y.text})")
    s.do(f"if {option}:\n    {y.text} = {y.text}.transpose(0, 1)")
    return Tensor(y.text, (n, steps, 5))
