"""Captures as a source of flows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from clan.errors import ConfigError
from clan.flows import PACKET_GROUPS, FlowEngine, FlowSettings
from clan.sources.base import stream_name
from clan.sources.groups import in_order, measured, wanted_groups
from clan.sources.packets.bytestream import ByteStreams
from clan.sources.packets.reader import CHUNK_BYTES, PacketReader


class PacketSource:
    """One stream of packets: a capture, or the parts of a rotated one in their order.

    Args:
        paths: Files, or `-`; each is opened when its turn comes, the first at once.
        settings: How flows are cut.
        chunk_bytes: Bytes read at a time; the result does not depend on it.
        features: Feature groups, of `groups`; None: the first of them.
        strict: Raise on damage instead of going on with what could be read.

    Raises:
        ConfigError: A group that packets do not tell.
        SourceUnavailable: A file cannot be opened.
        UnsupportedFormat: A file is no capture.
        MalformedRecord: A file is damaged, and reading is strict.
    """

    kind = "packets"
    groups: tuple[str, ...] = PACKET_GROUPS

    def __init__(
        self,
        paths: Sequence[str],
        settings: FlowSettings,
        *,
        features: Sequence[str] | None = None,
        chunk_bytes: int = CHUNK_BYTES,
        strict: bool = False,
    ) -> None:
        if not paths:
            raise ConfigError("a source of packets needs at least one path")
        self.name = stream_name(paths[0])
        self.settings = settings.manifest()
        self._chunk_bytes, self._strict = chunk_bytes, strict
        self._features = wanted_groups(features, told=self.groups, kind=self.kind)
        self._engine = FlowEngine(settings, source=self.name, groups=measured(self._features))
        self._streams = ByteStreams(paths, name=self.name)
        self._warnings: list[str] = []
        self._bad_packets = 0
        self.bytes_read = 0

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield the flows of the stream in order of (`ts_end`, `uid`)."""
        for stream in self._streams:
            reader = PacketReader(stream, chunk_bytes=self._chunk_bytes, strict=self._strict)
            before = self.bytes_read
            for packets in reader.chunks():
                self.bytes_read = before + stream.position()
                for batch in self._engine.feed(packets):
                    yield in_order(batch, self._features)
            self._warnings += reader.warnings
            self._bad_packets += reader.bad_packets
        for batch in self._engine.finish():
            yield in_order(batch, self._features)

    def counts(self) -> dict[str, int]:
        """Give what became of every packet so far."""
        return {**self._engine.counts(), "bad_packet_blocks": self._bad_packets}

    def warnings(self) -> list[str]:
        """Give what the user should know: truncation, damage, checksums that are wrong."""
        hint = checksum_hint(self._engine.counts(), self.name)
        return [*self._warnings, hint] if hint else self._warnings

    def close(self) -> None:
        """Close the file."""
        self._streams.close()


def checksum_hint(counts: Mapping[str, int], name: str) -> str | None:
    """Say that checksums are wrong, where more than a stray packet has a wrong one."""
    checked, wrong = counts["checked_checksums"], counts["wrong_checksums"]
    if wrong < 5 or wrong < 0.01 * checked:
        return None
    return (
        f"{name}: {wrong:,} of {checked:,} TCP and UDP checksums looked at are wrong, as they are where the capturing "
        "host leaves them to its network card; all packets were counted"
    )
