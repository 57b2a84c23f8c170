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


def main() -> None:
    """Write the seeds into the folder and fuzz from there."""
    os.environ["NUMBA_DISABLE_JIT"] = "1"
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    import atheris

    with atheris.instrument_imports(include=["clan.flows", "clan.sources"]):
        from tests.fuzz.target import read_bytes
    from tests.fuzz.seeds import write_seeds

    def one_input(data: bytes) -> None:
        read_bytes(data)

    write_seeds(Path(sys.argv[1]))
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
