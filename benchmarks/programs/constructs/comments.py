"""Comments that state shapes, of a whole statement and of parts of it; small numbers that are equal by chance."""

from __future__ import annotations

from programs.sketch import DoesNotFit, Scope, Tensor, construct


@construct("comments", 3)
def comment_of_an_operand(s: Scope, x: Tensor) -> Tensor:
    _n, _steps, wide = x.shape
    if wide % 2:
        raise DoesNotFit
    b, t, c = s.sketch.name("b B"), s.sketch.name("t T"), s.sketch.name("c C")
    y = s.sketch.name("y z shifted")
    s.do(
        f"""
        {b}, {t}, {c} = {x.text}.shape
        # [{b}, {t}, 2, {c}/2]
        {y} = torch.relu({x.text}.reshape({b}, {t}, 2, {c} // 2).flatten(start_dim=-2))  # [{b}, {t}, {c}]
        """
    )
    return Tensor(y, x.shape)


@construct("comments", 2, 3)
def every_line_is_commented(s: Scope, x: Tensor) -> Tensor:
    names = [s.sketch.name(h) for h in ("n N bsz", "t T seq", "d D feat")][-x.rank :]
    row = ", ".join(names)
    out = s.sketch.other()
    fc = s.attribute("fc lin", f"nn.Linear({s.size(x.shape[-1])}, {s.size(out)})")
    y = s.sketch.name("y z h_of")
    ways = (f"({row})", f"[{row}]", f"shape: ({row})", f"({' x '.join(names)})")
    lead = ", ".join(names[:-1])
    s.do(f"{row} = {x.text}.shape  # {s.rng.choice(ways)}")
    s.do(f"{y} = {fc}({x.text})  # ({lead}, {out})")
    s.do(f"{y} = torch.cat([{y}, {y}], dim=-1)  # ({lead}, 2*{out})")
    return Tensor(y, (*x.shape[:-1], 2 * out))


@construct("comments", 3)
def comment_before_and_after(s: Scope, x: Tensor) -> Tensor:
    n, steps, wide = x.shape
    b, t, c = s.sketch.name("b B"), s.sketch.name("t T"), s.sketch.name("c C")
    y = s.sketch.name("y z turned")
    s.do(
        f"""
        {b}, {t}, {c} = {x.text}.size()
        # ({b}, {t}, {c}) -> ({b}, {c}, {t})
        {y} = {x.text}.transpose(1, 2)
        """
    )
    if s.sketch.chance(0.5):
        s.do(f"{y} = {y}.mean(-1, keepdim=True) + {y}  # {b} x {c} x {t}")
    return Tensor(y, (n, wide, steps))


@construct("comments", 2)
def window_of_as_many_as_samples(s: Scope, x: Tensor) -> Tensor:
    """As many samples as a window is long."""
    n, wide = x.shape
    conv = s.attribute("smooth window_conv", f"nn.Conv1d(1, {n}, kernel_size=3, padding=1)")
    y = s.let(f"{conv}({x.text}.unsqueeze(1))", (n, n, wide))
    return s.let(f"torch.softmax({y.text}, dim={s.rng.choice((1, 2))})", y.shape)


@construct("comments", 2)
def steps_as_many_as_samples(s: Scope, x: Tensor) -> Tensor:
    """As many steps as samples; the last step is taken."""
    n, wide = x.shape
    hidden = s.sketch.other(n)
    rnn = s.attribute("gru over_time", f"nn.GRU({s.size(wide)}, {s.size(hidden)}, batch_first=True)")
    y = s.let(f"{x.text}.unsqueeze(1).repeat(1, {n}, 1)", (n, n, wide), "steps_of seq_in")
    out = s.sketch.name("out seq")
    s.do(f"{out}, _ = {rnn}({y.text})")
    return s.let(f"{out}[:, -1]", (n, hidden))


@construct("comments", 2, 3)
def docstring_of_shapes(s: Scope, x: Tensor) -> Tensor:
    name = s.sketch.name("Pooler Readout Squash")
    names = ("batch", "steps", "dim")[: x.rank - 1]
    row = ", ".join(names)
    s.sketch.define(
        f'''
        class {name}(nn.Module):
            def __init__(self, dim_in, dim_out):
                super().__init__()
                self.fc = nn.Linear(dim_in, dim_out)

            def forward(self, x):
                """
                x: ({row}, dim_in)
                returns: ({row}, dim_out)
                """
                return self.fc(x)
        '''
    )
    out = s.sketch.other()
    layer = s.attribute("pooler readout", f"{name}({s.size(x.shape[-1])}, {s.size(out)})")
    return s.let(f"{layer}({x.text})", (*x.shape[:-1], out))
