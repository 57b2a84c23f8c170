"""Options that several commands share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from clan.errors import ConfigError
from clan.sources import Input

More = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PATH]...", help="More captures, so that -r a.pcap b.pcap and -r *.pcap work.", show_default=False
    ),
]
Read = Annotated[
    list[str] | None,
    typer.Option(
        "-r",
        "--read",
        metavar="PATH",
        help="What to read: a file, a folder, a glob or - for standard input; repeatable. Captures, Zeek and Suricata "
        "logs, nfdump, Argus, CSV and Parquet; also .gz and .zst.",
        show_default=False,
    ),
]
Interface = Annotated[
    list[str] | None,
    typer.Option(
        "-i",
        "--interface",
        metavar="IFACE",
        help="Capture live on this interface until Ctrl-C instead of reading files; repeatable. Needs tcpdump or "
        "dumpcap with the privilege to capture; clan itself needs none.",
        show_default=False,
    ),
]
Bpf = Annotated[
    str | None,
    typer.Option(
        "--bpf", metavar="EXPR", help="With -i: capture only what this filter lets through.", show_default=False
    ),
]
CaptureTool = Annotated[
    str | None,
    typer.Option(
        "--capture-tool",
        metavar="NAME",
        help="With -i: tcpdump, dumpcap or afpacket; by default the first of these that may capture.",
        show_default=False,
    ),
]


def _share(param: typer.CallbackParam, value: float) -> float:
    """Refuse what is no share; NaN neither."""
    if not 0 < value < 1:
        raise ConfigError(f"{param.opts[0]} must be between 0 and 1, got {value}")
    return value


def _share_or_none(param: typer.CallbackParam, value: float | None) -> float | None:
    """Refuse what was given and is no share."""
    return None if value is None else _share(param, value)


Prevalence = Annotated[
    float,
    typer.Option(
        "--prevalence", callback=_share, help="Share of flows that are attacks where you are, for the precision."
    ),
]
UnknownShare = Annotated[
    float,
    typer.Option("--unknown-share", callback=_share, help="Share of known flows that may be called unknown."),
]
AlertsPerDay = Annotated[
    float | None, typer.Option("--alerts-per-day", help="Budget: false alarms a day that you can take.")
]
IncidentsPerDay = Annotated[
    float | None, typer.Option("--incidents-per-day", help="Budget: false incidents a day that you can take.")
]
Fpr = Annotated[float | None, typer.Option("--fpr", help="Budget: share of benign flows that may alert.")]
Fdr = Annotated[
    float | None,
    typer.Option(
        "--fdr",
        metavar="Q",
        callback=_share_or_none,
        help="Of the flows beyond the threshold, alert only for so many that at most this share is false.",
        show_default=False,
    ),
]
By = Annotated[
    str | None,
    typer.Option(
        "--by",
        metavar="KEYS",
        help="A threshold for each server, client, service, protocol, hour or weekday with enough flows; several "
        "with commas, coarse to fine, such as protocol,hour; none for one threshold.",
        show_default=False,
    ),
]
Days = Annotated[
    float | None, typer.Option("--days", help="Days that the flows stand for, where their times do not tell.")
]
Sinks = Annotated[
    list[str] | None,
    typer.Option(
        "--sink",
        metavar="URL",
        help="Another place for the alerts, such as syslog+tls://HOST:6514?format=cef; repeatable. clan sinks list "
        "says what there is. Without -o, nothing goes to standard output then.",
        show_default=False,
    ),
]
Follow = Annotated[
    bool, typer.Option("--follow", help="Keep reading logs that grow, through their rotation, until Ctrl-C.")
]
State = Annotated[
    str | None,
    typer.Option(
        "--state",
        metavar="FILE",
        help="With --follow: remembers how far each log was read, so that a restart goes on from there.",
        show_default=False,
    ),
]
Listen = Annotated[
    list[str] | None,
    typer.Option(
        "--listen",
        metavar="udp://ADDR:PORT",
        help="Take NetFlow v5, v9 and IPFIX on this port until Ctrl-C instead of reading files; repeatable. "
        "udp://127.0.0.1:2055 hears this machine only, udp://0.0.0.0:2055 everybody.",
        show_default=False,
    ),
]
Columns = Annotated[
    str | None,
    typer.Option(
        "--columns",
        metavar="FILE.toml",
        help="What the columns of a CSV or Parquet table mean, where clan does not know the tool that wrote it.",
        show_default=False,
    ),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="NAME",
        help="Take every input as this format instead of looking at it.",
        show_default=False,
    ),
]
BenignOnly = Annotated[
    bool,
    typer.Option(
        "--benign-only", help="Leave out flows that their own labels call other than benign; those without stay."
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="Stop at the first damaged record instead of counting it.")]
Join = Annotated[
    bool, typer.Option("--join", help="The inputs are the parts of one rotated capture, in the order given.")
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        help="Processes that read several files at once; the result is the same whatever their number. By default as "
        "many as there are cores, where large files make it worth it.",
        show_default=False,
    ),
]
Learn = Annotated[
    str | None,
    typer.Option(
        "--features",
        metavar="GROUPS",
        help="Feature groups to learn, separated by commas: flow, conn, context, payload; by default flow, context, "
        "payload for packets, and conn, context for flow records.",
        show_default=False,
    ),
]
Features = Annotated[
    str | None,
    typer.Option(
        "--features",
        metavar="GROUPS",
        help="Feature groups, separated by commas: flow, conn, payload; by default flow for packets and conn for flow "
        "records.",
        show_default=False,
    ),
]
Config = Annotated[
    str | None,
    typer.Option("-c", "--config", metavar="FILE.toml", help="Configuration of clan watch.", show_default=False),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Set one key over the file, such as --set metrics.port=9469; repeatable.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the summary as JSON on standard output.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Say only what went wrong.")]
Model = Annotated[str, typer.Option("-m", "--model", metavar="MODEL", help="Model file made by clan train.")]


@dataclass(frozen=True, kw_only=True)
class Wanted(Input):
    """What the user asked to read or to capture, checked by the names that options have."""

    def __post_init__(self) -> None:
        self._check_following()
        if self.listen and (self.interfaces or self.paths):
            raise ConfigError("--listen takes what exporters send, -i captures live, -r reads files: use one of them")
        if self.listen and (self.join or self.strict or self.workers is not None):
            raise ConfigError("--join, --strict and --workers are for files, and --listen takes what exporters send")
        if self.interfaces and self.paths:
            raise ConfigError("-i captures live and -r reads files: use one of them")
        if not self.interfaces and (self.bpf or self.tool):
            raise ConfigError("--bpf and --capture-tool are for live capture: name an interface with -i")
        if self.interfaces and (self.join or self.strict):
            raise ConfigError("--join and --strict are for files, and -i captures live")
        if self.interfaces and self.workers is not None:
            raise ConfigError("--workers is for several files; with -i each interface has its own capture process")
        if not self.endless and not self.paths:
            raise ConfigError(
                "nothing to read: name captures with -r, for instance -r monday.pcap, an interface with -i, or a port "
                "that exporters send to with --listen"
            )

    def _check_following(self) -> None:
        if self.following and not self.paths:
            raise ConfigError("--follow reads logs that grow: name them with -r, for instance -r conn.log")
        if self.following and (self.interfaces or self.listen or self.join or self.strict or self.workers is not None):
            raise ConfigError("--follow goes with -r alone: not with -i, --listen, --join, --strict or --workers")
        if self.state is not None and not self.following:
            raise ConfigError("--state is for --follow: it remembers how far logs that grow were read")
        if self.keep_records and (self.interfaces or self.listen):
            raise ConfigError("--annotate writes records on: it is for logs that -r names, not for packets or exports")


def groups_of(features: str | None) -> tuple[str, ...] | None:
    """Split what `--features` was given: names of groups with commas between, blanks around them allowed.

    Example:
        >>> groups_of("flow, conn")
        ('flow', 'conn')
    """
    return None if features is None else tuple(name.strip() for name in features.split(","))


def keys_of(by: str | None) -> tuple[str, ...] | None:
    """Split what `--by` was given; None without it.

    Raises:
        ConfigError: Flows cannot be grouped by one of them.

    Example:
        >>> keys_of("protocol, hour"), keys_of("none")
        (('protocol', 'hour'), ())
    """
    from clan.calibrate import check_keys

    if by is None:
        return None
    keys = tuple(name.strip() for name in by.split(",") if name.strip() not in ("", "none"))
    check_keys(keys)
    return keys


def inputs(read: list[str] | None, more: list[str] | None) -> list[str]:
    """Put together what the user asked to read.

    Raises:
        ConfigError: Nothing.
    """
    paths = [*(read or []), *(more or [])]
    if not paths:
        raise ConfigError("nothing to read: name captures with -r, for instance -r monday.pcap")
    return paths


def columns_of(path: str | None) -> dict[str, Any] | None:
    """Read what `--columns` names; None without it.

    Raises:
        ConfigError, SourceUnavailable: It cannot be read, or names what nobody knows.
    """
    from clan.sources.tabular import ColumnMap

    return None if path is None else ColumnMap.read(path).manifest()
