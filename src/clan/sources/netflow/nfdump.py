"""Files of nfdump, read by nfdump itself: its format changes with its versions, and its lines do not."""

from __future__ import annotations

import select
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from clan.errors import ConfigError, SourceUnavailable, UnsupportedFormat
from clan.flows import FlowSettings, address_words, icmp_ports
from clan.sources.base import stream_name
from clan.sources.groups import wanted_groups
from clan.sources.netflow.exporter import GROUPS, SETTINGS
from clan.sources.netflow.flow import to_flows
from clan.sources.netflow.join import WAIT_US, Joiner
from clan.sources.netflow.order import FlowOrder
from clan.sources.netflow.record import RECORD
from clan.sources.packets import STDIN, ByteStream
from clan.sources.records import LineReader
from clan.sources.tabular import RowReader

MAGIC: Final = b"\x0c\xa5"
SILENT_S: Final = 60.0
"""How long nfdump may say nothing before it is given up."""
_FIELDS: Final = {
    "start": "%tsr", "lasted": "%td", "protocol": "%pr", "src_ip": "%sa", "src_port": "%sp", "dst_ip": "%da",
    "dst_port": "%dp", "packets": "%pkt", "bytes": "%byt", "back_packets": "%opkt", "back_bytes": "%obyt",
    "flags": "%flg", "vlan": "%svln",
}  # fmt: skip
"""Our names to nfdump's. The end is start and duration: some versions print its milliseconds wrongly."""
_TEXT: Final = frozenset({"src_ip", "dst_ip", "flags", "dst_port"})
_NOTHING: Final = (b"No matching flows", b"No matched flows")
"""What nfdump writes in place of records where a file has none, as those of quiet hours."""
_LETTERS: Final = {"F": 0x01, "S": 0x02, "R": 0x04, "P": 0x08, "A": 0x10, "U": 0x20, "E": 0x40, "C": 0x80}


class NfdumpSource:
    """Files that nfcapd wrote, the parts of one stream; both directions of a conversation are joined.

    Args:
        paths: Files; none where they are named one by one, to `read`.
        settings: Of packets; of no meaning here.
        features: Feature groups; None: `conn`.
        strict: Raise at the first line that is no record.
        name: The stream; by default the first path.

    Raises:
        SourceUnavailable: nfdump is not installed, or a file cannot be read.
        UnsupportedFormat: Standard input, which nfdump does not read.
        ConfigError: A feature group that records cannot tell.
    """

    kind = "netflow"
    groups: tuple[str, ...] = GROUPS

    def __init__(
        self,
        paths: Sequence[str],
        settings: FlowSettings,
        *,
        features: Sequence[str] | None = None,
        strict: bool = False,
        name: str | None = None,
    ) -> None:
        if not paths and name is None:
            raise ConfigError("a source of records needs at least one path")
        if STDIN in paths:
            raise UnsupportedFormat("nfdump reads files only; name one")
        wanted_groups(features, told=self.groups, kind=self.kind)
        self.settings: Mapping[str, Any] = dict(SETTINGS)
        self.name, self.bytes_read = stream_name(name or paths[0]), 0
        self._paths, self._strict = list(paths), strict
        self._counts: Counter[str] = Counter({"records": 0, "flows": 0})
        self._joiner, self._order = Joiner(self._counts), FlowOrder(hold_us=2 * WAIT_US)
        self._output: _Output | None = None
        self.now_us = 0
        """The latest end of a record so far."""
        self._n = 0
        self._read = False
        self._program = find_nfdump()
        for path in paths:
            ByteStream(path).close()  # says what is wrong with a path as all formats do

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield flows in order of (`ts_end`, `uid`).

        Raises:
            UnsupportedFormat: nfdump cannot read a file; the message is its own.
        """
        if self._read:
            raise ValueError(f"{self.name} was read already; open it anew")
        self._read = True
        for path in self._paths:
            yield from self.read(path)
        yield from self.finish()

    def read(self, path: str) -> Iterator[pl.DataFrame]:
        """Read the next file of the stream; what may have a continuation in the one after it waits.

        Raises:
            UnsupportedFormat: nfdump cannot read it; the message is its own.
        """
        self._output = _Output(self._program, path)
        try:
            rows = RowReader(tuple(_FIELDS), _TEXT, ",", path, self._strict, self._counts)
            lines = LineReader(self._output)
            for piece in lines.pieces():
                if piece.strip() in _NOTHING:
                    continue
                records = self._records(rows.read(piece))
                if records.height:
                    self.now_us = max(self.now_us, int(records["end"].to_numpy().max()))
                for joined in self._joiner.add(records, self.now_us):
                    yield from self._out(self._order.add(joined))
            self._counts["overlong_lines"] += lines.overlong
            self._output.check_end()
            self.bytes_read += _size(path)
        finally:
            self.close()

    @property
    def waiting(self) -> int:
        """Records and flows that wait for what may come."""
        return self._joiner.waiting + self._order.held

    def finish(self) -> Iterator[pl.DataFrame]:
        """Give everything that waits."""
        for joined in self._joiner.finish():
            yield from self._out(self._order.add(joined))
        yield from self._out(self._order.finish())

    def _out(self, batches: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        for batch in batches:
            self._counts["flows"] += batch.height
            self._counts["late_records"] = self._order.late
            yield to_flows(batch, self.name)

    def _records(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Make records of lines; lines without two addresses of one version, or without a time, are counted."""
        sides = [address_words(rows[name].str.strip_chars()) for name in ("src_ip", "dst_ip")]
        whole = (sides[0].version > 0) & (sides[0].version == sides[1].version)
        good = pl.Series(whole) & rows.select(pl.all_horizontal(pl.col("start", "lasted", "protocol") >= 0)).to_series()
        good = good.fill_null(value=False)
        self._counts["malformed_records"] += rows.height - int(good.sum())
        rows = rows.with_columns(
            src_hi=pl.Series(sides[0].high), src_lo=pl.Series(sides[0].low),
            dst_hi=pl.Series(sides[1].high), dst_lo=pl.Series(sides[1].low),
            version=pl.Series(sides[0].version), order=pl.int_range(pl.len()) + self._n,
        ).filter(good)  # fmt: skip
        self._n += len(good)
        return _typed(rows)

    def counts(self) -> dict[str, int]:
        """Give what became of every record so far."""
        return dict(self._counts)

    def warnings(self) -> list[str]:
        """Give what the user should know."""
        return []

    def close(self) -> None:
        """End nfdump."""
        if self._output is not None:
            self._output.close()
            self._output = None


def _typed(rows: pl.DataFrame) -> pl.DataFrame:
    """Give the columns the types of records; ICMP's type and code stand where the port would be, as `8.0`."""
    icmp = pl.col("dst_port").str.strip_chars().str.split(".")
    port = pl.col("dst_port").str.strip_chars()
    flags = pl.sum_horizontal(
        pl.when(pl.col("flags").str.contains(letter, literal=True)).then(bit).otherwise(0)
        for letter, bit in _LETTERS.items()
    )
    start = (pl.col("start") * 1e6).round().cast(pl.Int64, strict=False)
    rows = rows.with_columns(
        pl.col("protocol").clip(0, 255),
        start=start,
        end=start + (pl.col("lasted").clip(0, 1e9) * 1e6).round().cast(pl.Int64, strict=False),
        flags=pl.when(pl.col("protocol") == 6).then(flags).otherwise(0),
        src_port=pl.col("src_port").clip(0, 65535).fill_null(0),
        icmp=_whole(icmp.list.get(0), 255) * 256 + _whole(icmp.list.get(1, null_on_oob=True), 255),
        dst_port=_whole(port.str.extract(r"^(\d+)$"), 65535),
        vlan=pl.when(pl.col("vlan").is_between(1, 4095)).then("vlan"),
        # a record of one direction has no counts of the other one, where nfdump writes 0
        back_packets=pl.when(pl.col("back_packets") > 0).then("back_packets"),
        back_bytes=pl.when(pl.col("back_packets") > 0).then("back_bytes"),
        back_flags=pl.lit(None),
    )
    protocol = rows["protocol"].to_numpy().astype(np.uint8)
    numbers = [rows[name].to_numpy().astype(np.uint16) for name in ("src_port", "dst_port", "icmp")]
    ports = icmp_ports(protocol, *numbers)
    rows = rows.with_columns(src_port=pl.Series(ports[0]), dst_port=pl.Series(ports[1]))
    return rows.select(pl.col(name).cast(dtype, strict=False) for name, dtype in RECORD.items())


def _whole(text: pl.Expr, most: int) -> pl.Expr:
    return text.cast(pl.Int64, strict=False).fill_null(0).clip(0, most)


def find_nfdump() -> str:
    """Find the program.

    Raises:
        SourceUnavailable: It is not installed.
    """
    program = shutil.which("nfdump")
    if program is None:
        raise SourceUnavailable(
            "nfdump is needed to read nfdump files, and is not installed; on Debian and Ubuntu: apt-get install nfdump"
        )
    return program


def is_nfdump(head: bytes, _path: str) -> bool:
    """Recognise nfdump files by their magic number."""
    return head.startswith(MAGIC)


class _Output:
    """The lines of a running nfdump, read like a file."""

    damage: str | None = None

    def __init__(self, program: str, path: str) -> None:
        self.path = path
        self._messages: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `close`
        line = "fmt:" + ",".join(_FIELDS.values())
        self._process = subprocess.Popen(  # noqa: S603 - a list, and the program was found on the path
            [program, "-r", path, "-q", "-N", "-6", "-o", line],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._messages,
        )

    def readinto(self, buffer: npt.NDArray[np.uint8]) -> int:
        """Wait for lines, for a while; gives the bytes read, 0 at the end."""
        pipe = self._process.stdout
        if pipe is None:
            return 0
        if not select.select([pipe], [], [], SILENT_S)[0]:
            raise SourceUnavailable(f"nfdump says nothing about {self.path} for {SILENT_S:.0f} s; it was ended")
        return int(pipe.readinto1(buffer.data))  # type: ignore[attr-defined]  # binary pipes have it

    def check_end(self) -> None:
        """Raise where nfdump failed."""
        code = self._process.wait(timeout=SILENT_S)
        self._messages.seek(0)
        said = self._messages.read(500).decode("utf-8", errors="replace").strip()
        if code != 0 or "error" in said.lower() or "bad magic" in said.lower():
            first = said.splitlines()[0] if said else f"it ended with {code}"
            raise UnsupportedFormat(f"nfdump cannot read {self.path}: {first}")

    def close(self) -> None:
        """End it and release its pipe; safe to call twice."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._messages.close()


def _size(path: str) -> int:
    from pathlib import Path

    return Path(path).stat().st_size
