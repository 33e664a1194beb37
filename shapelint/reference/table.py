"""`shapelint lstm`: the shapes inside a recurrent layer for given sizes, gate by gate, and what they mean.

Everything printed is arithmetic; where torch is installed, the reference layer and that of `torch.nn` are run as well
and held against it. Torch is loaded only then.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shapelint.reference.explanations import counted, explain, next_linear
from shapelint.reference.sizes import GATE_COUNTS, Dims, Sizes
from shapelint.shapes.dim import Dim
from shapelint.shapes.printing import format_dim, format_dims

if TYPE_CHECKING:
    from shapelint.reference.agreement import Agreement

WIDTH = 96
MOST_ROWS = 12
"""Longer lists of rows of h_n are shortened in the middle; JSON always has all."""

OUTSIDE = {
    "input": "features of each step",
    "h_0": "zeros unless you give it",
    "c_0": "zeros unless you give it",
    "output": "hidden state of the last layer at every step",
    "h_n": "hidden state of every layer after its last step",
    "c_n": "cell state of every layer after its last step",
}


@dataclass(frozen=True, slots=True)
class TorchUnused:
    """Why torch did not take part."""

    reason: str


def main(argv: list[str]) -> int:
    """Prints the table. Returns 0, 1 where torch disagrees with it, 2 for wrong usage."""
    parser = _parser()
    try:
        options = parser.parse_args(argv)
        if options.source is not None:
            return _from_code(options, parser)
        sizes = _sizes(options, parser)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 2
    said = TorchUnused("--no-torch was given") if options.no_torch else _ask_torch(sizes)
    if options.output_format == "json":
        print(json.dumps(as_json(sizes, said), indent=2))
    else:
        print("\n".join(as_text(sizes, said)))
    return _code(sizes, said)


def _code(sizes: Sizes, said: Agreement | TorchUnused) -> int:
    if not isinstance(said, TorchUnused) and not said.agrees:
        subject = f"shapelint's table, its reference {sizes.class_name} and nn.{sizes.class_name}"
        print(f"error: {subject} do not agree (torch {said.torch_version})", file=sys.stderr)
        return 1
    return 0


def _from_code(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Prints the table of every recurrent layer that a class builds; options that are given win over what the code
    says."""
    from shapelint.reference.from_code import NotFound, layers_of

    path, colon, class_name = options.source.rpartition(":")
    if not colon or not path or not class_name:
        parser.error(f"--from {options.source}: it takes FILE:CLASS, such as model.py:Net")
    try:
        built = layers_of(path, class_name)
    except NotFound as missing:
        parser.error(f"--from {options.source}: {missing}")
    code = 0
    tables: list[dict[str, Any]] = []
    for layer in built:
        sizes = _given(layer.sizes, options, parser)
        assumed = [one for one in layer.assumed if not _is_given(one, options)]
        said = TorchUnused("--no-torch was given") if options.no_torch else _ask_torch(sizes)
        at = layer.location
        if options.output_format == "json":
            place = {"path": at.path, "line": at.line, "column": at.column, "text": layer.text, "world": layer.world}
            tables.append({**place, "assumed": assumed, **as_json(sizes, said)})
        else:
            world = f" (where {layer.world})" if layer.world else ""
            print(f"{at.path}:{at.line}:{at.column}: {layer.text}{world}")
            if assumed:
                print(f"left open by the code, taken as {', '.join(assumed)}")
            print("\n".join(as_text(sizes, said)) + "\n")
        code = max(code, _code(sizes, said))
    if options.output_format == "json":
        print(json.dumps({"version": 1, "layers": tables}, indent=2))
    return code


_OPTION_OF = {"num_layers": "layers", "bidirectional": "bidirectional", "batch_first": "batch_first", "bias": "no_bias"}


def _is_given(assumed: str, options: argparse.Namespace) -> bool:
    """Whether the command line decides what the code leaves open."""
    value = getattr(options, _OPTION_OF[assumed.partition("=")[0]])
    return value is not None and value is not False


def _given(sizes: Sizes, options: argparse.Namespace, parser: argparse.ArgumentParser) -> Sizes:
    """The sizes of a layer in the code with those that the command line gives."""
    from dataclasses import replace

    numbers = {name: getattr(options, name) for name in ("input", "hidden", "batch", "steps", "proj", "head")}
    changes: dict[str, Any] = {name: Dim.of(number) for name, number in numbers.items() if number is not None}
    if "proj" in changes and sizes.kind != "lstm":
        parser.error(_NO_PROJECTION)
    if options.layers is not None:
        changes["layers"] = options.layers
    for name in ("bidirectional", "batch_first"):
        if getattr(options, name):
            changes[name] = True
    if options.no_bias:
        changes["bias"] = False
    return _sound(replace(sizes, **changes), parser)


_NO_PROJECTION = "--proj: only an LSTM has a projection (proj_size)"


def _sound(sizes: Sizes, parser: argparse.ArgumentParser) -> Sizes:
    """The same sizes; wrong usage where torch would not build the layer."""
    proj, hidden = (None if dim is None else dim.value for dim in (sizes.proj, sizes.hidden))
    if proj is not None and hidden is not None and proj >= hidden:
        parser.error(f"--proj: proj_size has to be smaller than hidden_size, but {proj} >= {hidden}")
    return sizes


def as_json(sizes: Sizes, said: Agreement | TorchUnused) -> dict[str, Any]:
    """The table as data. A dim is an integer or, where a size was left open, text such as `2*hidden`."""
    parameters = [parameter for layer, way in sizes.passes() for parameter in sizes.parameters(layer, way)]
    return {
        "version": 1,
        "kind": sizes.kind,
        "construction": sizes.construction,
        "sizes": {
            "input": _plain(sizes.input),
            "hidden": _plain(sizes.hidden),
            "proj": None if sizes.proj is None else _plain(sizes.proj),
            "layers": sizes.layers,
            "directions": len(sizes.directions),
            "batch": _plain(sizes.batch),
            "steps": _plain(sizes.steps),
        },
        "batch_first": sizes.batch_first,
        "bias": sizes.bias,
        "tensors": {name: _plain_all(dims) for name, dims in sizes.outside().items()},
        "inside": [
            {
                "layers": list(group),
                "directions": list(sizes.directions),
                "tensors": [
                    {
                        "name": line.name,
                        "letter": line.letter,
                        "shape": _plain_all(line.dims),
                        "equation": line.equation,
                    }
                    for line in sizes.inside(group[0])
                ],
            }
            for group in sizes.layer_groups
        ],
        "rows": [{"row": row.row, "layer": row.layer, "direction": row.direction} for row in sizes.rows()],
        "parameters": [{"name": p.name, "shape": _plain_all(p.dims), "count": _plain(p.count)} for p in parameters],
        "parameter_count": _plain(sizes.parameter_count),
        "next_linear": {
            "in_features": _plain(sizes.features),
            "out_features": _plain(sizes.top),
            "example": next_linear(sizes),
        },
        "explanations": [{"question": e.question, "answer": list(e.answer)} for e in explain(sizes)],
        "torch": _torch_as_json(said),
    }


def as_text(sizes: Sizes, said: Agreement | TorchUnused) -> Iterator[str]:
    """The table for a terminal, line by line, in plain ASCII."""
    yield sizes.construction
    layers = counted(sizes.layers, "layer")
    ways = "forward and backward" if sizes.bidirectional else "forward only"
    yield f"{layers}, {ways}, {_thousands(sizes.parameter_count)} parameters"
    yield from _section("Into the layer and out of it")
    yield from _columns((name, format_dims(dims), OUTSIDE[name]) for name, dims in sizes.outside().items())
    for group in sizes.layer_groups:
        each = ", in each direction" if sizes.bidirectional else ""
        yield from _section(f"Inside {_span(group)}, at every step t{each}")
        lines = sizes.inside(group[0])
        yield from _columns((line.title, line.letter, format_dims(line.dims), line.equation) for line in lines)
    yield from _section(f"Rows of {'h_n and c_n (and of h_0 and c_0)' if sizes.has_cell else 'h_n (and of h_0)'}")
    yield from _columns(_row_list(sizes))
    twice = ", each once more for the backward direction, named ..._reverse" if sizes.bidirectional else ""
    yield from _section(f"Parameters{twice}")
    yield from _columns(_parameter_list(sizes))
    yield f"  together {_thousands(sizes.parameter_count)} numbers to learn, whatever batch and seq are"
    yield from _section("On top of it")
    yield from _columns([(next_linear(sizes), format_dims(sizes.outside()["output"]) + " -> " + _after(sizes))])
    for item in explain(sizes):
        yield from _section(item.question[0].upper() + item.question[1:])
        for paragraph in item.answer:
            yield from _wrapped(paragraph, "  - ")
    yield from _section("Checked")
    for paragraph in _torch_as_text(sizes, said):
        yield from _wrapped(paragraph, "  ")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="shapelint lstm",
        description="Print the shapes inside an LSTM, GRU or RNN, gate by gate. Sizes that are not given stay symbols.",
    )
    parser.add_argument(
        "--from",
        dest="source",
        metavar="FILE:CLASS",
        help="take the options of the recurrent layers that a class builds; those given beside it win",
    )
    parser.add_argument("--input", type=_size, metavar="N", help="input_size: features of one step of the input")
    parser.add_argument("--hidden", type=_size, metavar="N", help="hidden_size: width of the state")
    parser.add_argument("--layers", type=_size, metavar="N", help="num_layers (default: 1)")
    parser.add_argument("--bidirectional", action="store_true", help="read the steps in both directions")
    parser.add_argument("--batch-first", action="store_true", help="input and output as (batch, seq, features)")
    parser.add_argument("--proj", type=_size, metavar="N", help="proj_size: width of the projected hidden state (LSTM)")
    parser.add_argument("--no-bias", action="store_true", help="leave out both bias vectors")
    parser.add_argument("--batch", type=_size, metavar="N", help="samples in a batch")
    parser.add_argument("--steps", type=_size, metavar="N", help="length of the sequence")
    parser.add_argument("--head", type=_size, metavar="N", help="out_features of a Linear on top (default: as --input)")
    parser.add_argument("--kind", choices=list(GATE_COUNTS), default="lstm", help="which layer (default: lstm)")
    parser.add_argument("--no-torch", action="store_true", help="do not run torch to confirm the table")
    parser.add_argument("--output-format", choices=["text", "json"], default="text", help="default: text")
    return parser


def _size(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"a size is a whole number of 1 or more, not {text!r}")
    return number


def _sizes(options: argparse.Namespace, parser: argparse.ArgumentParser) -> Sizes:
    if options.proj is not None and options.kind != "lstm":
        parser.error(_NO_PROJECTION)

    def dim(name: str, number: int | None) -> Dim:
        return Dim.symbol(name, "parameter") if number is None else Dim.of(number)

    sizes = Sizes(
        kind=options.kind,
        input=dim("input", options.input),
        hidden=dim("hidden", options.hidden),
        batch=dim("batch", options.batch),
        steps=dim("seq", options.steps),
        proj=None if options.proj is None else Dim.of(options.proj),
        layers=options.layers or 1,
        bidirectional=options.bidirectional,
        batch_first=options.batch_first,
        bias=not options.no_bias,
        head=None if options.head is None else Dim.of(options.head),
    )
    return _sound(sizes, parser)


def _ask_torch(sizes: Sizes) -> Agreement | TorchUnused:
    try:
        from shapelint.reference.agreement import check
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "torch":
            raise
        return TorchUnused("it is not installed (pip install 'shapelint[torch]' brings it)")
    except OSError as error:
        return TorchUnused(f"it could not be loaded: {error}")
    return check(sizes)


def _torch_as_json(said: Agreement | TorchUnused) -> dict[str, Any]:
    if isinstance(said, TorchUnused):
        return {"used": False, "reason": said.reason}
    names = [
        name for name in ("input", "hidden", "proj", "batch", "steps", "head") if getattr(said.sizes, name) is not None
    ]
    return {
        "used": True,
        "version": said.torch_version,
        "agrees": said.agrees,
        "sizes": {name: getattr(said.sizes, name).value for name in names} | {"layers": said.sizes.layers},
        "replaced": list(said.replaced),
        "shapes_compared": said.compared,
        "largest_difference": said.largest_difference,
        "disagreements": list(said.disagreements),
    }


def _torch_as_text(sizes: Sizes, said: Agreement | TorchUnused) -> Iterator[str]:
    if isinstance(said, TorchUnused):
        yield f"Torch was not used: {said.reason}. The shapes above are arithmetic."
        return
    name = f"nn.{sizes.class_name}"
    if not said.agrees:
        yield f"Torch {said.torch_version} DISAGREES. This is a fault of shapelint; please report it:"
        yield from said.disagreements[:MOST_ROWS]
        if len(said.disagreements) > MOST_ROWS:
            yield f"and {len(said.disagreements) - MOST_ROWS} more"
        return
    yield (
        f"The table, the reference {sizes.class_name} and {name} of torch {said.torch_version} agree: "
        f"{said.compared} shapes are "
        f"equal, values differ by at most {said.largest_difference:.1g}."
    )
    run = said.sizes
    names = ("input", "hidden", "proj", "batch", "steps", "head")
    open_sizes = [n for n in names if getattr(sizes, n) is not None and getattr(sizes, n).value is None]
    if open_sizes:
        yield "Chosen for the run: " + ", ".join(f"{n} {format_dim(getattr(run, n))}" for n in open_sizes) + "."
    if said.replaced:
        stand_ins = ", ".join(
            f"{n} {run.layers if n == 'layers' else format_dim(getattr(run, n))}" for n in said.replaced
        )
        yield f"Too large to run quickly, so smaller sizes stood in: {stand_ins}."


def _row_list(sizes: Sizes) -> list[tuple[str, str, str]]:
    ends = {"forward": "has read the steps first to last", "backward": "has read the steps last to first"}
    count = sizes.layers * len(sizes.directions)
    table = []
    for item in sizes.rows():
        from_end = f"= h_n[{item.row - count}]"
        table.append((f"h_n[{item.row}] {from_end}", f"layer {item.layer} {item.direction}", ends[item.direction]))
    if len(table) > MOST_ROWS:
        table[MOST_ROWS // 2 : -MOST_ROWS // 2] = [("...", "", "")]
    return table


def _parameter_list(sizes: Sizes) -> Iterator[tuple[str, str, str]]:
    stacked = {"lstm": "rows of i, f, g, o stacked", "gru": "rows of r, z, n stacked", "rnn": "one row for each unit"}
    for group in sizes.layer_groups:
        matrix = format_dims((sizes.hidden, sizes.read(group[0]) + sizes.out))
        joined = {
            "lstm": f"with weight_ih: W_i, W_f, W_g, W_o, each {matrix}",
            "gru": f"with weight_ih: W_r and W_z, each {matrix}; W_in and W_hn stay apart",
            "rnn": f"with weight_ih: W {matrix}",
        }
        notes = {
            "weight_ih": stacked[sizes.kind],
            "weight_hh": joined[sizes.kind],
            "bias_ih": "",
            "bias_hh": "a second bias, which only cuDNN needs" if sizes.kind != "gru" else "",
            "weight_hr": "the projection W_hr",
        }
        for parameter in sizes.parameters(group[0]):
            kind, _, _ = parameter.name.rpartition("_")
            more = f" ... l{group[-1]}" if len(group) > 1 else ""
            yield parameter.name + more, format_dims(parameter.dims), notes[kind]


def _after(sizes: Sizes) -> str:
    return format_dims((*sizes.outside()["output"][:2], sizes.top))


def _span(group: range) -> str:
    return f"layer {group[0]}" if len(group) == 1 else f"each of the layers {group[0]} to {group[-1]}"


def _section(title: str) -> Iterator[str]:
    yield ""
    yield title


def _wrapped(paragraph: str, start: str) -> list[str]:
    # a shape or an index stays on one line
    glued = re.sub(r"[(\[][^()\[\]]{1,30}[)\]]", lambda found: found[0].replace(" ", "\0"), paragraph)
    lines = textwrap.wrap(
        glued,
        WIDTH,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_on_hyphens=False,
        break_long_words=False,
    )
    return [line.replace("\0", " ") for line in lines]


def _columns(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    table = list(rows)
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    for row in table:
        yield ("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()


def _thousands(dim: Dim) -> str:
    return format_dim(dim) if dim.value is None else f"{dim.value:,}"


def _plain(dim: Dim) -> int | str:
    return format_dim(dim) if dim.value is None else dim.value


def _plain_all(dims: Dims) -> list[int | str]:
    return [_plain(dim) for dim in dims]
