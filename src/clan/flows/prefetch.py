"""Asking the processor to fetch memory that will be needed soon.

A flow's record is seldom in the cache when its packet comes, and waiting for one record after the other takes longer
than all arithmetic. A prefetch is a hint: it changes no result, and it may name memory that is never used.
"""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import types
from numba.extending import intrinsic

_WRITE, _ALL_LEVELS, _DATA = 1, 3, 1
_BYTE, _WORD, _ADDRESS = ir.IntType(8), ir.IntType(32), ir.IntType(64)


def _typed(_context: Any, array: Any, index: Any, offset: Any) -> Any:  # noqa: ARG001 - numba's contract
    """Give the signature and the code for an array of records or numbers."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.args[0]
        size = kind.dtype.size if isinstance(kind.dtype, types.Record) else kind.dtype.bitwidth // 8
        values, element, behind = arguments
        start = builder.ptrtoint(context.make_array(kind)(context, builder, values).data, _ADDRESS)
        address = builder.add(builder.add(start, builder.mul(element, _ADDRESS(size))), behind)
        pointer = builder.inttoptr(address, ir.PointerType(_BYTE))
        shape = ir.FunctionType(ir.VoidType(), [pointer.type, _WORD, _WORD, _WORD])
        fetch = builder.module.declare_intrinsic("llvm.prefetch", (pointer.type,), shape)
        builder.call(fetch, [pointer, _WORD(_WRITE), _WORD(_ALL_LEVELS), _WORD(_DATA)])
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64), generate


def _nothing(array: Any, index: Any, offset: Any) -> None:
    """Do nothing: interpreted code has nothing to gain."""


_config: Any = numba.config
prefetch: Any = _nothing if _config.DISABLE_JIT else intrinsic(_typed)
"""`prefetch(array, index, offset)`: fetch the cache line that lies `offset` bytes into an element of an array."""
