"""Coverage-guided fuzzing of everything that reads packets, from the file header to the flow table.

    python tests/fuzz/fuzz_packets.py CORPUS_FOLDER [libFuzzer options, such as -max_total_time=1800]

Needs atheris (`pip install atheris`). The kernels run interpreted, since the fuzzer cannot see into compiled code; what
it found is replayed compiled, with bounds checks, by `tests/fuzz/test_corpus.py`. Besides crashes it looks for broken
promises: a packet without exactly one verdict, a flow table that does not add up to its packets.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ["NUMBA_DISABLE_JIT"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import atheris

with atheris.instrument_imports(include=["clan.flows", "clan.sources"]):
    from tests.fuzz.target import read_bytes


def one_input(data: bytes) -> None:
    """Read one input; whatever it raises is a finding."""
    read_bytes(data)


if __name__ == "__main__":
    from tests.fuzz.seeds import write_seeds

    folder = Path(sys.argv[1])
    write_seeds(folder)
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
