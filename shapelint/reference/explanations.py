"""What people ask most about recurrent layers, answered for the sizes at hand. Needs no torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from shapelint.reference.sizes import Sizes
from shapelint.shapes.printing import format_dim, format_dims


@dataclass(frozen=True, slots=True)
class Explanation:
    """A question and its answer; `answer` holds one paragraph per item, free of line breaks."""

    question: str
    answer: tuple[str, ...]


def counted(number: int, noun: str) -> str:
    """`1 layer`, `2 layers`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def explain(sizes: Sizes) -> Iterator[Explanation]:
    """The questions in the order in which a learner meets them."""
    yield Explanation("units, steps, layers: which is which?", _units_steps_layers(sizes))
    if sizes.has_cell:
        yield Explanation("why do cell and hidden state have one size?", _one_size(sizes))
    yield Explanation(f"what do {_listed(_results(sizes))} hold?", _results_hold(sizes))
    yield Explanation("how do I take the last step?", _last_step(sizes))
    yield Explanation("what must the next layer accept?", _next_layer(sizes))
    yield Explanation("what does batch_first change?", _batch_first(sizes))
    yield Explanation("what does bidirectional change?", _bidirectional(sizes))


def next_linear(sizes: Sizes) -> str:
    """The Linear that stands on `output`: its first size must match, its second is free."""
    return f"nn.Linear({format_dim(sizes.features)}, {format_dim(sizes.top)})"


def last_step(sizes: Sizes) -> str:
    """How `output` is indexed for its last step, for all samples."""
    return "output[:, -1]" if sizes.batch_first else "output[-1]"


def _units_steps_layers(sizes: Sizes) -> tuple[str, ...]:
    hidden, steps = format_dim(sizes.hidden), format_dim(sizes.steps)
    block = "cell" if sizes.kind != "rnn" else "block"
    layers = (
        f"Layers ({sizes.layers}): stacked on each other, each with its own weights (num_layers). At every step, "
        "layer 1 reads what layer 0 gave out at that step, and so on upwards."
    )
    return (
        (
            f"Units ({hidden}): the width of the state, hidden_size. The layer is not a row of that many cells: one "
            f"{block} works on whole vectors of this width."
        ),
        (
            f"Steps ({steps}): how often the same {block} is applied, with the same weights, once for each element "
            "of the sequence. No parameter's shape depends on it, so sequences of any length fit."
        ),
        layers,
    )


def _one_size(sizes: Sizes) -> tuple[str, ...]:
    hidden = format_dim(sizes.hidden)
    reason = (
        "c_t = f * c_(t-1) + i * g and o * tanh(c_t) multiply element by element, so the four gates and the cell "
        f"all have {hidden} features, and without a projection the hidden state has too."
    )
    if sizes.proj is None:
        return (
            reason,
            (
                f"Only proj_size=P makes them differ: a matrix W_hr (P, {hidden}) then shrinks the hidden state (and "
                f"with it output and h_n) to P < {hidden} features, while the cell keeps {hidden}."
            ),
        )
    proj = format_dim(sizes.proj)
    return (
        reason,
        (
            f"Here proj_size={proj} makes them differ: W_hr ({proj}, {hidden}) shrinks the hidden state, and with it "
            f"output and h_n, to {proj} features; the cell, and with it c_0 and c_n, keeps {hidden}."
        ),
    )


def _results(sizes: Sizes) -> tuple[str, ...]:
    return ("output", "h_n", "c_n") if sizes.has_cell else ("output", "h_n")


def _results_hold(sizes: Sizes) -> tuple[str, ...]:
    shapes = {name: format_dims(dims) for name, dims in sizes.outside().items()}
    top = "the last layer" if sizes.layers > 1 else "the layer"
    both = ", forward and backward side by side" if sizes.bidirectional else ""
    ends = (
        "after the step that each direction reads last (forward: the last step, backward: the first)"
        if sizes.bidirectional
        else "after the last step"
    )
    answer = [
        f"output {shapes['output']}: the hidden state of {top} at every step{both}.",
        (
            f"h_n {shapes['h_n']}: the hidden state of every layer{' and direction' * sizes.bidirectional} {ends}; "
            "one row each, see the list of rows above."
        ),
    ]
    if sizes.has_cell:
        answer.append(
            f"c_n {shapes['c_n']}: the cell state in the same rows. It is the layer's own memory: carry it on to the "
            "next call, but feed output or h_n to other layers."
        )
    return tuple(answer)


def _last_step(sizes: Sizes) -> tuple[str, ...]:
    last, wrong = last_step(sizes), "output[-1]" if sizes.batch_first else "output[:, -1]"
    first_shape = format_dims((sizes.batch, sizes.features))
    trap = (
        f"{wrong} would be the last sample of the batch, not the last step: with batch_first={sizes.batch_first} "
        f"axis 0 is the {'batch' if sizes.batch_first else 'step'}. Torch does not raise at that line."
    )
    if not sizes.bidirectional:
        return (
            (
                f"{last} {first_shape}, which equals h_n[-1]. With packed sequences of several lengths only h_n[-1] "
                "holds each sample's own last step."
            ),
            trap,
        )
    out = format_dim(sizes.out)
    first = "output[:, 0]" if sizes.batch_first else "output[0]"
    return (
        f"Not with {last} alone: its backward half (the last {out} features) has read one step only.",
        (
            f"The states that have read everything are h_n[-2] (forward, the first {out} features of {last}) and "
            f"h_n[-1] (backward, the last {out} of {first}); torch.cat([h_n[-2], h_n[-1]], dim=1) is {first_shape}."
        ),
        trap,
    )


def _next_layer(sizes: Sizes) -> tuple[str, ...]:
    features, out = format_dim(sizes.features), format_dim(sizes.out)
    why = " (here: as many as one step of the input has)" if sizes.head is None else ""
    answer = [
        (
            f"{features} features: {next_linear(sizes)} fits. The {features} is fixed; the {format_dim(sizes.top)} is "
            f"yours to choose{why}. A Linear acts on the last axis, so it takes output whole or one step of it."
        )
    ]
    if sizes.bidirectional:
        answer.append(f"One row of h_n has {out} features, not {features}: it belongs to one direction.")
    return tuple(answer)


def _batch_first(sizes: Sizes) -> tuple[str, ...]:
    first = format_dims(replace(sizes, batch_first=True).outside()["input"])
    second = format_dims(replace(sizes, batch_first=False).outside()["input"])
    states = "h_0, c_0, h_n and c_n" if sizes.has_cell else "h_0 and h_n"
    rows = sizes.layers * len(sizes.directions)
    return (
        (
            f"Only the order of the first two axes of input and output: input is {first} with batch_first=True and "
            f"{second} without. The wrong order raises nothing unless a given h_0 does not fit: batch and steps are "
            "mixed up."
        ),
        (
            f"{states} never change: they keep ({rows}, {format_dim(sizes.batch)}, ...), rows first. Without a batch "
            f"axis, a 2-D input ({format_dim(sizes.steps)}, {format_dim(sizes.input)}) is one single sequence, "
            "whatever batch_first says."
        ),
    )


def _bidirectional(sizes: Sizes) -> tuple[str, ...]:
    one, two = replace(sizes, bidirectional=False), replace(sizes, bidirectional=True)
    changes = (
        f"A second block with its own weights reads the steps backward. output gets {format_dim(two.features)} "
        f"features in place of {format_dim(one.features)}, h_n {two.layers * 2} rows in place of {one.layers} (each "
        f"still {format_dim(sizes.out)} wide)"
    )
    if sizes.layers > 1:
        changes += f", and the layers above the first read {format_dim(two.features)} features"
    return (f"{changes}. Parameters: {_number(two)} in place of {_number(one)}.",)


def _number(sizes: Sizes) -> str:
    count = sizes.parameter_count
    return format_dim(count) if count.value is None else f"{count.value:,}"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:-1]) + " and " + names[-1]
