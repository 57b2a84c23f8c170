"""What `clan watch` reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from clan.errors import ConfigError, SettingsError
from clan.flows import EarlyReports
from clan.sources import Input, is_redis, parse_place, without_credentials
from clan.watch.kinds import Checked, FilePath, Range


def _place(text: str) -> None:
    try:
        parse_place(text)
    except ConfigError as error:
        raise ConfigError(str(error).removeprefix("--listen ")) from error


@dataclass(frozen=True, kw_only=True)
class SourceSettings:
    """What is read: interfaces, exporters, logs that grow, or files; one kind of them.

    Attributes:
        interfaces: Capture live on these.
        listen: Take NetFlow v5, v9 and IPFIX that exporters send here, such as udp://127.0.0.1:2055.
        follow: Logs that grow (Zeek conn.log, Suricata eve.json), or redis://HOST:PORT/KEY.
        read: Files that are read to their end; clan watch ends with them. For trying out.
        bpf: With interfaces: capture only what this filter lets through.
        capture_tool: With interfaces: the first of these that may capture, unless one is named.
        format: With follow and read: take every file as this format instead of looking at it.
        early_packets: With interfaces: report a flow early at so many packets; 0 is never.
        early_s: With interfaces: report a flow early when it is so old; 0 is never.
    """

    TO_CHANGE: ClassVar = {"interfaces": ["eth0"]}
    EXAMPLES: ClassVar = {
        "listen": ["udp://127.0.0.1:2055"],
        "follow": ["/opt/zeek/logs/current/conn.log"],
        "read": ["monday.pcap"],
        "bpf": "not port 22",
        "capture_tool": "tcpdump",
        "format": "zeek",
    }

    interfaces: tuple[str, ...] = ()
    listen: tuple[Annotated[str, Checked(_place)], ...] = ()
    follow: tuple[Annotated[str, FilePath()], ...] = ()
    read: tuple[Annotated[str, FilePath()], ...] = ()
    bpf: str | None = None
    capture_tool: Literal["tcpdump", "dumpcap", "afpacket"] | None = None
    format: str | None = None
    early_packets: Annotated[int, Range(0, 1 << 31)] = 10_000
    early_s: Annotated[float, Range(0, 86_400)] = 30.0

    def __post_init__(self) -> None:
        wrong = [] if len(self._given) == 1 else [self._how_many()]
        if not self.interfaces and (self.bpf or self.capture_tool):
            wrong.append("bpf and capture_tool are for live capture: name interfaces")
        if self.format is not None and not (self.follow or self.read):
            wrong.append("format is for follow and read")
        if any(is_redis(path) for path in self.read):
            wrong.append("read: what comes from Redis has no end; name it in follow")
        if wrong:
            raise SettingsError(wrong)

    @property
    def _given(self) -> list[str]:
        return [name for name in ("interfaces", "listen", "follow", "read") if getattr(self, name)]

    def _how_many(self) -> str:
        if not self._given:
            return (
                'nothing to watch: name interfaces = ["eth0"], listen = ["udp://127.0.0.1:2055"] or '
                'follow = ["/opt/zeek/logs/current/conn.log"]'
            )
        return f"one kind of source at a time, got {' and '.join(self._given)}; run clan watch once for each"

    def input(self, *, state: str | None) -> Input:
        """Give the source as readers are opened with; `state` is where positions in logs are kept."""
        return Input(
            paths=self.follow or self.read,
            interfaces=self.interfaces,
            listen=self.listen,
            bpf=self.bpf,
            tool=self.capture_tool,
            format_name=self.format,
            follow=bool(self.follow),
            state=state if self.follow else None,
        )

    @property
    def early(self) -> EarlyReports:
        """When long flows are reported early."""
        return EarlyReports(packets=self.early_packets or None, seconds=self.early_s or None)

    def __str__(self) -> str:
        return ", ".join(map(without_credentials, self.interfaces or self.listen or self.follow or self.read))
