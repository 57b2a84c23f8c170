"""Syslog reaches rsyslog over UDP and TCP and a receiver that is verified over TLS; an outage loses nothing."""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from syslog_rfc5424_parser import SyslogMessage
from tests.alerts.delivery.fakes import until
from tests.alerts.sinks.events import alert, hostile_events, incident, usual_events
from tests.alerts.sinks.transports.receivers import Rsyslog, certificate, free_port, running
from tests.alerts.sinks.transports.sending import ids_of, numbered, sink_of, without_repetitions

from clan.alerts import Alert, Incident, SinkSettings
from clan.alerts.sinks import encoding_names, encoding_of
from clan.alerts.sinks.encodings.syslog import FACILITIES, Syslog
from clan.errors import ConfigError, SourceUnavailable

# RFC 5424, section 6: every record of ours, and nothing else.
_VALUE = r'"(?:[^"\\\]]|\\["\\\]])*"'
_RECORD = re.compile(
    r"<(?P<pri>\d{1,3})>1 (?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z) (?P<host>[!-~]{1,255}) clan - "
    rf'(?P<msgid>alert|incident) \[(?P<id>[^\s=\]"]{{1,32}})(?P<data>(?: \w{{1,32}}={_VALUE})*)\] (?P<msg>.*)'
)
_PARAMETER = re.compile(rf" (\w+)=({_VALUE})")


def parsed(record: bytes) -> tuple[dict[str, str], dict[str, str]]:
    """Header and parameters of a record that keeps to the grammar."""
    match = _RECORD.fullmatch(record.decode())
    assert match, record
    assert int(match["pri"]) <= 191
    data = {name: re.sub(r"\\(.)", r"\1", value[1:-1]) for name, value in _PARAMETER.findall(match["data"])}
    return match.groupdict(), data


def syslog(name: str = "text") -> Syslog:
    return Syslog(encoding_of(name), facility="authpriv", sd_id="clan@32473", host="sensor")


@pytest.mark.parametrize("name", [n for n in encoding_names() if n not in ("stix", "zeek")])
def test_every_format_goes_into_a_record(name: str) -> None:
    for event in usual_events():
        header, _ = parsed(syslog(name).encode(event))
        assert header["msg"] == encoding_of(name).encode(event).decode()


@settings(max_examples=80)
@given(event=hostile_events())
def test_hostile_events_keep_to_the_grammar(event: Alert | Incident) -> None:
    record = syslog().encode(event)
    _, data = parsed(record)
    assert float(data["score"]) == event.anomaly_score
    SyslogMessage.parse(record.decode())  # a second opinion


def test_what_a_record_says() -> None:
    event = alert(severity=1, src_name="x")
    header, data = parsed(syslog().encode(event))
    assert header["pri"] == str(10 * 8 + 2)
    assert header["host"] == "sensor"
    assert data["id"] == event.alert_id
    assert (data["src"], data["srcPort"], data["severity"]) == (event.src_ip, str(event.src_port), "high")
    assert parsed(syslog().encode(incident()))[1]["alerts"] == "10000"


def test_facilities_have_the_numbers_of_the_standard() -> None:
    assert (FACILITIES["kern"], FACILITIES["authpriv"], FACILITIES["local0"], FACILITIES["local7"]) == (0, 10, 16, 23)


@pytest.fixture
def rsyslog(tmp_path: Path) -> Iterator[Rsyslog]:
    with running(Rsyslog(tmp_path)) as found:
        yield found


def arrived(rsyslog: Rsyslog) -> list[str]:
    """Ids of the alerts that rsyslog has taken apart rightly."""
    found = rsyslog.records()
    assert {(each["app"], each["msgid"], each["pri"][:1]) for each in found} <= {("clan", "alert", "8")}
    return [each["data"].split('id="')[1].split('"')[0] for each in found]


def test_rsyslog_takes_datagrams_apart(rsyslog: Rsyslog, tmp_path: Path) -> None:
    alerts = numbered(20)
    with sink_of(f"syslog+udp://127.0.0.1:{rsyslog.udp}?format=ecs", tmp_path, settle=0.1) as sink:
        for each in alerts:
            sink.emit(each)
        until(lambda: len(rsyslog.records()) == 20, "twenty datagrams")
    assert sink.counters()["sent"] == 20
    assert arrived(rsyslog) == ids_of(alerts)
    assert json.loads(rsyslog.records()[0]["msg"])["event"]["id"] == alerts[0].alert_id
    assert rsyslog.records()[0]["time"].startswith("2024-03-05T")


@pytest.mark.parametrize("kill", [False, True])
def test_an_outage_over_tcp_loses_nothing(rsyslog: Rsyslog, tmp_path: Path, kill: bool) -> None:
    alerts = numbered(300)
    with sink_of(f"syslog+tcp://127.0.0.1:{rsyslog.tcp}?format=cef", tmp_path, settle=0.3) as sink:
        for each in alerts[:100]:
            sink.emit(each)
        until(lambda: len(rsyslog.records()) >= 50, "the first alerts")
        rsyslog.stop(kill=kill)
        for each in alerts[100:200]:
            sink.emit(each)
        until(lambda: sink.counters()["retried"] > 1, "a try that failed")
        rsyslog.start()
        for each in alerts[200:]:
            sink.emit(each)
    count = sink.counters()
    assert (count["sent"], count["spooled"], count["dropped"]) == (300, 0, {})
    until(lambda: len(without_repetitions(arrived(rsyslog))) == 300, "all alerts")
    assert without_repetitions(arrived(rsyslog)) == ids_of(alerts)


def test_octets_are_counted_so_that_a_line_break_ends_nothing(rsyslog: Rsyslog, tmp_path: Path) -> None:
    with sink_of(f"syslog+tcp://127.0.0.1:{rsyslog.tcp}?format=eve", tmp_path) as sink:
        sink.emit(alert(src_name="a\n<13>1 - - - - - - forged", uid="\r\n"))
    until(lambda: len(rsyslog.records()) == 1, "one record")
    assert json.loads(rsyslog.records()[0]["msg"])["alert"]["metadata"]["uid"] == ["\r\n"]


def test_nobody_listens_over_udp(tmp_path: Path) -> None:
    """The machine's refusal is noticed, and everything is kept for the next time."""
    url = f"syslog+udp://127.0.0.1:{free_port(socket.SOCK_DGRAM)}"
    with sink_of(url, tmp_path, settle=0.1, drain=0.5) as sink:
        for each in numbered(3):
            sink.emit(each)
    assert sink.counters()["spooled"] == 3
    assert "refused" in sink.counters()["last_error"]


class TlsReceiver:
    """Counts octets as RFC 5425 does."""

    def __init__(self, tls: tuple[Path, Path]) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        self._listener = context.wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True)
        self.port = self._listener.getsockname()[1]
        self.data = b""

    def start(self) -> None:
        """Take connections until stopped."""
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except ssl.SSLError:
                continue
            except OSError:
                return
            with connection:
                while data := connection.recv(65536):
                    self.data += data

    def stop(self) -> None:
        """Stop."""
        self._listener.close()

    def records(self) -> list[bytes]:
        """What came, by its octet counts."""
        found, rest = [], self.data
        while rest:
            count, _, rest = rest.partition(b" ")
            found.append(rest[: int(count)])
            rest = rest[int(count) :]
        return found


@pytest.mark.parametrize("option", ["ca", "cert"])
def test_certificates_that_cannot_be_read_and_those_that_are_none(tmp_path: Path, option: str) -> None:
    junk = tmp_path / "junk.pem"
    junk.write_text("no certificate")
    with pytest.raises(SourceUnavailable, match=r"the certificates in .*nowhere\.pem cannot be read: No such file"):
        sink_of("syslog+tls://127.0.0.1:9", tmp_path, **{option: "nowhere.pem"})
    with pytest.raises(ConfigError, match=r"junk\.pem cannot be used"):
        sink_of("syslog+tls://127.0.0.1:9", tmp_path, **{option: str(junk)})


def test_tls_is_verified(tmp_path: Path) -> None:
    tls = certificate(tmp_path)
    alerts = numbered(10)
    with running(TlsReceiver(tls)) as receiver:
        url = f"syslog+tls://127.0.0.1:{receiver.port}"
        with sink_of(url, tmp_path, ca=str(tls[0]), settle=0.2) as sink:
            for each in alerts:
                sink.emit(each)
        assert sink.counters()["sent"] == 10
        assert [parsed(record)[1]["id"] for record in receiver.records()] == ids_of(alerts)
        with sink_of(url, tmp_path, name="unknown-authority", drain=0.5) as sink:
            sink.emit(alerts[0])
        assert "certificate verify failed" in sink.counters()["last_error"]
        wrong = certificate(tmp_path, "elsewhere.example")
    with (
        running(TlsReceiver(wrong)) as receiver,
        sink_of(f"syslog+tls://127.0.0.1:{receiver.port}", tmp_path, ca=str(wrong[0]), drain=0.5) as sink,
    ):
        sink.emit(alerts[0])
    assert "certificate verify failed" in sink.counters()["last_error"]
    assert sink.counters()["spooled"] == 1


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("syslog+udp://", "is written syslog\\+udp://HOST:514"),
        ("syslog+tcp://h/path", "is written syslog\\+tcp"),
        ("syslog+tcp://h?ca=x", "ca, cert and key are for syslog\\+tls"),
        ("syslog+tcp://h?timeout=0s", "timeout is between 0 and 60 s"),
        ("syslog+tcp://h?settle=2h", "settle is between"),
        ("syslog+tcp://h:99999", "cannot be read"),
        ("syslog+tcp://h?facility=locl0", "did you mean 'local0'"),
        ("syslog+tcp://h?sd_id=a%20b", "sd_id is printable ASCII"),
    ],
)
def test_mistakes(url: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        sink_of(url, tmp_path)
    assert SinkSettings.from_url("syslog+tls://[::1]").address.host == "::1"
