"""Attributes that other methods set: placeholders in containers, states of an earlier batch, caches."""

from __future__ import annotations

from programs.sketch import DoesNotFit, Scope, Tensor, construct


def _of_class(s: Scope) -> None:
    if not s.in_class:
        raise DoesNotFit


@construct("attributes")
def kept_in_a_container(s: Scope, x: Tensor) -> Tensor:
    _of_class(s)
    name, keep = s.sketch.name("seen kept memory"), s.sketch.name("remember keep_it store")
    way = s.rng.randrange(4)
    first = s.rng.choice(("torch.zeros(1)", "torch.tensor(0)", "torch.zeros(2, 2)"))
    opening, closing = (("[", "]"), ("(", ",)"), ("{'last': ", "}"), ("[", "]"))[way]
    s.start(f"self.{name} = {opening}{first}{closing}")
    s.methods.append(f"def {keep}(self, value):\n    self.{name} = {opening}value{closing}")
    s.do(f"self.{keep}({x.text})")
    if way == 2:
        return s.let(f"self.{name}['last'] * 1", x.shape)
    if way == 3 or s.sketch.chance(0.4):
        y = s.sketch.name("one item_of held")
        s.do(f"for {y} in self.{name}:\n    {y} = {y} + {x.text}")
        return Tensor(y, x.shape)
    return s.let(f"self.{name}[0] + {x.text}", x.shape)


@construct("attributes", 3)
def state_of_a_list(s: Scope, x: Tensor) -> Tensor:
    _of_class(s)
    n, steps, wide = x.shape
    hidden = s.sketch.other()
    made = s.size(hidden)
    name, reset = s.sketch.name("state hidden_pair"), s.sketch.name("reset init_state")
    rnn = s.attribute("lstm rnn", f"nn.LSTM({s.size(wide)}, {made}, batch_first=True)")
    s.start(f"self.{name} = {s.rng.choice(('[torch.zeros(1), torch.zeros(1)]', '(None, None)', 'None', '[]'))}")
    zero = f"torch.zeros(1, batch, {s.stored_size(hidden)})"
    s.methods.append(f"def {reset}(self, batch):\n    self.{name} = [{zero}, {zero}]")
    rows = n
    s.before.append(f"{{model}}.{reset}({s.sketch.number(rows)})")
    out = s.sketch.name("out seq")
    s.do(f"h, c = self.{name}\n{out}, (h, c) = {rnn}({x.text}, (h, c))\nself.{name} = [h.detach(), c.detach()]")
    return Tensor(out, (n, steps, hidden))


@construct("attributes", 3)
def state_or_none(s: Scope, x: Tensor) -> Tensor:
    _of_class(s)
    n, steps, wide = x.shape
    hidden, layers = s.sketch.other(), s.rng.choice((1, 2))
    name = s.sketch.name("hidden_state last_h")
    rnn = s.attribute("gru rnn", f"nn.GRU({s.size(wide)}, {s.size(hidden)}, {layers}, batch_first=True)")
    s.start(f"self.{name} = None")
    out = s.sketch.name("out seq")
    s.do(
        f"""
        if self.{name} is None or self.{name}.size(1) != {s.dim(x, 0)}:
            self.{name} = torch.zeros({s.sketch.number(layers)}, {s.dim(x, 0)}, {s.stored_size(hidden)})
        {out}, state = {rnn}({x.text}, self.{name})
        self.{name} = state.detach()
        """
    )
    return Tensor(out, (n, steps, hidden))


@construct("attributes", 2, 3, 4, keeps=True)
def statistics_set_by_fit(s: Scope, x: Tensor) -> Tensor:
    _of_class(s)
    name, fit = s.sketch.name("mean_ offset centre"), s.sketch.name("fit adapt")
    s.start(
        s.rng.choice(
            (
                f"self.{name} = None",
                f"self.{name} = 0.0",
                f"self.{name} = torch.zeros(1)",
                f"self.register_buffer('{name}', None)",
            )
        )
    )
    s.methods.append(f"def {fit}(self, data):\n    self.{name} = data.mean(0)")
    wide = s.sketch.number(x.shape[-1])
    s.before.append(f"{{model}}.{fit}(torch.randn(20, {', '.join(map(str, [*x.shape[1:-1], wide]))}))")
    return s.let(f"{x.text} - self.{name}", x.shape)


@construct("attributes")
def built_by_another_method(s: Scope, x: Tensor) -> Tensor:
    _of_class(s)
    n, out = x.shape[-1], s.sketch.other()
    name, build = s.sketch.name("fc head"), s.sketch.name("build make_layers setup")
    size = s.size(out)
    s.start(f"self.{build}({s.size(n)}, {size})")
    s.methods.append(f"def {build}(self, n_in, n_out):\n    self.{name} = nn.Linear(n_in, n_out)")
    return s.let(f"self.{name}({x.text})", (*x.shape[:-1], out))


@construct("attributes")
def rows_appended(s: Scope, x: Tensor) -> Tensor:
    _of_class(s)
    if x.rank < 2:
        raise DoesNotFit
    name, add = s.sketch.name("bank queue buffer"), s.sketch.name("push enqueue add_rows")
    wide = x.shape[-1]
    s.start(f"self.{name} = torch.zeros(0, {s.size(wide)})")
    s.methods.append(f"def {add}(self, rows):\n    self.{name} = torch.cat([self.{name}, rows])")
    rows = s.rng.choice((3, 5))
    s.before.append(f"{{model}}.{add}(torch.randn({rows}, {wide}))")
    return s.let(f"{x.text} @ self.{name}.{s.sketch.right('t()', 'unsqueeze(0)')}", (*x.shape[:-1], rows))


@construct("attributes", outside=True)
def size_set_from_outside(s: Scope, x: Tensor) -> Tensor:
    _of_class(s)
    n = x.shape[-1]
    if n < 3:
        raise DoesNotFit
    name = s.sketch.name("limit keep_dims crop")
    s.start(f"self.{name} = {s.rng.choice(('None', str(n - 2)))}")
    s.before.append(f"{{model}}.{name} = {n - 1}")
    y = s.let(f"{x.text}[..., :self.{name}]", (*x.shape[:-1], n - 1))
    w = s.attribute("w_out proj_w", f"nn.Parameter(torch.randn({s.size(n - 1)}, 3))")
    return s.let(f"{y.text} @ {w}", (*x.shape[:-1], 3))
