"""The formats that can be read, and which of them a file is in: by its first bytes, whatever its name."""

from __future__ import annotations

import io
import stat
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from clan.errors import ConfigError, NoFlows, SourceError, UnknownNameError, UnsupportedFormat
from clan.flows import PACKET_GROUPS
from clan.sources.argus import GROUPS as ARGUS_GROUPS
from clan.sources.argus import ArgusParser, is_argus, open_argus
from clan.sources.base import Source
from clan.sources.netflow import NfdumpSource, is_nfdump
from clan.sources.packets import COMPRESSED, STDIN, ByteStream, PacketSource, is_capture, unpacked
from clan.sources.records import RecordParser
from clan.sources.suricata import EveParser, is_eve, open_eve
from clan.sources.tabular import (
    CsvSource,
    NdjsonSource,
    ParquetSource,
    Stored,
    is_csv,
    is_ndjson,
    is_parquet,
    stored_in_csv,
    stored_in_ndjson,
    stored_in_parquet,
)
from clan.sources.zeek import ConnParser, is_conn_log, names_beside, open_zeek, why_no_conn_log

HEAD_BYTES: Final = 1 << 16
"""Bytes that a format may be recognised by, decompressed."""


def _tells_nothing(_head: bytes, _path: str) -> str | None:
    return None


def _nothing_beside(_path: str) -> Collection[str]:
    return ()


def _nothing_stored(_head: bytes, _path: str) -> Stored | None:
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceFormat:
    """One format of flows or packets.

    Attributes:
        name: As `--format` takes it.
        kind: Kind of source, as a model remembers it: ``packets``, ``zeek``, ``suricata``, ``netflow``, ``argus`` or
            ``table``.
        groups: Feature groups that it can tell; the first is what is read when nobody asks for others.
        open: Makes the source: `open(paths, settings, features=..., strict=...)`, where the paths are the parts of
            one stream.
        recognise: Tells from the first bytes (at most `HEAD_BYTES`, decompressed) and the path whether a file is in
            this format.
        no_flows: Says why a file that the same tool writes holds no flows (an `http.log`, say); None where it is
            none of its files.
        beside: Names the files beside one that are read along with it.
        stored: Says what a file tells of itself that clan wrote; None where another wrote it.
        parser: Makes what reads its lines, `parser(path, follow=...)`, where its files may be followed while they
            grow; None where they may not.
        kept: Whether the records may be kept: the parser takes `keep_records`, too.
        instead: What to do in place of following, where they may not be followed.
    """

    name: str
    kind: str
    groups: tuple[str, ...]
    open: Callable[..., Source]
    recognise: Callable[[bytes, str], bool]
    no_flows: Callable[[bytes, str], str | None] = _tells_nothing
    beside: Callable[[str], Collection[str]] = _nothing_beside
    stored: Callable[[bytes, str], Stored | None] = _nothing_stored
    parser: Callable[..., RecordParser] | None = None
    kept: bool = False
    instead: str = "read each without --follow when it is complete"


def _is_packets(head: bytes, _path: str) -> bool:
    return is_capture(head)


_ALL: Final = (
    SourceFormat(
        name="pcap",
        kind="packets",
        groups=PACKET_GROUPS,
        open=PacketSource,
        recognise=_is_packets,
        instead="-i INTERFACE captures what comes, and -r - reads what another tool captures",
    ),
    SourceFormat(
        name="zeek",
        kind="zeek",
        groups=("conn",),
        open=open_zeek,
        recognise=is_conn_log,
        no_flows=why_no_conn_log,
        beside=names_beside,
        parser=ConnParser,
        kept=True,
    ),
    SourceFormat(
        name="eve", kind="suricata", groups=("conn",), open=open_eve, recognise=is_eve, parser=EveParser, kept=True
    ),
    SourceFormat(
        name="nfdump",
        kind="netflow",
        groups=NfdumpSource.groups,
        open=NfdumpSource,
        recognise=is_nfdump,
        instead="follow the folder that nfcapd writes to, and each file is read when it is finished",
    ),
    SourceFormat(
        name="argus", kind="argus", groups=ARGUS_GROUPS, open=open_argus, recognise=is_argus, parser=ArgusParser
    ),
    SourceFormat(
        name="parquet",
        kind="table",
        groups=ParquetSource.groups,
        open=ParquetSource,
        recognise=is_parquet,
        stored=stored_in_parquet,
    ),
    SourceFormat(
        name="ndjson",
        kind="table",
        groups=NdjsonSource.groups,
        open=NdjsonSource,
        recognise=is_ndjson,
        stored=stored_in_ndjson,
    ),
    SourceFormat(
        name="csv",
        kind="table",
        groups=CsvSource.groups,
        open=CsvSource,
        recognise=is_csv,  # asks last
        stored=stored_in_csv,
    ),
)
"""In the order in which they are asked; the first that recognises a file reads it."""

FORMATS: Final[dict[str, SourceFormat]] = {entry.name: entry for entry in _ALL}
"""The formats by name."""


_ARCHIVES: Final = (
    (b"PK\x03\x04", "a zip archive", "unzip -p"),
    (b"\xfd7zXZ\x00", "compressed by xz", "xz -dc"),
    (b"BZh", "compressed by bzip2", "bzip2 -dc"),
    (b"\x04\x22\x4d\x18", "compressed by lz4", "lz4 -dc"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "7z x -so"),
)
"""How files begin that hold something else, with what they are and what unpacks them."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """Files and what they are.

    Attributes:
        kind: The kind of all of them.
        formats: The format of each file that can be read, in their order.
        refused: Files that hold no flows, with the reason.
        stored: The files that clan wrote, with what they tell of themselves.
    """

    kind: str
    formats: dict[str, SourceFormat]
    refused: dict[str, str]
    stored: dict[str, Stored]


def check_kept(formats: Mapping[str, SourceFormat]) -> None:
    """Raise ConfigError where the records of a file cannot be kept."""
    for file, entry in formats.items():
        if not entry.kept:
            able = ", ".join(each.name for each in FORMATS.values() if each.kept)
            raise ConfigError(
                f"{file} is in format {entry.name}, whose records cannot be written on; those of {able} can. "
                "--scores FILE writes the score of every flow of any format"
            )


def format_named(name: str) -> SourceFormat:
    """Find a format.

    Raises:
        UnknownNameError: There is none of that name.
    """
    if name not in FORMATS:
        meant = [entry.name for entry in _ALL if entry.kind == name.lower()]
        if meant:  # people know the tool, and not what its files are called here
            raise ConfigError(f"unknown format {name!r}: what is of that kind is {' or '.join(meant)} here")
        raise UnknownNameError("format", name, FORMATS)
    return FORMATS[name]


def recognise_all(files: Sequence[str], *, strict: bool = False) -> Recognised:
    """Look into files and say what each is.

    Args:
        files: Paths; `-` is standard input, whose bytes stay where they are.
        strict: A file that holds no flows is an error, whatever the others are.

    Raises:
        ConfigError: They are of several kinds; the message says which files are what.
        UnsupportedFormat: The only file is in no format that clan reads, or reading is strict and one is.
        SourceUnavailable: The only file cannot be read.
        NoFlows: None of several files can be read.
    """
    formats: dict[str, SourceFormat] = {}
    refused: dict[str, str] = {}
    for file in files:
        try:
            formats[file] = recognise(file)
        except SourceError as error:
            if strict or len(files) == 1:
                raise
            refused[file] = str(error).removeprefix(f"{file} ")
    if not formats:
        shown = "; ".join(f"{file}: {why}" for file, why in list(refused.items())[:5])
        raise NoFlows(f"no flows were read: none of {len(files):,} files is in a format that clan reads: {shown}")
    joined = {str(Path(beside)) for file, entry in formats.items() for beside in entry.beside(file)}
    return of_formats(formats, {file: why for file, why in refused.items() if str(Path(file)) not in joined})


def of_formats(formats: dict[str, SourceFormat], refused: dict[str, str] | None = None) -> Recognised:
    """Say of what kind files are whose formats are known.

    Raises:
        ConfigError: They are of several kinds; the message says which files are what.
    """
    stored: dict[str, Stored] = {}
    kinds: dict[str, list[str]] = {}
    for file, entry in formats.items():
        kind = entry.kind
        told = _look_into(file, entry)
        if told is not None:
            stored[file], kind = told, told.kind
        kinds.setdefault(kind, []).append(file)
    if len(kinds) > 1:
        found = "; ".join(f"{kind}: {_list(names)}" for kind, names in kinds.items())
        raise ConfigError(
            f"these files are of {len(kinds)} kinds, and a table of flows, or a model, is of one kind: {found}. "
            "Name one kind only"
        )
    return Recognised(next(iter(kinds)), formats, refused or {}, stored)


def _look_into(file: str, entry: SourceFormat) -> Stored | None:
    """Ask a file what it tells of itself; None where it cannot be read, which whoever reads its flows will say."""
    if entry.stored is _nothing_stored or _is_pipe(file):
        return None
    try:
        return entry.stored(first_bytes(file)[0], file)
    except SourceError:
        return None


def recognise(file: str) -> SourceFormat:
    """Tell the format of a file by its first bytes.

    Raises:
        UnsupportedFormat: It is in none that clan reads.
        SourceUnavailable: It cannot be read.
    """
    if _is_pipe(file):  # its bytes can be read once only; who sends something else says so with --format
        return FORMATS["pcap"]
    head, damage = first_bytes(file)
    for entry in FORMATS.values():
        if entry.recognise(head, file):
            return entry
    if file == STDIN and head.startswith(COMPRESSED):  # too little has come to see into it
        return FORMATS["pcap"]
    because = f" ({damage})" if damage else ""
    known = ", ".join(FORMATS)
    if not head:
        raise UnsupportedFormat(f"{file} is empty{because}: expected one of {known}")
    for entry in FORMATS.values():
        why = entry.no_flows(head, file)
        if why:
            raise UnsupportedFormat(f"{file} holds no flows: {why}")
    for magic, what, unpack in _ARCHIVES:
        if head.startswith(magic):
            raise UnsupportedFormat(f"{file} is {what}: unpack it first, or {unpack} {file} | clan ... -r -")
    raise UnsupportedFormat(
        f"{file} is no capture and no record of flows{because}: expected one of {known}, found {_excerpt(head)}; "
        "--format says what it is where its beginning does not"
    )


def first_bytes(file: str) -> tuple[bytes, str | None]:
    """Read the beginning of a file, decompressed; what waits on standard input stays there.

    Returns:
        At most `HEAD_BYTES`, and why there are no more, where damage is the reason.

    Raises:
        SourceUnavailable: It cannot be read.
    """
    if file == STDIN:
        return _waiting_on_stdin(), None
    stream = ByteStream(file)
    try:
        buffer, got = np.empty(HEAD_BYTES, np.uint8), 0
        while got < HEAD_BYTES and (more := stream.readinto(buffer[got:])):
            got += more
        return buffer[:got].tobytes(), stream.damage
    finally:
        stream.close()


def _waiting_on_stdin() -> bytes:
    """Look at what has come in already, without taking it; as it is where too little has come to decompress any."""
    raw = sys.stdin.buffer if sys.stdin is not None else io.BytesIO()
    if isinstance(raw, io.BufferedReader):
        head = raw.peek(HEAD_BYTES)[:HEAD_BYTES]
    elif raw.seekable():
        at, head = raw.tell(), raw.read(HEAD_BYTES)
        raw.seek(at)
    else:
        head = b""
    return unpacked(head) or head


def _is_pipe(file: str) -> bool:
    """Tell whether looking into a file would take its bytes from whoever reads it."""
    try:
        return file != STDIN and stat.S_ISFIFO(Path(file).stat().st_mode)
    except OSError:
        return False


def _excerpt(head: bytes) -> str:
    """Show how a file begins: as text where it is text."""
    start = head.split(b"\n", 1)[0].rstrip(b"\r")[:24]
    if start and start.isascii() and start.decode().isprintable():
        return f"text that begins {start.decode()!r}"
    return f"bytes {head[:4].hex(' ')}"


def _list(names: Sequence[str], limit: int = 3) -> str:
    return ", ".join(names[:limit]) + (f" and {len(names) - limit:,} more" if len(names) > limit else "")
