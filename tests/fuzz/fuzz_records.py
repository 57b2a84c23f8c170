"""Coverage-guided fuzzing of everything that reads flow records, from lines to the flow table.

    python tests/fuzz/fuzz_records.py CORPUS_FOLDER [libFuzzer options, such as -max_total_time=1800]

Needs atheris (`pip install atheris`). Besides crashes it looks for broken promises: a record that is neither a flow nor
counted, a flow without an address or a time, a number that is not finite.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    """Write the seeds into the folder and fuzz from there."""
    os.environ["NUMBA_DISABLE_JIT"] = "1"  # the fuzzer cannot see into compiled code
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    import atheris

    with atheris.instrument_imports(include=["clan.sources"]):
        from tests.fuzz.record_target import read_records
    from tests.fuzz.test_records import SEEDS

    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for i, seed in enumerate(SEEDS):
        (folder / f"seed-{i}").write_bytes(seed)

    def one_input(data: bytes) -> None:
        read_records(data)

    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
