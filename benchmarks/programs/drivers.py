"""What runs a program: how its data comes, how its model is built, and what is done with the result."""

from __future__ import annotations

import json

from programs.sketch import Construct, Scope, Sketch, Tensor, indented

FROM_FILE = Construct("options_from_a_file", "driver", (), lambda scope, x: x, True, False)


def tensor(sketch: Sketch, name: str, shape: tuple[int, ...]) -> str:
    """Statements that give a name to a tensor of random numbers."""
    sizes = [str(sketch.number(n)) for n in shape]
    listed = ", ".join(sizes)
    way = sketch.rng.randrange(6)
    if way == 0:
        return f"{name} = torch.zeros({listed})"
    if way == 1 and len(shape) > 1:
        return f"{name} = torch.stack([torch.rand({', '.join(sizes[1:])}) for _ in range({sizes[0]})])"
    if way == 2:
        sketch.use("import numpy as np")
        return f"{name} = torch.from_numpy(np.random.rand({listed})).float()"
    if way == 3 and len(shape) > 1:
        first = sketch.name("batch_size n num")
        return f"{first} = {sizes[0]}\n{name} = torch.randn({first}, {', '.join(sizes[1:])})"
    if way == 4:
        return f"{name} = torch.rand(size=({listed},))"
    return f"{name} = torch.randn({listed})"


def use(sketch: Sketch, y: Tensor) -> str:
    """What is done with the result."""
    way = sketch.rng.randrange(6)
    if way == 0 and y.rank:
        sketch.use("import torch.nn.functional as F")
        sizes = ", ".join(str(sketch.number(n)) for n in y.shape)
        target = sketch.rng.choice((f"torch.zeros_like({y.text})", f"torch.zeros({sizes})"))
        return f"loss = F.mse_loss({y.text}, {target})\nprint(loss.item())"
    if way == 1 and y.rank:
        names = [sketch.name("a b n m") for _ in y.shape]
        return f"{', '.join(names)}{',' if y.rank == 1 else ''} = {y.text}.shape\nprint({names[-1]})"
    if way == 2:
        return f"print({y.text}.sum().item())"
    if way == 3 and y.rank == 2 and y.shape[1] > 1:
        sketch.use("import torch.nn.functional as F")
        rows = sketch.number(y.shape[0])
        return f"loss = F.cross_entropy({y.text}, torch.randint(0, {y.shape[1]}, ({rows},)))\nprint(loss.item())"
    return f"print({y.text}.shape)"


def driver(sketch: Sketch, name: str, scope: Scope, shape: tuple[int, ...], result: tuple[int, ...]) -> list[str]:
    """A driver that builds a class and calls it."""
    rng = sketch.rng
    lines: list[str] = []
    model = sketch.name("model net m")
    built = _built(sketch, name, scope, lines)
    lines += sketch.marked(f"{model} = {built}")
    if sketch.chance(0.2):
        lines.append(f"{model}.eval()")
    lines += [line.replace("{model}", model) for line in scope.before]
    extras = _extras(sketch, scope)
    style = rng.randrange(5)
    if style == 0 and len(shape) > 1:
        lines += _loader(sketch, model, shape, result, extras)
    elif style == 1:
        data, out = sketch.name("xb inputs"), sketch.name("y out result")
        lines += sketch.marked(tensor(sketch, data, shape))
        lines += ["with torch.no_grad():", f"    {out} = {model}({', '.join([data, *extras])})"]
        lines += sketch.marked(use(sketch, Tensor(out, result)))
    else:
        data, out = sketch.name("data inputs sample"), sketch.name("y out result")
        lines += sketch.marked(tensor(sketch, data, shape))
        lines.append(f"{out} = {model}({', '.join([data, *extras])})")
        lines += sketch.marked(use(sketch, Tensor(out, result)))
    return _placed(sketch, lines)


def _placed(sketch: Sketch, lines: list[str]) -> list[str]:
    way = sketch.rng.randrange(4)
    if way == 0:
        return lines
    if way == 1:
        return ["def main():", *indented(lines), "", "", 'if __name__ == "__main__":', "    main()"]
    if way == 2:
        name = sketch.name("test_shapes train run")
        return [f"def {name}():", *indented(lines), "", "", f"{name}()"]
    return ['if __name__ == "__main__":', *indented(lines)]


def _extras(sketch: Sketch, scope: Scope) -> list[str]:
    """The further inputs, by position or by name."""
    given = sorted(scope.extras, key=lambda e: e.default is not None)
    by_name = sketch.chance(0.4)
    return [f"{e.name}={e.given}" if by_name or e.default is not None else e.given for e in given]


def _built(sketch: Sketch, name: str, scope: Scope, lines: list[str]) -> str:
    """The call that builds the class, with what must stand before it in `lines`."""
    given = {
        n: repr(v)
        for n, v in scope.sizes.items()
        if n not in scope.defaults or scope.defaults[n] != v or sketch.chance(0.5)
    }
    given |= {n: text for n, (text, d) in scope.options.items() if d is None or d != text}
    order = [n for n in scope.sizes if n not in scope.defaults] + [
        n for n, (_, d) in scope.options.items() if d is None
    ]
    order += [n for n in given if n not in order]
    plain = all(_is_plain(text) for text in given.values())
    way = sketch.rng.randrange(9) if given else 0
    needed = [n for n in order if n not in scope.defaults and scope.options.get(n, ("", None))[1] is None]
    if way == 1:
        config = sketch.name("config cfg CONFIG params")
        lines.append(f"{config} = {{{', '.join(f'{n!r}: {given[n]}' for n in order)}}}")
        return f"{name}(**{config})"
    if way == 2:
        config = sketch.name("config cfg opts")
        lines.append(f"{config} = dict({', '.join(f'{n}={given[n]}' for n in order)})")
        return f"{name}({', '.join(f'{n}={config}[{n!r}]' for n in order)})"
    if way == 3 and plain:
        sketch.use("import argparse")
        lines.append("parser = argparse.ArgumentParser()")
        for n in order:
            kind = "int" if given[n].isdigit() else "str" if given[n][0] in "'\"" else None
            cast = f", type={kind}" if kind else ""
            lines.append(f'parser.add_argument("--{n}"{cast}, default={given[n]})')
        lines.append("args = parser.parse_args()")
        if sketch.chance(0.3):
            return f"{name}(**vars(args))"
        return f"{name}({', '.join(f'{n}=args.{n}' for n in order)})"
    if way == 4 and plain:
        sketch.use("from dataclasses import dataclass")
        kinds = {n: "int" if given[n].isdigit() else "object" for n in order}
        sketch.define("\n".join(["@dataclass", "class Config:", *(f"    {n}: {kinds[n]} = {given[n]}" for n in order)]))
        lines.append("cfg = Config()")
        return f"{name}({', '.join(f'{n}=cfg.{n}' for n in order)})"
    if way == 5 and all(text.isdigit() for text in given.values()) and sketch.chance(0.4):
        sketch.use("import json")
        sketch.constructs.append(FROM_FILE)
        path = sketch.file("config.json", json.dumps({n: int(text) for n, text in given.items()}))
        return f"{name}(**json.load(open({path!r})))"
    texts = [given[n] for n in needed] if sketch.chance(0.5) else [f"{n}={given[n]}" for n in needed]
    return f"{name}({', '.join([*texts, *(f'{n}={given[n]}' for n in order if n not in needed)])})"


def _is_plain(text: str) -> bool:
    return text.isdigit() or text in ("True", "False", "None") or text[0] in "'\""


def _loader(
    sketch: Sketch, model: str, shape: tuple[int, ...], result: tuple[int, ...], extras: list[str]
) -> list[str]:
    """A loop over a loader whose batches have the shape."""
    sketch.use("from torch.utils.data import DataLoader")
    rows, row = shape[0], ", ".join(map(str, shape[1:]))
    total = rows * sketch.rng.choice((1, 2))
    data = sketch.name("dataset data train_set")
    if sketch.chance(0.5):
        sketch.use("from torch.utils.data import TensorDataset")
        made = f"TensorDataset(torch.randn({total}, {row}), torch.zeros({total}))"
    else:
        sketch.use("from torch.utils.data import Dataset")
        kind = sketch.name("Rows Samples Toy")
        sketch.define(
            f"""
            class {kind}(Dataset):
                def __len__(self):
                    return {total}

                def __getitem__(self, index):
                    return torch.randn({row}), torch.tensor(0.0)
            """
        )
        made = f"{kind}()"
    out = sketch.name("y out pred")
    lines = [f"{data} = {made}"]
    loader = f"DataLoader({data}, batch_size={sketch.number(rows)}{sketch.rng.choice((', shuffle=True', ''))})"
    held = sketch.name("xb inputs")
    lines += [f"for {held}, _ in {loader}:", f"    {out} = {model}({', '.join([held, *extras])})"]
    return lines + indented(sketch.marked(use(sketch, Tensor(out, result))))
