"""The state of a record: which flags each side sent, or how far a connection came."""

from __future__ import annotations

import polars as pl

_TCP = 6
_LETTERS = {"syn": "S", "fin": "F", "rst": "R"}
_WORDS = {
    # Argus names the last state that it saw; what a connection went through before is known
    "REQ": {"fwd_syn": 1, "bwd_syn": 0, "bwd_fin": 0, "bwd_rst": 0},
    "ACC": {"fwd_syn": 1, "bwd_syn": 1},
    "RST": {},
    "FIN": {},
    "CON": {},
}
_FLAGS = r"^[FSRPAECU]*_[FSRPAECU]*$"


def flags(side: str, flag: str) -> pl.Expr:
    """Tell whether a side sent a TCP flag.

    `SRPA_FSPA` lists the flags of the source, then those of the destination. A word such as `CON` tells less; what it
    does not tell is null. For other protocols than TCP the answer is 0.

    Args:
        side: ``fwd`` or ``bwd``.
        flag: ``syn``, ``fin`` or ``rst``.
    """
    state = pl.col("State")
    sent = state.str.split("_").list.get(0 if side == "fwd" else 1, null_on_oob=True)
    told = sent.str.contains(_LETTERS[flag], literal=True).cast(pl.Int64)
    words = {word: known[f"{side}_{flag}"] for word, known in _WORDS.items() if f"{side}_{flag}" in known}
    by_word = state.replace_strict(words, default=None, return_dtype=pl.Int64)
    of_tcp = pl.when(state.str.contains(_FLAGS)).then(told).otherwise(by_word)
    return pl.when(pl.col("protocol") == _TCP).then(of_tcp).otherwise(0)
