"""What is done with tensors themselves: views, slices, joins, products, reductions."""

from __future__ import annotations

from programs.sketch import DoesNotFit, Scope, Tensor, construct


@construct("tensors", 2, 3, 4, keeps=True)
def swapped_and_back(s: Scope, x: Tensor) -> Tensor:
    a, b = s.rng.sample(range(x.rank), 2)
    shape = list(x.shape)
    shape[a], shape[b] = shape[b], shape[a]
    y = s.let(f"{x.text}.transpose({a}, {b - x.rank})", tuple(shape))
    if s.sketch.chance(0.5):
        y = s.let(f"torch.tanh({y.text})", y.shape)
    return s.let(s.sketch.right(f"{y.text}.transpose({a}, {b})", y.text, f"{y.text}.transpose(0, -1)"), x.shape)


@construct("tensors", 3, 4)
def permuted(s: Scope, x: Tensor) -> Tensor:
    order = s.rng.sample(range(x.rank), x.rank)
    axes = ", ".join(map(str, order))
    return s.let(f"{x.text}.permute({axes})", tuple(x.shape[i] for i in order))


@construct("tensors", 2, 3, 4)
def merged_axes(s: Scope, x: Tensor) -> Tensor:
    last = x.shape[-2] * x.shape[-1]
    shape = (*x.shape[:-2], last)
    if x.rank == 2:
        return s.let(s.rng.choice((f"{x.text}.reshape(-1)", f"{x.text}.flatten()")), shape)
    ways = [f"{x.text}.flatten({x.rank - 2})", f"{x.text}.reshape(*{x.text}.shape[:-2], -1)"]
    ways.append(f"{x.text}.reshape({', '.join(s.dim(x, i) for i in range(x.rank - 2))}, {s.stored_size(last)})")
    return s.let(s.rng.choice(ways), shape)


@construct("tensors", 2, 3)
def split_axis(s: Scope, x: Tensor) -> Tensor:
    wide = x.shape[-1]
    parts = next((p for p in s.rng.sample((2, 3, 4, 5), 4) if wide % p == 0 and wide > p), None)
    if parts is None:
        raise DoesNotFit
    kept = ", ".join(s.dim(x, i) for i in range(x.rank - 1))
    way = s.rng.randrange(3)
    if way == 0:
        text = f"{x.text}.reshape({kept}, {s.stored_size(parts)}, {s.stored_size(wide // parts)})"
    elif way == 1:
        text = f"{x.text}.reshape({kept}, {s.stored_size(parts)}, -1)"
    else:
        text = f"{x.text}.unflatten(-1, ({s.stored_size(parts)}, {s.stored_size(wide // parts)}))"
    return s.let(text, (*x.shape[:-1], parts, wide // parts))


@construct("tensors", 2, 3, 4, keeps=True)
def rows_and_back(s: Scope, x: Tensor) -> Tensor:
    wide = x.shape[-1]
    shape = s.sketch.name("shape size")
    fc = s.attribute("fc lin", f"nn.Linear({s.size(wide)}, {s.size(wide)})")
    s.do(f"{shape} = {x.text}.shape")
    flat = s.let(f"{x.text}.reshape(-1, {shape}[-1])", (-1, wide), "flat rows")
    y = s.let(f"{fc}({flat.text})", (-1, wide), "flat rows")
    ways = (f"{y.text}.view({shape})", f"{y.text}.reshape(*{shape})", f"{y.text}.view(*{shape}[:-1], -1)")
    return s.let(s.rng.choice(ways), x.shape)


@construct("tensors")
def joined_with_itself(s: Scope, x: Tensor) -> Tensor:
    axis = s.rng.randrange(x.rank)
    shape = tuple(2 * n if i == axis else n for i, n in enumerate(x.shape))
    other = s.sketch.right(
        x.text, f"{x.text}[..., 1:]" if axis != x.rank - 1 else f"{x.text}[1:]", f"{x.text}.unsqueeze(0)"
    )
    return s.let(f"torch.cat([{x.text}, {other}], dim={s.rng.choice((axis, axis - x.rank))})", shape)


@construct("tensors", 1, 2, 3)
def stacked(s: Scope, x: Tensor) -> Tensor:
    count, axis = s.rng.choice((2, 3)), s.rng.randrange(x.rank + 1)
    parts = s.sketch.name("parts views pieces")
    s.do(f"{parts} = [{x.text} * k for k in range({count})]")
    return s.let(f"torch.stack({parts}, dim={axis})", (*x.shape[:axis], count, *x.shape[axis:]))


@construct("tensors")
def cut(s: Scope, x: Tensor) -> Tensor:
    axis = s.rng.randrange(x.rank)
    n = x.shape[axis]
    if n < 3:
        raise DoesNotFit
    before = ":, " * axis
    way = s.rng.randrange(4)
    if way == 0:
        text, left = f"{x.text}[{before}1:]", n - 1
    elif way == 1:
        text, left = f"{x.text}[{before}::2]", (n + 1) // 2
    elif way == 2:
        text, left = f"{x.text}.narrow({axis}, 0, {s.sketch.right('2', str(n + 1))})", 2
    else:
        text, left = f"{x.text}[{before}:-1]", n - 1
    return s.let(text, (*x.shape[:axis], left, *x.shape[axis + 1 :]))


@construct("tensors", 2, 3, 4)
def one_entry(s: Scope, x: Tensor) -> Tensor:
    axis = s.rng.randrange(x.rank)
    at = s.rng.choice(("0", "-1", s.sketch.right(str(x.shape[axis] - 1), str(x.shape[axis]))))
    text = s.rng.choice((f"{x.text}[{':, ' * axis}{at}]", f"{x.text}.select({axis}, {at})"))
    return s.let(text, (*x.shape[:axis], *x.shape[axis + 1 :]))


@construct("tensors")
def halves(s: Scope, x: Tensor) -> Tensor:
    wide = x.shape[-1]
    if wide % 2 or wide < 4:
        raise DoesNotFit
    a, b = s.sketch.name("a left gate"), s.sketch.name("b right value")
    way = s.rng.choice((f"{x.text}.chunk(2, dim=-1)", f"torch.split({x.text}, {s.sketch.number(wide // 2)}, dim=-1)"))
    s.do(f"{a}, {b} = {way}")
    return s.let(f"torch.sigmoid({a}) * {b}", (*x.shape[:-1], wide // 2))


@construct("tensors", 2, 3, 4)
def reduced(s: Scope, x: Tensor) -> Tensor:
    axis, keep = s.rng.randrange(x.rank), s.sketch.chance(0.3)
    way = s.rng.choice(("mean", "sum", "amax", "std", "max", "logsumexp"))
    options = f"dim={axis}" + (", keepdim=True" if keep else "")
    text = f"{x.text}.{way}({options})" + ("[0]" if way == "max" else "")
    return s.let(text, (*x.shape[:axis], *((1,) if keep else ()), *x.shape[axis + 1 :]))


@construct("tensors", 2, 3, 4, keeps=True)
def standardised(s: Scope, x: Tensor) -> Tensor:
    axis = s.rng.randrange(x.rank)
    mean = s.let(f"{x.text}.mean({axis}, keepdim=True)", x.shape, "mean mu")
    if axis == 0:
        return s.let(f"{x.text} - {mean.text}", x.shape)
    right = f"{x.text} - {mean.text}"
    return s.let(s.sketch.right(right, f"{x.text} - {x.text}.mean({axis})"), x.shape)


@construct("tensors", 2, 3, keeps=True)
def weighted(s: Scope, x: Tensor) -> Tensor:
    axis = s.rng.randrange(x.rank)
    w = s.attribute("weight scale gamma", f"nn.Parameter(torch.ones({s.size(x.shape[axis])}))")
    tail = x.rank - 1 - axis
    spread = w if not tail else s.rng.choice((f"{w}[:{', None' * tail}]", f"{w}.view(-1{', 1' * tail})"))
    spread = s.sketch.right(
        spread, f"{w}.unsqueeze(0).unsqueeze(-1)" if axis == 0 else f"{w}.unsqueeze(-1).unsqueeze(-1)"
    )
    return s.let(f"{x.text} * {spread}", x.shape)


@construct("tensors", 2, 3)
def product_with_weight(s: Scope, x: Tensor) -> Tensor:
    wide, out = x.shape[-1], s.sketch.other()
    w = s.attribute("weight W kernel", f"nn.Parameter(torch.randn({s.size(wide)}, {s.size(out)}))")
    right = s.rng.choice((f"{x.text} @ {w}", f"torch.matmul({x.text}, {w})"))
    return s.let(s.sketch.right(right, f"{x.text} @ {w}.t()"), (*x.shape[:-1], out))


@construct("tensors", 3)
def pairs_of_steps(s: Scope, x: Tensor) -> Tensor:
    n, steps, _wide = x.shape
    right = s.rng.choice(
        (f"torch.bmm({x.text}, {x.text}.transpose(1, 2))", f"torch.einsum('bid,bjd->bij', {x.text}, {x.text})")
    )
    return s.let(s.sketch.right(right, f"torch.bmm({x.text}, {x.text})"), (n, steps, steps))


@construct("tensors", 2)
def gram(s: Scope, x: Tensor) -> Tensor:
    n, _wide = x.shape
    right = s.rng.choice(
        (f"{x.text} @ {x.text}.t()", f"torch.mm({x.text}, {x.text}.T)", f"torch.cdist({x.text}, {x.text})")
    )
    return s.let(s.sketch.right(right, f"{x.text} @ {x.text}"), (n, n))


@construct("tensors", 3)
def pooled_by_weights(s: Scope, x: Tensor) -> Tensor:
    n, steps, wide = x.shape
    score = s.attribute("score attn_w query", f"nn.Linear({s.size(wide)}, 1)")
    a = s.let(f"torch.softmax({score}({x.text}), dim=1)", (n, steps, 1), "a alpha w")
    swap = s.sketch.right(f"{a.text}.transpose(1, 2)", a.text)
    return s.let(f"torch.bmm({swap}, {x.text}).squeeze(1)", (n, wide))


@construct("tensors", 3, keeps=True)
def masked_steps(s: Scope, x: Tensor) -> Tensor:
    n, steps, _wide = x.shape
    mask = s.extra("mask valid", f"torch.ones({s.sketch.number(n)}, {s.sketch.number(steps)}, dtype=torch.bool)")
    text = s.sketch.right(f"{mask}.unsqueeze(-1)", f"{mask}.unsqueeze(1)")
    return s.let(s.rng.choice((f"{x.text} * {text}", f"{x.text}.masked_fill(~{text}, 0.0)")), x.shape)


@construct("tensors", 3)
def gathered(s: Scope, x: Tensor) -> Tensor:
    n, _steps, wide = x.shape
    at = s.extra("index last idx", f"torch.zeros({s.sketch.number(n)}, dtype=torch.long)")
    way = s.rng.randrange(2)
    if way == 0:
        return s.let(f"{x.text}[torch.arange({s.dim(x, 0)}), {at}]", (n, wide))
    spread = s.sketch.right(
        f"{at}.view(-1, 1, 1).expand(-1, 1, {s.dim(x, 2)})", f"{at}.view(-1, 1).expand(-1, {s.dim(x, 2)})"
    )
    return s.let(f"{x.text}.gather(1, {spread}).squeeze(1)", (n, wide))


@construct("tensors", 2, 3)
def best_few(s: Scope, x: Tensor) -> Tensor:
    wide = x.shape[-1]
    if wide < 3:
        raise DoesNotFit
    values = s.sketch.name("values best top")
    s.do(f"{values}, _ = {x.text}.topk({s.sketch.right('2', str(wide + 1))}, dim=-1)")
    return Tensor(values, (*x.shape[:-1], 2))


@construct("tensors", 2)
def spread_over_steps(s: Scope, x: Tensor) -> Tensor:
    n, wide = x.shape
    steps = s.sketch.other(n, wide)
    made = s.stored_size(steps)
    ways = (f"{x.text}.unsqueeze(1).expand(-1, {made}, -1)", f"{x.text}.unsqueeze(1).repeat(1, {made}, 1)")
    return s.let(s.rng.choice(ways), (n, steps, wide))


@construct("tensors", 2, 3)
def windows(s: Scope, x: Tensor) -> Tensor:
    axis = x.rank - 1
    n = x.shape[axis]
    if n < 4:
        raise DoesNotFit
    return s.let(f"{x.text}.unfold({axis}, {s.sketch.right('3', str(n + 1))}, 1)", (*x.shape[:axis], n - 2, 3))


@construct("tensors", keeps=True)
def noisy(s: Scope, x: Tensor) -> Tensor:
    if s.sketch.chance(0.5):
        return s.let(f"{x.text} + torch.randn_like({x.text})", x.shape)
    sizes = ", ".join(s.dim(x, i) for i in range(x.rank))
    return s.let(f"{x.text} + 0.1 * torch.randn({sizes})", x.shape)


@construct("tensors", 3, 4)
def resized(s: Scope, x: Tensor) -> Tensor:
    s.sketch.use("import torch.nn.functional as F")
    return s.let(f"F.interpolate({x.text}, scale_factor=2)", (*x.shape[:2], *(2 * n for n in x.shape[2:])))


@construct("tensors", 2, 3)
def padded(s: Scope, x: Tensor) -> Tensor:
    s.sketch.use("import torch.nn.functional as F")
    return s.let(f"F.pad({x.text}, (1, 2))", (*x.shape[:-1], x.shape[-1] + 3))
