"""What libraries make of what they are given: collation, children of modules, packed sequences, distributions, empty loops."""

from __future__ import annotations

from programs.sketch import DoesNotFit, Scope, Tensor, construct


@construct("libraries")
def collation_makes_lists(s: Scope, x: Tensor) -> Tensor:
    kind, step = s.sketch.name("Pairs PairSet"), s.sketch.name("as_float unwrap")
    s.sketch.use("from torch.utils.data import DataLoader, Dataset")
    wide, rows = x.shape[-1], s.rng.choice((2, 3))
    s.sketch.define(
        f"""
        class {kind}(Dataset):
            def __len__(self):
                return 6

            def __getitem__(self, i):
                return (torch.zeros({s.sketch.number(wide)}), torch.ones({wide})), torch.tensor(1.0)


        def {step}(x):
            if isinstance(x, list):
                return torch.stack([part.float() for part in x]).sum(0)
            return x.unsqueeze(0).unsqueeze(0)
        """
    )
    y = s.sketch.name("side pairs_of")
    s.do(f"for {y}, _ in DataLoader({kind}(), batch_size={rows}):\n    {y} = {step}({y})")
    return s.let(f"{y}.mean(0) * {x.text}", x.shape)


@construct("libraries")
def children_in_order(s: Scope, x: Tensor) -> Tensor:
    count, wide, step = s.rng.choice((2, 3, 13)), x.shape[-1], s.rng.choice((1, 2))
    name = s.sketch.name("Chain Stack Cascade")
    key = s.rng.choice(('"unit%d" % i', 'f"unit{i}"', '"layer_" + str(i)'))
    walked = s.rng.choice(
        ("for unit in self.children():", "for _, unit in self.named_children():", "for unit in self._modules.values():")
    )
    s.sketch.define(
        f"""
        class {name}(nn.Module):
            def __init__(self, wide, depth={count}):
                super().__init__()
                for i in range(depth):
                    self.add_module({key}, nn.Linear(wide + {step} * i, wide + {s.sketch.right(str(step), str(step + 1))} * (i + 1)))

            def forward(self, x):
                {walked}
                    x = unit(x)
                return x
        """
    )
    layer = s.attribute("chain stack", f"{name}({s.size(wide)})")
    return s.let(f"{layer}({x.text})", (*x.shape[:-1], wide + step * count))


@construct("libraries", 3)
def given_packed(s: Scope, x: Tensor) -> Tensor:
    """A module that is given a packed sequence by its caller."""
    n, steps, wide = x.shape
    s.sketch.use("from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence")
    name, hidden = s.sketch.name("PackedReader Packed"), s.sketch.other()
    s.sketch.define(
        f"""
        class {name}(nn.Module):
            def __init__(self, wide, deep):
                super().__init__()
                self.net = nn.LSTM(wide, deep, batch_first=True)

            def forward(self, x):
                out, state = self.net(x)
                out, lengths = pad_packed_sequence(out, batch_first=True)
                return out
        """
    )
    layer = s.attribute("reader packed_net", f"{name}({s.size(wide)}, {s.size(hidden)})")
    packed = f"pack_padded_sequence({x.text}, [{steps}] * {s.sketch.number(n)}, batch_first=True)"
    return s.let(f"{layer}({packed})", (n, steps, hidden))


@construct("libraries", 1, 2)
def no_passes(s: Scope, x: Tensor) -> Tensor:
    """Loops over slices that have no entries in the first pass."""
    name = s.sketch.name("distances gaps_of")
    s.sketch.define(
        f"""
        def {name}(points):
            total = torch.zeros(1)
            for i, p in enumerate(points):
                for q in points[:i]:
                    total = total + (p - q).abs().sum()
            return total
        """
    )
    return s.let(f"{x.text} * {name}({x.text})", x.shape)


@construct("libraries", 1, 2, 3)
def own_distribution(s: Scope, x: Tensor) -> Tensor:
    name = s.sketch.name("Coin Toss")
    s.sketch.define(
        f"""
        class {name}(torch.distributions.Bernoulli):
            def best(self):
                return torch.gt(self.probs, 0.5).float()
        """
    )
    made = f"{name}(probs=torch.sigmoid({x.text}))"
    return s.let(
        s.rng.choice((f"{made}.best()", f"{made}.sample()", f"{made}.log_prob(torch.ones_like({x.text}))")), x.shape
    )


@construct("libraries", 2)
def sampled(s: Scope, x: Tensor) -> Tensor:
    n, wide = x.shape
    s.sketch.use("from torch.distributions import Categorical, Normal")
    if s.sketch.chance(0.5):
        return s.let(f"Normal({x.text}, 1.0).rsample(({s.sketch.number(3)},)).mean(0)", x.shape)
    y = s.let(f"Categorical(logits={x.text}).sample()", (n,), "action choice")
    table = s.attribute("embed lookup", f"nn.Embedding({wide}, {s.size(4)})")
    return s.let(f"{table}({y.text})", (n, 4))


@construct("libraries", 2, 3)
def own_collation(s: Scope, x: Tensor) -> Tensor:
    s.sketch.use("from torch.utils.data import DataLoader")
    s.sketch.use("from torch.nn.utils.rnn import pad_sequence")
    name, wide = s.sketch.name("collate pad_batch"), x.shape[-1]
    s.sketch.define(
        f"""
        def {name}(batch):
            lengths = torch.tensor([len(one) for one in batch])
            return pad_sequence(batch, batch_first=True), lengths
        """
    )
    a, b = s.sketch.name("padded seqs"), s.sketch.name("lengths lens")
    data = f"[torch.ones(k, {s.sketch.number(wide)}) for k in (2, 4, 3, 4)]"
    s.do(
        f"for {a}, {b} in DataLoader({data}, batch_size=2, collate_fn={name}):\n    {a} = {a}.sum(1) / {b}.unsqueeze(1)"
    )
    return s.let(f"{x.text} + {a}.mean(0)", x.shape)


@construct("libraries")
def named_layers(s: Scope, x: Tensor) -> Tensor:
    """`nn.Sequential` of an ordered dict, `nn.ModuleDict` by name, `getattr` by a computed name."""
    wide, out = x.shape[-1], s.sketch.other()
    a, b = s.size(wide), s.size(out)
    way = s.rng.randrange(3)
    if way == 0:
        s.sketch.use("from collections import OrderedDict")
        net = s.attribute(
            "net seq",
            f"nn.Sequential(OrderedDict([('fc1', nn.Linear({a}, {b})), ('act', nn.ReLU()), ('fc2', nn.Linear({b}, 3))]))",
        )
        return s.let(f"{net}({x.text})", (*x.shape[:-1], 3))
    if way == 1:
        net = s.attribute("heads by_name", f"nn.ModuleDict({{'a': nn.Linear({a}, {b}), 'b': nn.Linear({a}, 3)}})")
        key = s.rng.choice(("a", "b"))
        return s.let(f"{net}[{key!r}]({x.text})", (*x.shape[:-1], out if key == "a" else 3))
    if not s.in_class:
        raise DoesNotFit
    stem = s.sketch.name("level stage_")
    s.start(f"for i in range(3):\n    setattr(self, f'{stem}{{i}}', nn.Linear({a} + i, {a} + i + 1))")
    y = s.let(x.text, x.shape)
    s.do(f"for i in range(3):\n    {y.text} = getattr(self, f'{stem}{{i}}')({y.text})")
    return Tensor(y.text, (*x.shape[:-1], wide + 3))
