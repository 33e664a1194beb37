"""Layers of torch, called as they come."""

from __future__ import annotations

from programs.sketch import DoesNotFit, Scope, Tensor, construct


@construct("layers")
def linear(s: Scope, x: Tensor) -> Tensor:
    wide, out = x.shape[-1], s.sketch.other()
    fc = s.attribute("fc linear proj dense out_layer", f"nn.Linear({s.size(wide)}, {s.size(out)})")
    return s.let(s.rng.choice((f"{fc}({x.text})", f"torch.relu({fc}({x.text}))")), (*x.shape[:-1], out))


@construct("layers", keeps=True)
def feed_forward(s: Scope, x: Tensor) -> Tensor:
    wide, inner = x.shape[-1], s.sketch.other()
    a, b = s.size(wide), s.size(inner)
    net = s.attribute(
        "ff mlp net", f"nn.Sequential(nn.Linear({a}, {b}), nn.ReLU(), nn.Dropout(0.1), nn.Linear({b}, {s.size(wide)}))"
    )
    return s.let(s.rng.choice((f"{net}({x.text})", f"{x.text} + {net}({x.text})")), x.shape)


@construct("layers", 2, 3, 4, keeps=True)
def layer_norm(s: Scope, x: Tensor) -> Tensor:
    if s.sketch.chance(0.3):
        sizes = f"[{s.size(x.shape[-2])}, {s.size(x.shape[-1])}]"
    else:
        sizes = s.size(x.shape[-1])
    norm = s.attribute("norm ln", f"nn.LayerNorm({sizes})")
    return s.let(f"{norm}({x.text})", x.shape)


@construct("layers", 2, 3, keeps=True)
def batch_norm(s: Scope, x: Tensor) -> Tensor:
    if x.shape[0] < 2:
        raise DoesNotFit
    norm = s.attribute("bn norm", f"nn.BatchNorm1d({s.size(x.shape[1])})")
    return s.let(f"{norm}({x.text})", x.shape)


@construct("layers", 3)
def conv1d(s: Scope, x: Tensor) -> Tensor:
    n, wide, steps = x.shape
    out, kernel = s.sketch.other(), s.rng.choice((1, 2, 3))
    if steps < kernel + 1:
        raise DoesNotFit
    pad = s.rng.choice((0, kernel // 2))
    conv = s.attribute("conv", f"nn.Conv1d({s.size(wide)}, {s.size(out)}, kernel_size={kernel}, padding={pad})")
    return s.let(f"{conv}({x.text})", (n, out, steps + 2 * pad - kernel + 1))


@construct("layers", 3)
def conv1d_over_steps(s: Scope, x: Tensor) -> Tensor:
    n, steps, wide = x.shape
    out = s.sketch.other()
    conv = s.attribute("conv cnn", f"nn.Conv1d({s.size(wide)}, {s.size(out)}, 3, padding=1)")
    inner = s.sketch.right(f"{x.text}.transpose(1, 2)", x.text, f"{x.text}.permute(0, 1, 2)")
    y = s.let(f"{conv}({inner})", (n, out, steps))
    return s.let(f"{y.text}.transpose(1, 2)", (n, steps, out))


@construct("layers", 4)
def conv2d(s: Scope, x: Tensor) -> Tensor:
    n, wide, high, across = x.shape
    out, kernel = s.sketch.other(), s.rng.choice((1, 3))
    stride = s.rng.choice((1, 1, 2))
    if min(high, across) < kernel + 1:
        raise DoesNotFit
    conv = s.attribute(
        "conv", f"nn.Conv2d({s.size(wide)}, {s.size(out)}, {kernel}, stride={stride}, padding={kernel // 2})"
    )
    return s.let(f"{conv}({x.text})", (n, out, (high - 1) // stride + 1, (across - 1) // stride + 1))


@construct("layers", 4)
def pooled_and_flat(s: Scope, x: Tensor) -> Tensor:
    n, wide, high, across = x.shape
    if min(high, across) < 4:
        raise DoesNotFit
    pool = s.attribute("pool", "nn.MaxPool2d(2)")
    y = s.let(f"{pool}({x.text})", (n, wide, high // 2, across // 2))
    total = wide * (high // 2) * (across // 2)
    ways = (
        f"{y.text}.view({s.dim(y, 0)}, -1)",
        f"torch.flatten({y.text}, 1)",
        f"{y.text}.flatten(1)",
        f"{y.text}.view(-1, {s.stored_size(total)})",
    )
    return s.let(s.rng.choice(ways), (n, total))


@construct("layers", 4)
def image_head(s: Scope, x: Tensor) -> Tensor:
    n, wide, _high, _across = x.shape
    out = s.sketch.other()
    pool = s.attribute("gap pool", "nn.AdaptiveAvgPool2d(1)")
    fc = s.attribute("fc head", f"nn.Linear({s.size(wide)}, {s.size(out)})")
    flat = s.sketch.right("flatten(1)", "flatten(2)", "squeeze(-1)")
    return s.let(f"{fc}({pool}({x.text}).{flat})", (n, out))


@construct("layers", 3)
def recurrent(s: Scope, x: Tensor) -> Tensor:
    n, steps, wide = x.shape
    hidden, both, layers = s.sketch.other(), s.rng.choice((False, True)), s.rng.choice((1, 2))
    kind = s.rng.choice(("LSTM", "GRU", "RNN"))
    options = ", batch_first=True" + (f", num_layers={layers}" if layers > 1 else "")
    if both:
        options += s.sketch.right(", bidirectional=True", "")
    rnn = s.attribute("rnn lstm gru encoder", f"nn.{kind}({s.size(wide)}, {s.size(hidden)}{options})")
    width = 2 * hidden if both else hidden
    y = Tensor(s.sketch.name("out output seq"), (n, steps, width))
    s.do(f"{y.text}, _ = {rnn}({x.text})")
    if s.sketch.chance(0.6):
        out = s.sketch.other()
        fc = s.attribute("fc head", f"nn.Linear({s.size(hidden)}{' * 2' if both else ''}, {s.size(out)})")
        return s.let(f"{fc}({y.text})", (n, steps, out))
    return y


@construct("layers", 3)
def last_state(s: Scope, x: Tensor) -> Tensor:
    n, _steps, wide = x.shape
    hidden = s.sketch.other()
    rnn = s.attribute("rnn lstm encoder", f"nn.LSTM({s.size(wide)}, {s.size(hidden)}, batch_first=True)")
    state = s.sketch.name("h hn h_n")
    s.do(f"_, ({state}, _) = {rnn}({x.text})")
    ways = (f"{state}[-1]", f"{state}.squeeze(0)", f"{state}[0]")
    y = s.let(s.rng.choice(ways), (n, hidden))
    out = s.sketch.other()
    fc = s.attribute("fc classifier", f"nn.Linear({s.size(hidden)}, {s.size(out)})")
    return s.let(f"{fc}({y.text})", (n, out))


@construct("layers", 3)
def initial_state(s: Scope, x: Tensor) -> Tensor:
    n, steps, wide = x.shape
    hidden, layers = s.sketch.other(), s.rng.choice((1, 2))
    made = s.size(hidden)
    rnn = s.attribute("gru rnn", f"nn.GRU({s.size(wide)}, {made}, {layers}, batch_first=True)")
    rows = s.sketch.right(s.dim(x, 0), s.dim(x, 1))
    state = s.sketch.name("h0 hidden_state state")
    s.do(f"{state} = torch.zeros({s.sketch.number(layers)}, {rows}, {s.stored_size(hidden)})")
    out = s.sketch.name("out output")
    s.do(f"{out}, {state} = {rnn}({x.text}, {state})")
    return Tensor(out, (n, steps, hidden))


@construct("layers", 3)
def packed(s: Scope, x: Tensor) -> Tensor:
    n, steps, wide = x.shape
    s.sketch.use("from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence")
    hidden = s.sketch.other()
    rnn = s.attribute("gru rnn", f"nn.GRU({s.size(wide)}, {s.size(hidden)}, batch_first=True)")
    rows = s.sketch.number(n)
    lengths = s.extra("lengths lens", f"torch.full(({rows},), {steps})")
    p, y = s.sketch.name("packed p"), s.sketch.name("out padded")
    s.do(
        f"""
        {p} = pack_padded_sequence({x.text}, {lengths}, batch_first=True, enforce_sorted=False)
        {p}, _ = {rnn}({p})
        {y}, _ = pad_packed_sequence({p}, batch_first=True)
        """
    )
    return Tensor(y, (n, steps, hidden))


@construct("layers", 2)
def cell_over_steps(s: Scope, x: Tensor) -> Tensor:
    n, wide = x.shape
    hidden, steps = s.sketch.other(), s.rng.choice((2, 3, 4))
    cell = s.attribute("cell", f"nn.GRUCell({s.size(wide)}, {s.size(hidden)})")
    h, kept = s.sketch.name("h hx state"), s.sketch.name("outputs outs steps")
    s.do(
        f"""
        {h} = torch.zeros({s.dim(x, 0)}, {s.stored_size(hidden)})
        {kept} = []
        for _ in range({steps}):
            {h} = {cell}({x.text}, {h})
            {kept}.append({h})
        """
    )
    return s.let(f"torch.stack({kept}, dim=1)", (n, steps, hidden))


@construct("layers", 3)
def self_attention(s: Scope, x: Tensor) -> Tensor:
    _n, _steps, wide = x.shape
    heads = next((h for h in (2, 3, 4) if wide % h == 0), None)
    if heads is None:
        raise DoesNotFit
    attn = s.attribute("attn self_attn", f"nn.MultiheadAttention({s.size(wide)}, {heads}, batch_first=True)")
    y = s.sketch.name("a attended out")
    s.do(f"{y}, weights = {attn}({x.text}, {x.text}, {x.text})")
    return s.let(f"{x.text} + {y}", x.shape)


@construct("layers", 3)
def own_attention(s: Scope, x: Tensor) -> Tensor:
    _n, _steps, wide = x.shape
    heads = next((h for h in (2, 3, 4) if wide % h == 0), None)
    if heads is None:
        raise DoesNotFit
    made = s.size(wide)
    qkv = s.attribute("qkv to_qkv", f"nn.Linear({made}, 3 * {made})")
    count = s.option("heads num_heads", str(heads), str(heads))
    b, t, c, q = (s.sketch.name(n) for n in ("b B", "t T", "c C", "q"))
    swap = s.sketch.right("transpose(-2, -1)", "transpose(1, 2)", "contiguous()")
    s.do(
        f"""
        {b}, {t}, {c} = {x.text}.shape
        {q}, k, v = {qkv}({x.text}).chunk({s.sketch.right("3", "2")}, dim=-1)
        {q} = {q}.view({b}, {t}, {count}, {c} // {count}).transpose(1, 2)
        k = k.view({b}, {t}, {count}, {c} // {count}).transpose(1, 2)
        v = v.view({b}, {t}, {count}, {c} // {count}).transpose(1, 2)
        scores = {q} @ k.{swap} / {wide // heads} ** 0.5
        """
    )
    merged = s.rng.choice((f".reshape({b}, {t}, {c})", ".flatten(2)", f".contiguous().view({b}, {t}, -1)"))
    return s.let(f"(torch.softmax(scores, dim=-1) @ v).transpose(1, 2){merged}", x.shape)


@construct("layers", 3, keeps=True)
def encoder_layer(s: Scope, x: Tensor) -> Tensor:
    wide = x.shape[-1]
    heads = 2 if wide % 2 == 0 else 1
    layer = s.attribute(
        "layer block encoder",
        f"nn.TransformerEncoderLayer({s.size(wide)}, {heads}, dim_feedforward=16, batch_first=True)",
    )
    return s.let(f"{layer}({x.text})", x.shape)


@construct("layers", 1, 2)
def embedded(s: Scope, x: Tensor) -> Tensor:
    wide = s.sketch.other()
    table = s.attribute("embed embedding emb", f"nn.Embedding(10, {s.size(wide)})")
    ids = s.let(f"({x.text}.abs() * 3).long().clamp(max=9)", x.shape, "ids tokens")
    return s.let(f"{table}({ids.text})", (*x.shape, wide))


@construct("layers", 3, keeps=True)
def positions(s: Scope, x: Tensor) -> Tensor:
    _n, steps, wide = x.shape
    most = s.rng.choice((steps, 20))
    shape = f"{s.size(most)}, {s.size(wide)}"
    s.start(f"{'self.' if s.in_class else ''}pos{s.sketch.points} = nn.Parameter(torch.zeros(1, {shape}))")
    name = f"{'self.' if s.in_class else ''}pos{s.sketch.points}"
    cut = s.sketch.right(f"[:, :{s.dim(x, 1)}]", f"[:{s.dim(x, 1)}]", "[:, :1, 1:]")
    return s.let(f"{x.text} + {name}{cut}", x.shape)
