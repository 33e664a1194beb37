"""Loops: counters, doubling, lists of layers whose sizes depend on the pass, few passes and many."""

from __future__ import annotations

from programs.sketch import DoesNotFit, Scope, Tensor, construct


def passes(s: Scope) -> int:
    """How often a loop passes: a few times, or more often than is commonly unrolled."""
    return s.rng.choice((2, 3, 4, 13, 14, 16, 18, 20))


@construct("loops")
def counter_sizes_pieces(s: Scope, x: Tensor) -> Tensor:
    count, start, step = passes(s), s.rng.choice((0, 0, 1, 2)), s.rng.choice((1, 1, 2))
    n, y = s.sketch.name("n count total"), s.sketch.name("joined pieces z")
    head = ", ".join(s.dim(x, i) for i in range(x.rank - 1))
    head = f"{head}, " if head else ""
    total = sum(start + step * (i + 1) for i in range(count))
    s.do(
        f"""
        {n} = {start}
        {y} = {x.text}
        for _ in range({count}):
            {n} += {step}
            {y} = torch.cat([{y}, torch.zeros({head}{n})], {x.rank - 1})
        """
    )
    wide = x.shape[-1] + total
    fc = s.attribute("fc head", f"nn.Linear({s.size(wide)}, 4)")
    return s.let(f"{fc}({y})", (*x.shape[:-1], 4))


@construct("loops")
def doubled_in_each_pass(s: Scope, x: Tensor) -> Tensor:
    count, start = s.rng.choice((2, 3, 4, 13)), 1
    w = s.sketch.name("w gap dilation scale")
    s.do(f"{w} = {start}\nfor _ in range({count}):\n    {w} *= 2")
    made = s.let(f"torch.ones({s.dim(x, 0)}, {w})", (x.shape[0], 2**count), "ones mask filler")
    return s.let(f"{made.text}.view({s.dim(x, 0)}, 2, {s.sketch.number(2 ** (count - 1))}).mean(2)", (x.shape[0], 2))


@construct("loops")
def field_of_dilated_stack(s: Scope, x: Tensor) -> Tensor:
    count = s.rng.choice((2, 3, 5, 13))
    a, b = s.sketch.name("field receptive"), s.sketch.name("gap dilation")
    s.do(f"{a}, {b} = 1, 1\nfor _ in range({count}):\n    {a} += 2 * {b}\n    {b} *= 2")
    field = 1 + 2 * (2**count - 1)
    fc = s.attribute("fc readout", f"nn.Linear({s.size(field)}, 3)")
    return s.let(f"{fc}(torch.zeros({s.dim(x, 0)}, {a}))", (x.shape[0], 3))


@construct("loops")
def tower(s: Scope, x: Tensor) -> Tensor:
    """A list of layers, each wider by as much, in one of the spellings of lists."""
    count, wide, step = passes(s), x.shape[-1], s.rng.choice((1, 2, 3))
    depth = s.parameter(count, "depth n_layers num_layers") if s.sketch.chance(0.6) else str(count)
    start, more = s.size(wide), s.sketch.right(f"{step}", f"{step + 1}")
    layer = f"nn.Linear({start} + {step} * i, {start} + {more} * (i + 1))"
    way = s.rng.randrange(5)
    if way == 0:
        layers = s.attribute("layers blocks", f"nn.ModuleList([{layer} for i in range({depth})])")
    elif way == 1:
        layers = s.attribute("net tower", f"nn.Sequential(*[{layer} for i in range({depth})])")
    elif way == 2:
        layers = s.attribute("layers blocks", "nn.ModuleList()")
        s.start(f"for i in range({depth}):\n    {layers}.append({layer})")
    elif way == 3:
        width = s.sketch.name("current prev w_in")
        layers = s.sketch.name("layers stack modules")
        s.start(
            f"""
            {layers} = []
            {width} = {start}
            for i in range({depth}):
                {layers}.append(nn.Linear({width}, {width} + {more}))
                {width} += {step}
            """
        )
        layers = s.attribute("net tower", f"nn.Sequential(*{layers})")
    else:
        layers = s.attribute("layers blocks", f"nn.ModuleList({layer} for i in range({depth}))")
    shape = (*x.shape[:-1], wide + step * count)
    if way in (1, 3) and s.sketch.chance(0.7):
        return s.let(f"{layers}({x.text})", shape)
    y = s.let(x.text, x.shape)
    s.do(
        f"for layer in {layers}:\n    {y.text} = {s.rng.choice(('layer({})', 'torch.relu(layer({}))')).format(y.text)}"
    )
    return Tensor(y.text, shape)


@construct("loops")
def first_layer_differs(s: Scope, x: Tensor) -> Tensor:
    count, wide, deep = passes(s), x.shape[-1], s.sketch.other(x.shape[-1])
    a, b = s.size(wide), s.size(deep)
    way = s.rng.randrange(3)
    if way == 0:
        text = f"nn.ModuleList([nn.Linear({a}, {b})] + [nn.Linear({b}, {b}) for _ in range({count - 1})])"
    elif way == 1:
        text = f"nn.ModuleList([nn.Linear({a} if i == 0 else {b}, {b}) for i in range({count})])"
    else:
        sizes = s.sketch.name("sizes dims")
        s.start(f"{sizes} = [{a}] + [{b}] * {count}")
        text = f"nn.ModuleList([nn.Linear(m, n) for m, n in zip({sizes}[:-1], {sizes}[1:])])"
    layers = s.attribute("layers cells", text)
    y = s.let(x.text, x.shape)
    s.do(f"for i, layer in enumerate({layers}):\n    {y.text} = layer({y.text})")
    return Tensor(y.text, (*x.shape[:-1], deep))


@construct("loops")
def dense_connections(s: Scope, x: Tensor) -> Tensor:
    count, wide, growth = passes(s), x.shape[-1], s.rng.choice((1, 2, 3))
    start, grow = s.size(wide), s.parameter(growth, "growth growth_rate k") if s.sketch.chance(0.6) else str(growth)
    layers = s.attribute(
        "dense layers", f"nn.ModuleList([nn.Linear({start} + i * {grow}, {grow}) for i in range({count})])"
    )
    way = s.rng.randrange(2)
    if way == 0:
        y = s.let(x.text, x.shape)
        s.do(f"for layer in {layers}:\n    {y.text} = torch.cat([{y.text}, layer({y.text})], dim=-1)")
        return Tensor(y.text, (*x.shape[:-1], wide + growth * count))
    kept = s.sketch.name("features kept outputs")
    s.do(f"{kept} = [{x.text}]\nfor layer in {layers}:\n    {kept}.append(layer(torch.cat({kept}, dim=-1)))")
    return s.let(f"torch.cat({kept}, dim=-1)", (*x.shape[:-1], wide + growth * count))


@construct("loops", 3)
def dilated_convolutions(s: Scope, x: Tensor) -> Tensor:
    n, wide, steps = x.shape
    count, out = s.rng.choice((2, 3, 4)), s.sketch.other(wide)
    a, b = s.size(wide), s.size(out)
    layers = s.attribute(
        "convs tcn",
        f"nn.ModuleList([nn.Conv1d({a} if i == 0 else {b}, {b}, 3, padding=2 ** i, dilation=2 ** i) for i in range({count})])",
    )
    y = s.let(x.text, x.shape)
    s.do(f"for conv in {layers}:\n    {y.text} = torch.relu(conv({y.text}))")
    return Tensor(y.text, (n, out, steps))


@construct("loops", 3)
def shrinking_convolutions(s: Scope, x: Tensor) -> Tensor:
    n, wide, steps = x.shape
    count = s.rng.choice((2, 3, 4, 13))
    long = steps + 2 * count
    grown = s.let(f"torch.cat([{x.text}, torch.zeros({s.dim(x, 0)}, {s.dim(x, 1)}, {2 * count})], 2)", (n, wide, long))
    conv = s.attribute("conv shared", f"nn.Conv1d({s.size(wide)}, {s.size(wide)}, 3)")
    s.do(f"for _ in range({count}):\n    {grown.text} = {conv}({grown.text})")
    fc = s.attribute("fc head", f"nn.Linear({s.size(steps)}, 3)")
    return s.let(f"{fc}({grown.text})", (n, wide, 3))


@construct("loops", keeps=True)
def same_layer_many_times(s: Scope, x: Tensor) -> Tensor:
    wide = x.shape[-1]
    layer = s.attribute("layer update", f"nn.Linear({s.size(wide)}, {s.size(wide)})")
    y = s.let(x.text, x.shape)
    s.do(f"for step in range({passes(s)}):\n    {y.text} = {y.text} + torch.tanh({layer}({y.text}))")
    return Tensor(y.text, x.shape)


@construct("loops")
def halved_while_wide(s: Scope, x: Tensor) -> Tensor:
    wide = x.shape[-1]
    if wide < 4 or wide & (wide - 1):
        raise DoesNotFit
    y = s.let(x.text, x.shape)
    s.do(f"while {y.text}.shape[-1] > 2:\n    {y.text} = {y.text}[..., ::2] + {y.text}[..., 1::2]")
    fc = s.attribute("fc head", f"nn.Linear({s.size(2)}, 3)")
    return s.let(f"{fc}({y.text})", (*x.shape[:-1], 3))


@construct("loops", 2)
def outputs_collected(s: Scope, x: Tensor) -> Tensor:
    n, wide = x.shape
    count, out = passes(s), s.sketch.other()
    heads = s.attribute(
        "heads experts", f"nn.ModuleList([nn.Linear({s.size(wide)}, {s.size(out)}) for _ in range({count})])"
    )
    kept = s.sketch.name("outs scores votes")
    if s.sketch.chance(0.5):
        s.do(f"{kept} = [head({x.text}) for head in {heads}]")
    else:
        s.do(f"{kept} = []\nfor head in {heads}:\n    {kept}.append(head({x.text}))")
    if s.sketch.chance(0.5):
        return s.let(f"torch.stack({kept}, dim=1)", (n, count, out))
    y = s.let(f"torch.cat({kept}, dim=1)", (n, count * out))
    fc = s.attribute("fc merge", f"nn.Linear({s.size(count * out)}, 4)")
    return s.let(f"{fc}({y.text})", (n, 4))


@construct("loops", 4)
def pyramid_of_images(s: Scope, x: Tensor) -> Tensor:
    n, wide, high, across = x.shape
    if min(high, across) < 4:
        raise DoesNotFit
    widths = s.sketch.name("chans widths plan")
    first = s.rng.choice((2, 3, 4))
    s.start(f"{widths} = [{s.size(wide)}] + [{first} * 2 ** i for i in range(2)]")
    layers = s.attribute(
        "stages blocks",
        f"nn.ModuleList([nn.Conv2d({widths}[i], {widths}[i + 1], 3, stride=2, padding=1) for i in range(len({widths}) - 1)])",
    )
    y = s.let(x.text, x.shape)
    s.do(f"for stage in {layers}:\n    {y.text} = torch.relu(stage({y.text}))")
    for _ in range(2):
        high, across = (high + 1) // 2, (across + 1) // 2
    return Tensor(y.text, (n, first * 2, high, across))
