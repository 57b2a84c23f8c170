"""Coverage-guided fuzzing of files of records: Argus lines, CSV and Parquet of any tool.

    python tests/fuzz/fuzz_tables.py argus|csv|parquet CORPUS_FOLDER [libFuzzer options, such as -max_total_time=1800]

Needs atheris (`pip install atheris`). As in `fuzz_packets.py` the kernels run interpreted; what is found is replayed
compiled by `tests/fuzz/test_tables.py`.
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

    form = sys.argv.pop(1)
    with atheris.instrument_imports(include=["clan.sources"]):
        from tests.fuzz.table_target import FORMATS, read_table, seeds

    def one_input(data: bytes) -> None:
        read_table(letter + data[1:])

    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    letter = FORMATS[form]
    for i, data in enumerate(data for data in seeds() if data[:1] == letter):
        (folder / f"seed-{i:03}").write_bytes(data)
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
