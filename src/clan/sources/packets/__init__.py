"""Captures: pcap and pcapng, plain, gzip or zstd, from files or standard input."""

from clan.sources.packets.bytestream import STDIN, ByteStream, ByteStreams
from clan.sources.packets.decompress import COMPRESSED, unpacked
from clan.sources.packets.reader import PacketReader, is_capture
from clan.sources.packets.source import PacketSource

__all__ = ["COMPRESSED", "STDIN", "ByteStream", "ByteStreams", "PacketReader", "PacketSource", "is_capture", "unpacked"]
