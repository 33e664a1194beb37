"""Least squares: `linalg.lstsq`."""

from __future__ import annotations

import random

from shapelint.ops.arithmetic import near
from shapelint.ops.contract import CannotTell, Constraint, Context, Sample, op, say, t
from shapelint.ops.linalg import matrices, named
from shapelint.ops.solve import is_vector
from shapelint.shapes.dim import minimum
from shapelint.shapes.shape import Axis
from shapelint.values.model import NoneValue, Tensor, Value

_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")

C1 = Constraint("C1", "matmul-shape", "`A` has at least two axes")
C2 = Constraint("C2", "matmul-shape", "`B` has as many axes as `A`, or one less")
C3 = Constraint("C3", "matmul-shape", "`B` has as many rows as `A`")
C4 = Constraint("C4", "broadcast-shape", "the axes before the last two broadcast")
C5 = Constraint("C5", "invalid-option", "`driver` is one of LAPACK's")


def _sample(rng: random.Random) -> Sample:
    batch = [rng.randint(1, 3) for _ in range(rng.randint(0, 2))]
    m, n, k = (rng.randint(1, 4) for _ in range(3))
    a = [*batch, m, n]
    rows = m if rng.random() < 0.8 else rng.randint(1, 4)
    draw = rng.random()
    b = a[:-1] if draw < 0.2 else [*near(rng, batch), rows, k]
    if draw > 0.2:
        b = [*[1] * (len(a) - len(b)), *b]  # with one axis less torch reads vectors first
    if draw > 0.95:
        b = [1, 1, *b]
    elif draw > 0.9:
        a = a[-1:]
    driver = {} if rng.random() < 0.5 else {"driver": rng.choice((*_DRIVERS, "gesv"))}
    return Sample("torch.linalg.lstsq", (t(*a), t(*b)), driver)


LSTSQ = op(
    "lstsq",
    ("torch.linalg.lstsq",),
    "A, B, rcond=None, *, driver=None",
    (C1, C2, C3, C4, C5),
    _sample,
)


@LSTSQ.rule
def lstsq(cx: Context, A: Value, B: Value, rcond: Value, driver: Value) -> Value:
    """`A (*, m, n), B (*, m, k) -> solution (*, n, k)`; `B (*, m)` is a vector, `solution (*, n)`.

    `singular_values` are `(*, min(m, n))` of the drivers gelsd and gelss, else `(0,)`; `rank` is `(*)`, of gels `(0,)`. Whether
    `residuals` has entries depends on the driver, which depends on the device, and on the rank of the matrices.
    C1: `A` has at least two axes. C2: `B` has as many, or one less. C3: `B` has as many rows. C4: the other axes
    broadcast. C5: the driver exists.
    Follows https://docs.pytorch.org/docs/stable/generated/torch.linalg.lstsq.html
    """
    a, rows, columns = matrices(cx, A, "C1", "A")
    asked = None if isinstance(driver, NoneValue) else cx.text(driver)
    if asked is not None and asked not in _DRIVERS:
        cx.refute("C5", say("driver should be one of (gels, gelsy, gelsd, gelss)"), operand="driver")
    b = cx.tensor(B)
    if a.shape.rank is None or b.shape.rank is None:
        raise CannotTell("dynamic-value", "rank")
    if a.shape.rank - b.shape.rank not in (0, 1):
        headline = say("B needs as many axes as A, or one less: {a} and {b}", a=a.shape, b=b.shape)
        cx.refute("C2", headline, operand="B")
    vector = is_vector(cx, a, b)
    if not vector and b.shape.rank < a.shape.rank:
        raise CannotTell("dynamic-value")  # what torch makes of it depends on sizes that happen to agree
    keep = 1 if vector else 2
    have = b.shape.parts[-keep]
    assert isinstance(have, Axis)
    lead = a.with_parts(a.shape.parts[:-2])
    batch = cx.broadcast((lead, b.with_parts(b.shape.parts[:-keep])), "C4")
    least = Axis.fresh(minimum((rows.size, columns.size)))
    nothing = a.with_parts((Axis.fresh(0),))
    rank = Tensor.unknown("rank", "int")
    if asked is not None:
        rank = (nothing if asked == "gels" else lead).with_dtype("int")
    result = named(
        "lstsq",
        solution=a.with_parts((*batch, columns, *b.shape.parts[b.shape.rank - keep + 1 :])),
        residuals=Tensor.unknown("residuals", "float"),
        rank=rank,
        singular_values=lead.with_parts((*lead.shape.parts, least)) if asked in ("gelsd", "gelss") else nothing,
    )
    cx.expect(result)
    headline = say("A and B should have the same number of rows: {a} and {b}", a=a.shape, b=b.shape)
    cx.demand_equal("C3", rows.size, have.size, headline, operand="B")
    return result
