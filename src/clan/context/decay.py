"""Exponential windows: e^(-t/T) from additions and multiplications alone, so that every machine gives the same bits."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from clan.flows.jit import Int, kernel
from clan.schema.context_group import WINDOWS

_SHORT, _MIDDLE, _LONG = WINDOWS.values()
_PER_US: Final = math.log2(math.e) / (1e6 * _LONG)
_ROOT: Final = math.sqrt(0.5)
_POWERS: Final = np.array([2.0**-n for n in range(64)])
_C1, _C2, _C3, _C4, _C5, _C6, _C7, _C8, _C9, _C10 = (math.log(2.0) ** n / math.factorial(n) for n in range(1, 11))
_NOTHING: Final = 1e-40

if (_LONG, _MIDDLE) != (15 * _MIDDLE, 6 * _SHORT):
    raise ValueError("the windows are 15 and 6 times each other: e^(-t/T) of one is a power of that of the next")


@kernel
def decay(age_us: Int, factors: Any) -> None:
    """Write how much a flow counts that ended `age_us` ago, in each window; times before it count as its own."""
    long = _halvings(np.float64(max(age_us, 0)) * _PER_US)
    power = long * long
    power *= power * long  # 5
    middle = power * power * power  # 15
    square = middle * middle
    factors[0] = square * square * square if middle > _NOTHING else 0.0
    factors[1] = middle
    factors[2] = long


@kernel
def _halvings(x: Any) -> Any:
    """Give 2^-x for x >= 0; 0 beyond 2^-63, which no count can feel any more."""
    if x >= 63.0:
        return 0.0
    whole = np.int64(x)
    y = 0.5 - (x - whole)  # 2^-(x - whole) is 2^y / sqrt(2), with |y| <= 0.5: ten terms of its series
    p = _C6 + y * (_C7 + y * (_C8 + y * (_C9 + y * _C10)))
    p = 1.0 + y * (_C1 + y * (_C2 + y * (_C3 + y * (_C4 + y * (_C5 + y * p)))))
    return _POWERS[whole] * p * _ROOT
