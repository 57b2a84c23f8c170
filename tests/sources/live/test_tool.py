"""Tools are started without a shell, with checked names, and their failures become advice."""

from __future__ import annotations

import shutil

import pytest

from clan.errors import ConfigError, SourceUnavailable, UnknownNameError
from clan.sources.live.tool import TOOLS, check_interface, explain, usable_tools


@pytest.mark.parametrize("name", ["", "-w", "eth0; id", "../x", "no-such-interface", "lo\n", "x" * 80])
def test_what_is_no_interface_is_refused(name: str) -> None:
    with pytest.raises(SourceUnavailable, match=r"there is no interface .*; there are: .*lo"):
        check_interface(name)


@pytest.mark.parametrize("name", ["lo", "any"])
def test_interfaces(name: str) -> None:
    check_interface(name)


@pytest.mark.parametrize("name", ["tcpdump", "dumpcap"])
def test_a_filter_is_one_argument_and_never_an_option(name: str) -> None:
    arguments = TOOLS[name].arguments("lo", "-w /tmp/x or port 80")
    assert arguments[-1] == "-w /tmp/x or port 80"
    assert arguments[-2] in ("--", "-f")
    assert "-f" not in (arguments := TOOLS[name].arguments("lo", None))
    assert "--" not in arguments


@pytest.mark.parametrize(
    ("name", "said", "drops"),
    [
        ("tcpdump", "tcpdump: 6 packets captured, 12 packets received by filter, 3 packets dropped by kernel\n", "3"),
        ("tcpdump", "6 packets captured\n1 packet dropped by kernel\n", "1"),
        ("dumpcap", "Packets received/dropped on interface 'eth0': 90/10 (pcap:10/dumpcap:0/flushed:0) (90.0%)", "10"),
        ("afpacket", "4 packets dropped by kernel\n", "4"),
    ],
)
def test_drops_are_found_in_what_tools_say(name: str, said: str, drops: str) -> None:
    assert TOOLS[name].drops.findall(said) == [drops]


@pytest.mark.parametrize(
    ("name", "said", "message"),
    [
        (
            "tcpdump",
            "tcpdump: lo: You don't have permission to perform this capture on that device\n(socket: Operation not)",
            "no permission to capture on lo .*sudo setcap cap_net_raw,cap_net_admin=eip .*tcpdump$",
        ),
        (
            "tcpdump",
            "tcpdump: nope0: No such device exists\n(No such device exists)",
            "cannot capture on lo: nope0: No",
        ),
        (
            "dumpcap",
            "Capturing on 'lo'\ndumpcap: There is no device named \"x\".\n(No such",
            "There is no device named",
        ),
        ("afpacket", "afpacket: Operation not permitted\n", "install tcpdump and let it capture"),
    ],
)
def test_failures_are_explained(name: str, said: str, message: str) -> None:
    error = explain(TOOLS[name], "lo", None, said)
    with pytest.raises(SourceUnavailable, match=message):
        raise error


@pytest.mark.parametrize(
    "said",
    [
        "tcpdump: can't parse filter expression: syntax error",
        "dumpcap: Invalid capture filter \"tpc\" for interface 'lo'.",
    ],
)
def test_a_bad_filter_is_wrong_usage(said: str) -> None:
    with pytest.raises(ConfigError, match="does not understand the filter 'tpc'"):
        raise explain(TOOLS[said.split(":", maxsplit=1)[0]], "lo", "tpc", said)


def test_tools_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: name if "python" in name else None)
    assert [tool.name for tool, _ in usable_tools(None, None)] == ["afpacket"]
    with pytest.raises(ConfigError, match="--bpf needs tcpdump or dumpcap: apt-get install tcpdump"):
        usable_tools(None, "tcp")
    with pytest.raises(SourceUnavailable, match="dumpcap is not installed: apt-get install wireshark-common"):
        usable_tools("dumpcap", None)
    with pytest.raises(UnknownNameError, match="did you mean 'tcpdump'"):
        usable_tools("tcpdum", None)
