"""Listening: datagrams of a real socket become flows, and what is no place to listen is said."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import polars as pl
import pytest
from tests.sources.netflow.export import V4_FIELDS, record_set, template, v4_record, v5, v9

from clan.cli import main
from clan.errors import ConfigError, SourceUnavailable
from clan.schema import CARRIED, IDENTITY, features_of
from clan.sources import NetflowReader, Place, parse_place
from clan.sources.netflow.listener import Listener
from clan.sources.netflow.waiting import SET_BYTES

LOOPBACK = Place("127.0.0.1", 0)


def listen(send: Callable[[int], None], n: int) -> tuple[pl.DataFrame, NetflowReader]:
    """Flows of what is sent to a port, when so many datagrams have come."""
    reader = NetflowReader([LOOPBACK])
    reader.on_status = lambda status: reader.stop() if status.packets >= n else None
    sender = threading.Thread(target=send, args=(reader.listeners[0].place.port,))
    sender.start()
    deadline = threading.Timer(20, reader.stop)
    deadline.start()
    flows = pl.concat(list(reader.batches()))
    deadline.cancel()
    sender.join()
    return flows, reader


def sent(*datagrams: bytes) -> Callable[[int], None]:
    def send(port: int) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for datagram in datagrams:
                out.sendto(datagram, ("127.0.0.1", port))

    return send


def test_datagrams_become_flows() -> None:
    there = v4_record(flags=0x1B, packets=4)
    back = v4_record("10.0.0.2", "10.0.0.1", ports=(80, 40000), flags=0x13, packets=3, first=3_595_500)
    fields = template(256, V4_FIELDS)
    flows, reader = listen(sent(v5([there, back]), v9(fields, record_set(256, v4_record("10.9.9.9"))), b"\0\1x"), 3)
    assert flows.columns == [*IDENTITY, *CARRIED, *(f.name for f in features_of(["conn"]))]
    assert flows.sort("src_ip")["conn_bwd_packets"].to_list() == [3, 0]
    row = flows.sort("src_ip").row(0, named=True)
    assert (row["conn_established"], row["conn_bwd_fin"], row["source"]) == (1, 1, "127.0.0.1")
    assert row["community_id"] is not None
    assert reader.report.counts["unsupported_datagrams"] == 1
    assert reader.report.streams == 1


def test_exporters_share_the_room_for_records_without_template() -> None:
    reader = NetflowReader([LOOPBACK])

    class Heard(Listener):
        def datagrams(self, most: int) -> Iterator[tuple[bytes, str]]:
            yield from ((v9(record_set(256, v4_record())), f"192.0.2.{i}") for i in range(3))

    listener = Heard(LOOPBACK)
    reader._hear(listener)
    listener.close()
    reader.close()
    assert reader._early.n_bytes > 3 * SET_BYTES


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("udp://127.0.0.1:9995", Place("127.0.0.1", 9995)),
        ("udp://", Place("127.0.0.1", 2055)),
        ("udp://localhost", Place("127.0.0.1", 2055)),
        ("udp://[::1]:4739/", Place("::1", 4739)),
        ("udp://0.0.0.0:1", Place("0.0.0.0", 1)),
    ],
)
def test_places(text: str, place: Place) -> None:
    assert parse_place(text) == place
    assert parse_place(str(place)) == place


@pytest.mark.parametrize("text", ["2055", "tcp://127.0.0.1:1", "udp://host.example:1", "udp://127.0.0.1:99999"])
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(ConfigError, match="--listen"):
        parse_place(text)


def test_a_port_that_is_taken() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(SourceUnavailable, match=r"cannot listen on udp://127\.0\.0\.1:\d+: Address already in use"):
            NetflowReader([Place("127.0.0.1", taken.getsockname()[1])])


@pytest.mark.parametrize(
    "arguments",
    [["--listen", "udp://", "-r", "x.pcap"], ["--listen", "udp://", "--strict"], ["--listen", "nowhere"]],
)
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["flows", *arguments]) == 2
    assert "--listen" in capsys.readouterr().err


def test_records_tell_no_packet_features(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["flows", "--listen", "udp://127.0.0.1:0", "--features", "flow"]) == 2
    assert "netflow cannot tell feature group 'flow'" in " ".join(capsys.readouterr().err.split())
