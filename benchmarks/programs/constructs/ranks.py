"""Numbers of axes: vectors where matrices are usual, axes counted from the right, sizes that are tuples, `torch.Size` arithmetic."""

from __future__ import annotations

from programs.sketch import Scope, Tensor, construct


@construct("ranks", 1)
def vectors_joined(s: Scope, x: Tensor) -> Tensor:
    n, out = x.shape[0], s.sketch.other()
    a = s.attribute("obs left", f"nn.Linear({s.size(n)}, {s.size(out)})")
    b = s.attribute("act right", f"nn.Linear({s.size(n)}, {s.size(out)})")
    q = s.attribute("q join", f"nn.Linear(2 * {s.size(out)}, 1)")
    y = s.let(f"torch.cat([{a}({x.text}), {b}({x.text})]{s.rng.choice(('', ', 0', ', -1'))})", (2 * out,))
    return s.let(f"{q}(torch.relu({y.text}))", (1,))


@construct("ranks", 2)
def reduced_then_joined(s: Scope, x: Tensor) -> Tensor:
    n, _wide = x.shape
    out = s.sketch.other()
    fc = s.attribute("fc pre", f"nn.Linear({s.size(n)}, {s.size(out)})")
    head = s.attribute("out post", f"nn.Linear({s.size(2 * out)}, 3)")
    y = s.let(f"{fc}({x.text}.mean(1))", (out,))
    return s.let(f"{head}(torch.cat([{y.text}, {y.text}], 0))", (3,))


@construct("ranks", 3)
def packed_after_broadcast(s: Scope, x: Tensor) -> Tensor:
    n, _steps, wide = x.shape
    s.sketch.use("from torch.nn.utils.rnn import pack_padded_sequence")
    hidden = s.sketch.other()
    scale = s.attribute("scale gain", f"nn.Parameter(torch.ones({s.size(wide)}))")
    rnn = s.attribute("gru rnn", f"nn.GRU({s.size(wide)}, {s.size(hidden)}, batch_first=True)")
    y = s.let(f"{x.text} * {scale}", x.shape)
    b, t = s.sketch.name("batch_n rows"), s.sketch.name("steps_n long")
    s.do(f"{b}, {t} = {y.text}.shape[-3], {y.text}.shape[-2]")
    p = s.sketch.name("packed p")
    rows = s.sketch.right(b, t)
    s.do(f"{p} = pack_padded_sequence({y.text}, torch.full(({rows},), {t}), batch_first=True)")
    return s.let(f"{rnn}({p})[1][-1]", (n, hidden))


@construct("ranks")
def size_plus_tuple(s: Scope, x: Tensor) -> Tensor:
    more = s.rng.choice((2, 4, 5))
    spread = s.sketch.name("spread one_hot_of expand_last")
    way = s.rng.randrange(3)
    last = "dim()" if way else "size().numel() * 0 + x.dim()"
    shape = ("x.size() + (n,)", "(*x.shape, n)", "list(x.shape) + [n]")[way]
    s.sketch.define(
        f"""
        def {spread}(x, n):
            out = torch.zeros({shape})
            out.scatter_(x.{last}, x.long().abs().clamp(max=n - 1).unsqueeze(-1), 1.0)
            return out
        """
    )
    return s.let(f"{spread}({x.text}, {more})", (*x.shape, more))


@construct("ranks", 2, 3, 4)
def shape_arithmetic(s: Scope, x: Tensor) -> Tensor:
    way = s.rng.randrange(5)
    wide = x.shape[-1]
    if way == 0:
        return s.let(f"torch.zeros({x.text}.shape[:-1] + ({s.stored_size(3)},))", (*x.shape[:-1], 3))
    if way == 1:
        return s.let(f"{x.text}.reshape({x.text}.shape[:-2] + (-1,))", (*x.shape[:-2], x.shape[-2] * wide))
    if way == 2:
        head = s.sketch.name("head_dims lead")
        s.do(f"*{head}, last = {x.text}.shape")
        return s.let(f"{x.text}.view(*{head}, last, 1).expand(*{head}, last, 2)", (*x.shape, 2))
    if way == 3:
        return s.let(f"{x.text}.reshape({x.text}.size()[0], -1)", (x.shape[0], _product(x.shape[1:])))
    shape = s.sketch.name("shape_of dims")
    s.do(f"{shape} = list({x.text}.size())\n{shape}[-1] = {shape}[-1] * {shape}.pop(-2)")
    return s.let(f"{x.text}.reshape({shape})", (*x.shape[:-2], x.shape[-2] * wide))


def _product(sizes: tuple[int, ...]) -> int:
    total = 1
    for n in sizes:
        total *= n
    return total


@construct("ranks", 2, 3)
def size_may_be_a_tuple(s: Scope, x: Tensor) -> Tensor:
    name = s.sketch.name("Filter Window Patch")
    h, w = x.shape[-2], x.shape[-1]
    s.sketch.define(
        f"""
        class {name}(nn.Module):
            def __init__(self, size):
                super().__init__()
                self.weight = nn.Parameter(torch.rand(size))

            def forward(self, x):
                h, w = self.weight.shape
                return x[..., :h, :w] * self.weight
        """
    )
    made = s.attribute("window_of patch", f"{name}(({s.sketch.number(h)}, {s.exactly(w)}))")
    return s.let(f"{made}({x.text})", x.shape)


@construct("ranks", 2)
def matrix_turned(s: Scope, x: Tensor) -> Tensor:
    n, wide = x.shape
    fc = s.attribute("fc rows_fc", f"nn.Linear({s.size(n)}, 3)")
    turned = s.rng.choice((f"{x.text}.T", f"{x.text}.t()", f"{x.text}.mT", f"torch.t({x.text})"))
    return s.let(f"{fc}({s.sketch.right(turned, x.text)})", (wide, 3))


@construct("ranks", 2, 3)
def squeezed_length(s: Scope, x: Tensor) -> Tensor:
    """A length that is computed, and squeezed away where it is one."""
    wide = x.shape[-1]
    conv = s.attribute(
        "over patch_conv",
        f"nn.Conv1d({s.size(x.shape[-2])}, 4, {s.sketch.right(str(wide), str(wide - 1) if wide > 1 else '2')})",
    )
    rows = x.text if x.rank == 3 else f"{x.text}.unsqueeze(0)"
    y = s.let(f"{conv}({rows}).squeeze(-1)", (x.shape[0] if x.rank == 3 else 1, 4))
    head = s.attribute("head fin", f"nn.Linear({s.size(4)}, 2)")
    return s.let(f"{head}({y.text})", (y.shape[0], 2))


@construct("ranks")
def last_axes_alone(s: Scope, x: Tensor) -> Tensor:
    """A layer that takes any number of axes, given what the caller has."""
    name = s.sketch.name("Scale Gate Rescale")
    wide = x.shape[-1]
    s.sketch.define(
        f"""
        class {name}(nn.Module):
            def __init__(self, dim):
                super().__init__()
                self.gate = nn.Linear(dim, dim)
                self.norm = nn.LayerNorm(dim)

            def forward(self, x):
                shape = x.shape
                flat = x.reshape(-1, shape[-1])
                return self.norm(flat * torch.sigmoid(self.gate(flat))).{s.rng.choice(("view(shape)", "reshape(*shape)", "view_as(x)"))}
        """
    )
    layer = s.attribute("gate scale", f"{name}({s.size(wide)})")
    return s.let(f"{layer}({x.text})", x.shape)


@construct("ranks", 2, 3)
def rank_is_asked(s: Scope, x: Tensor) -> Tensor:
    wide = x.shape[-1]
    fc = s.attribute("fc ask", f"nn.Linear({s.size(wide)}, 4)")
    test = s.rng.choice(("{}.dim() == 2", "{}.ndim < 3", "len({}.shape) == 2")).format(x.text)
    y = s.let(x.text, x.shape)
    s.do(f"if {test}:\n    {y.text} = {y.text}.unsqueeze(1)")
    rows = x.shape if x.rank == 3 else (x.shape[0], 1, wide)
    y = s.let(f"{fc}({y.text})", (*rows[:-1], 4))
    return s.let(f"{y.text}.transpose(1, 2)", (rows[0], 4, rows[1]))


@construct("ranks", 2, 3, 4, keeps=True)
def flipped(s: Scope, x: Tensor) -> Tensor:
    axis = s.rng.randrange(x.rank)
    right = s.rng.choice(
        (f"{x.text}.flip({axis})", f"torch.flip({x.text}, dims=[{axis}])", f"{x.text}.roll(1, dims={axis})")
    )
    return s.let(s.sketch.right(right, f"{x.text}.flip({x.rank})"), x.shape)


@construct("ranks", 1, 2)
def entry_of_a_scalar_loop(s: Scope, x: Tensor) -> Tensor:
    """Rows of what may be a vector or a matrix are walked over."""
    kept = s.sketch.name("norms row_sums")
    s.do(f"{kept} = []\nfor row in {x.text}:\n    {kept}.append(row.sum())")
    y = s.let(f"torch.stack({kept})", (x.shape[0],))
    fc = s.attribute("fc of_rows", f"nn.Linear({s.size(x.shape[0])}, 2)")
    return s.let(f"{fc}({y.text})", (2,))
