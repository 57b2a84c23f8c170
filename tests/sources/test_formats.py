"""Files are recognised by what is in them; several kinds in one reading are an error that says what is what."""

from __future__ import annotations

import gzip
import io
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard
from tests.alerts.sinks.events import alert
from tests.flows import build
from tests.sources.packets.capture import conversation

from clan.alerts.sinks.encodings.eve import encode
from clan.errors import ConfigError, UnsupportedFormat
from clan.sources import FORMATS, FlowReader
from clan.sources.formats import recognise, recognise_all

PCAP = build.pcap(conversation())
TOY = replace(
    FORMATS["pcap"],
    name="toy",
    kind="table",
    recognise=lambda head, path: head.startswith(b"toy"),
    no_flows=lambda head, path: "a bill of the toy maker" if head.startswith(b"bill") else None,
)


@pytest.fixture
def toy() -> Iterator[None]:
    FORMATS["toy"] = TOY
    yield
    del FORMATS["toy"]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.ZstdCompressor().compress])
def test_content_tells_the_format_whatever_the_name(pack: object, tmp_path: Path) -> None:
    path = tmp_path / "conn.log"
    path.write_bytes(pack(PCAP))  # type: ignore[operator]
    assert recognise(str(path)) is FORMATS["pcap"]


@pytest.mark.parametrize("buffered", [True, False])
def test_looking_at_standard_input_takes_nothing_from_it(monkeypatch: pytest.MonkeyPatch, buffered: bool) -> None:
    raw: io.BufferedIOBase = io.BytesIO(gzip.compress(PCAP))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(raw) if buffered else raw))  # type: ignore[type-var]
    reader = FlowReader(["-"])
    assert sum(batch.height for batch in reader.batches()) == 7


def test_named_pipe_is_not_looked_into(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert recognise(str(tmp_path / "pipe")) is FORMATS["pcap"]  # opening it would wait for a writer


@pytest.mark.usefixtures("toy")
def test_kinds_are_not_mixed(tmp_path: Path) -> None:
    for name, data in (("a.pcap", PCAP), ("b.toy", b"toy"), ("c.txt", b"bill")):
        (tmp_path / name).write_bytes(data)
    with pytest.raises(ConfigError, match=r"2 kinds.*packets: \S+a\.pcap; table: \S+b\.toy\. Name one kind only"):
        FlowReader([str(tmp_path)])
    found = recognise_all([str(tmp_path / "b.toy"), str(tmp_path / "c.txt")])
    assert (found.kind, list(found.formats.values())) == ("table", [TOY])
    assert found.refused == {str(tmp_path / "c.txt"): "holds no flows: a bill of the toy maker"}
    with pytest.raises(UnsupportedFormat, match="a bill of the toy maker"):
        recognise_all([str(tmp_path / "b.toy"), str(tmp_path / "c.txt")], strict=True)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"is empty: expected one of pcap"),
        (b"hello there", r"no record of flows: expected one of pcap.*, found text that begins 'hello there'; --format"),
        (b"\x00\x01\x02\x03", r"found bytes 00 01 02 03"),
        (b"PK\x03\x04" + bytes(60), r"is a zip archive: unpack it first, or unzip -p \S+x \| clan"),
        (b"\xfd7zXZ\x00\x00", r"is compressed by xz: .* xz -dc"),
        (gzip.compress(b"", mtime=0)[:-6], r"is empty \(damaged compressed data"),
    ],
)
def test_what_is_nothing_says_what_was_found(data: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(UnsupportedFormat, match=message):
        FlowReader([str(tmp_path / "x")])


def test_origin_is_what_a_model_remembers(tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_bytes(PCAP)
    reader = FlowReader([str(tmp_path)])
    assert reader.origin() == {"kind": "packets", "formats": ["pcap"], "settings": reader.settings.manifest()}
    assert reader.groups == ("flow",)


def test_alerts_that_clan_wrote_are_no_log_of_suricata(tmp_path: Path) -> None:
    """They have the form of its events, and lie where people look at logs."""
    (tmp_path / "alerts.ndjson").write_text(encode(alert()) + "\n")
    with pytest.raises(UnsupportedFormat):
        recognise(str(tmp_path / "alerts.ndjson"))
