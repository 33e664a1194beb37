"""Branches that nobody takes, and parameters that nobody sets so."""

from __future__ import annotations

from programs.sketch import DoesNotFit, Scope, Tensor, construct


@construct("branches", 3, 4)
def one_of_two_optional_parameters(s: Scope, x: Tensor) -> Tensor:
    name = s.sketch.name("Resize Rescale Upsample")
    s.sketch.use("import torch.nn.functional as F")
    s.sketch.define(
        f"""
        class {name}(nn.Module):
            def __init__(self, size=None, scale_factor=None):
                super().__init__()
                self.size, self.scale_factor = size, scale_factor

            def forward(self, x):
                return F.interpolate(x, size=self.size, scale_factor=self.scale_factor)
        """
    )
    layer = s.attribute("resize up", f"{name}({s.rng.choice(('scale_factor=2', 'size=' + str(2 * x.shape[2])))})")
    out = [2 * n for n in x.shape[2:]]
    if len(out) == 2 and out[0] != out[1]:
        layer_text = s.attribute("resize up", f"{name}(scale_factor=2)")
        return s.let(f"{layer_text}({x.text})", (*x.shape[:2], *out))
    return s.let(f"{layer}({x.text})", (*x.shape[:2], *out))


@construct("branches")
def one_of_two_optional_inputs(s: Scope, x: Tensor) -> Tensor:
    name, wide = s.sketch.name("Fuse Condition Either"), x.shape[-1]
    other = s.sketch.other(wide)
    s.sketch.define(
        f"""
        class {name}(nn.Module):
            def __init__(self, dim, side):
                super().__init__()
                self.fc = nn.Linear(dim, 4)
                self.side = nn.Linear(side, 4)

            def forward(self, x=None, extra=None):
                if x is None:
                    return self.side(extra)
                if extra is None:
                    return self.fc(x)
                return self.fc(x) + self.side(extra)
        """
    )
    layer = s.attribute("fuse cond", f"{name}({s.size(wide)}, {other})")
    return s.let(f"{layer}({x.text})", (*x.shape[:-1], 4))


@construct("branches")
def flag_that_is_always_true(s: Scope, x: Tensor) -> Tensor:
    """The other branch of the flag does not work, and nobody takes it."""
    if not s.in_class:
        raise DoesNotFit
    wide = x.shape[-1]
    flag = s.option("project reduce use_proj", "True", None)
    layer = s.attribute("proj adapt", f"nn.Linear({s.size(wide)}, 4)")
    after = s.attribute("after head", f"nn.Linear({s.size(4)}, 2)")
    y = s.let(x.text, x.shape)
    s.do(f"if {flag}:\n    {y.text} = {layer}({y.text})")
    return s.let(f"{after}({y.text})", (*x.shape[:-1], 2))


@construct("branches", 2)
def branch_for_many_classes(s: Scope, x: Tensor) -> Tensor:
    name = s.sketch.name("boundary predict_labels decide")
    s.sketch.define(
        f"""
        def {name}(scores, labels):
            if len(torch.unique(labels)) > 2:
                return torch.softmax(scores, dim=1).argmax(dim=1)
            return torch.round(torch.sigmoid(scores))
        """
    )
    fc = s.attribute("logit fc", f"nn.Linear({s.size(x.shape[1])}, 1)")
    return s.let(f"{name}({fc}({x.text}), torch.tensor([0, 1, 0, 1]))", (x.shape[0], 1))


@construct("branches")
def class_chosen_by_option(s: Scope, x: Tensor) -> Tensor:
    wide = x.shape[-1]
    a, b = s.sketch.name("Narrow Plain"), s.sketch.name("Wide Doubled")
    s.sketch.define(
        f"""
        class {a}(nn.Module):
            def __init__(self, dim):
                super().__init__()
                self.fc = nn.Linear(dim, 4)

            def forward(self, x):
                return self.fc(x)


        class {b}(nn.Module):
            def __init__(self, dim):
                super().__init__()
                self.fc = nn.Linear(2 * dim, 4)

            def forward(self, x):
                return self.fc(x)
        """
    )
    doubled = s.sketch.chance(0.5)
    kind = s.option("kind task mode_name", repr("double" if doubled else "plain"), None)
    own = kind.removeprefix("self.")
    dim = s.exactly(wide)
    way = s.rng.randrange(2)
    if way:
        made = f"({b} if {own} == 'double' else {a})({dim})"
    else:
        made = f"{{'plain': {a}, 'double': {b}}}[{own}]({dim})"
    layer = s.attribute("chosen body", made)
    test = s.sketch.right("'double'", "'plain'")
    y = s.let(x.text, x.shape)
    s.do(f"if {kind} == {test}:\n    {y.text} = torch.cat([{y.text}, {y.text}], -1)")
    return s.let(f"{layer}({y.text})", (*x.shape[:-1], 4))


@construct("branches")
def asked_for_its_shape(s: Scope, x: Tensor) -> Tensor:
    name = s.sketch.name("describe width_of size_of")
    s.sketch.define(
        f"""
        def {name}(value):
            shape = getattr(value, "shape", None)
            if shape is None:
                return len(value)
            return shape[-1]
        """
    )
    wide = x.shape[-1]
    n = s.sketch.name("found wide_now")
    s.do(f"{n} = {name}({x.text})")
    return s.let(f"{x.text} @ torch.ones({n}, {s.stored_size(3)})", (*x.shape[:-1], 3)) if wide else x


@construct("branches")
def list_or_tensor(s: Scope, x: Tensor) -> Tensor:
    name = s.sketch.name("as_tensor gather_all to_batch")
    test = s.rng.choice(("isinstance(value, (list, tuple))", "not torch.is_tensor(value)", "not hasattr(value, 'dim')"))
    s.sketch.define(f"def {name}(value):\n    if {test}:\n        value = torch.stack(list(value))\n    return value")
    if s.sketch.chance(0.5):
        return s.let(f"{name}([{x.text}, {x.text}])", (2, *x.shape))
    return s.let(f"{name}({x.text})", x.shape)


@construct("branches", 3)
def optional_mask(s: Scope, x: Tensor) -> Tensor:
    n, steps, _wide = x.shape
    given = s.sketch.chance(0.5)
    sizes = f"{s.sketch.number(n)}, 1, {s.sketch.number(steps)}"
    mask = s.extra("attn_mask mask", f"torch.ones({sizes})" if given else "None", "None" if s.in_class else None)
    y = s.let(f"{x.text} @ {x.text}.transpose(1, 2)", (n, steps, steps), "scores energy")
    s.do(f"if {mask} is not None:\n    {y.text} = {y.text}.masked_fill({mask} == 0, -1e9)")
    return s.let(f"torch.softmax({y.text}, -1) @ {x.text}", x.shape)


@construct("branches")
def abstract_method(s: Scope, x: Tensor) -> Tensor:
    wide = x.shape[-1]
    base, kind = s.sketch.name("Base Abstract"), s.sketch.name("Concrete Special")
    s.sketch.define(
        f"""
        class {base}(nn.Module):
            def widths(self):
                raise NotImplementedError

            def forward(self, x):
                n_in, n_out = self.widths()
                return x @ torch.ones(n_in, n_out)


        class {kind}({base}):
            def widths(self):
                return {s.sketch.number(wide)}, 3
        """
    )
    layer = s.attribute("special impl", f"{kind}()")
    return s.let(f"{layer}({x.text})", (*x.shape[:-1], 3))
