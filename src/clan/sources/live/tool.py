"""The programs that capture: which there are, how they are started, and what their messages mean.

They hold the privilege; clan reads what they write to a pipe and needs none.
"""

from __future__ import annotations

import re
import shutil
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from clan.errors import ConfigError, SourceError, SourceUnavailable, UnknownNameError

KERNEL_BUFFER_KIB: Final = 32 * 1024
"""Room in the kernel for packets that nobody has taken yet: a quarter of a second at 1 Gbit/s."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,63}")
_PERMISSION = re.compile(r"permission|not permitted|CAP_NET_RAW", re.IGNORECASE)
_FILTER = re.compile(r"filter expression|capture filter|syntax error|unknown host|not a valid", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A program that writes a pcap file to its standard output until SIGINT.

    Attributes:
        name: As `--capture-tool` takes it.
        program: What to look for on the search path.
        arguments: From interface and filter to the arguments behind the program.
        drops: Finds the number of packets that the kernel dropped so far in its messages; the last match counts.
        tells_on_signal: Whether it answers SIGUSR1 with its counters.
        filters: Whether it takes a filter expression.
    """

    name: str
    program: str
    arguments: Callable[[str, str | None], list[str]]
    drops: re.Pattern[str]
    tells_on_signal: bool = False
    filters: bool = True


def _tcpdump(interface: str, bpf: str | None) -> list[str]:
    fixed = ["-i", interface, "-n", "-U", "-s", "0", "-B", str(KERNEL_BUFFER_KIB), "-w", "-"]
    return [*fixed, *(["--", bpf] if bpf else [])]


def _dumpcap(interface: str, bpf: str | None) -> list[str]:
    fixed = ["-q", "-i", interface, "-s", "0", "-B", str(KERNEL_BUFFER_KIB // 1024), "-P", "-w", "-"]
    return [*fixed, *(["-f", bpf] if bpf else [])]


def _afpacket(interface: str, _: str | None) -> list[str]:
    # -I: nothing of the caller's environment or folder gets into a process with privileges.
    return ["-I", str(Path(__file__).with_name("afpacket.py")), interface]


TOOLS: dict[str, Tool] = {
    "tcpdump": Tool(
        name="tcpdump",
        program="tcpdump",
        arguments=_tcpdump,
        drops=re.compile(r"(\d+) packets? dropped by kernel"),
        tells_on_signal=True,
    ),
    "dumpcap": Tool(
        name="dumpcap",
        program="dumpcap",
        arguments=_dumpcap,
        drops=re.compile(r"received/dropped on interface .*: \d+/(\d+) "),
    ),
    "afpacket": Tool(
        name="afpacket",
        program=sys.executable,
        arguments=_afpacket,
        drops=re.compile(r"(\d+) packets dropped by kernel"),
        filters=False,
    ),
}
"""Capture tools in the order in which they are tried.

tcpdump comes first because it tells what the kernel dropped while it runs; dumpcap tells it at its end only. The last
is our own, for machines that have neither.
"""


def usable_tools(name: str | None, bpf: str | None) -> list[tuple[Tool, str]]:
    """List the tools to try, with their programs.

    Args:
        name: The only one to use; None: all that are installed.
        bpf: The filter that it must understand.

    Raises:
        UnknownNameError: No such tool.
        SourceUnavailable: It is not installed.
        ConfigError: It takes no filter.
    """
    if name is not None and name not in TOOLS:
        raise UnknownNameError("capture tool", name, TOOLS)
    wanted = [TOOLS[name]] if name else [*TOOLS.values()]
    found = [(tool, path) for tool in wanted if (path := shutil.which(tool.program))]
    if not found:
        raise SourceUnavailable(f"{wanted[0].program} is not installed: apt-get install {_package(wanted[0])}")
    fitting = [(tool, path) for tool, path in found if tool.filters or bpf is None]
    if not fitting:
        raise ConfigError("--bpf needs tcpdump or dumpcap: apt-get install tcpdump")
    return fitting


def check_interface(name: str) -> None:
    """Refuse what is no interface of this machine; ``any`` is all of them.

    Raises:
        SourceUnavailable: There is none of this name.
    """
    known = [interface for _, interface in socket.if_nameindex()]
    if not _NAME.fullmatch(name) or name not in [*known, "any"]:
        raise SourceUnavailable(f"there is no interface {name!r}; there are: {', '.join(known)}")


def explain(tool: Tool, interface: str, bpf: str | None, messages: str) -> SourceError | ConfigError:
    """Make an error of what a tool said before it ended."""
    said = _last_words(tool, messages)
    if is_permission(messages):
        return SourceUnavailable(f"no permission to capture on {interface} ({said}); {_permission_advice(tool)}")
    if bpf and _FILTER.search(messages):
        return ConfigError(f"{tool.name} does not understand the filter {bpf!r}: {said}")
    return SourceUnavailable(f"{tool.name} cannot capture on {interface}: {said}")


def is_permission(messages: str) -> bool:
    """Tell whether a tool failed for want of privilege."""
    return _PERMISSION.search(messages) is not None


def _permission_advice(tool: Tool) -> str:
    path = shutil.which(tool.program) or tool.program
    if tool.name == "afpacket":
        return "install tcpdump and let it capture: setcap cap_net_raw,cap_net_admin=eip $(which tcpdump)"
    return f"let {tool.name} capture for everybody who may run it: sudo setcap cap_net_raw,cap_net_admin=eip {path}"


def _package(tool: Tool) -> str:
    return {"dumpcap": "wireshark-common"}.get(tool.name, tool.name)


def _last_words(tool: Tool, messages: str) -> str:
    """Choose the line that says what went wrong."""
    lines = [line.strip() for line in messages.splitlines() if line.strip()]
    own = [line for line in lines if line.startswith(f"{tool.name}:") and "listening on" not in line]
    chosen: Sequence[str] = own or lines[-1:] or ["it ended without a word"]
    return chosen[-1].removeprefix(f"{tool.name}:").strip()
