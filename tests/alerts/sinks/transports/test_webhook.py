"""Webhooks are verified, signed, never redirected, and an outage loses nothing."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
import time
from pathlib import Path

import pytest
from tests.alerts.delivery.fakes import until
from tests.alerts.sinks.transports.receivers import Hook, certificate, running
from tests.alerts.sinks.transports.sending import ids_of, numbered, sink_of, without_repetitions

from clan.alerts import SinkSettings
from clan.alerts.sinks import encoding_of
from clan.alerts.sinks.transports.webhook import signature
from clan.errors import ConfigError, SourceUnavailable

KEY = "a key that both sides know"


def verify(key: str, headers: dict[str, str], body: bytes, *, now: float, tolerance_s: float = 300) -> bool:
    """What docs/sinks.md shows a receiver to do."""
    stamp = headers.get("X-Clan-Timestamp", "")
    if not stamp.isdigit() or abs(now - int(stamp)) > tolerance_s:
        return False
    expected = hmac.new(key.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"v1={expected}", headers.get("X-Clan-Signature", ""))


def received(hook: Hook) -> list[str]:
    """Ids of the alerts that came."""
    return [json.loads(line)["event"]["id"] for _, _, body in hook.requests for line in body.splitlines()]


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("CLAN_TEST_KEY", KEY)
    return "CLAN_TEST_KEY"


def test_an_outage_over_https_loses_nothing_and_every_request_is_signed(tmp_path: Path, key: str) -> None:
    tls = certificate(tmp_path)
    alerts = numbered(90)
    with running(Hook(tls)) as hook:
        url = f"webhook+https://127.0.0.1:{hook.port}/in"
        with sink_of(url, tmp_path, secret_env=key, ca=str(tls[0]), batch=7) as sink:
            for each in alerts[:30]:
                sink.emit(each)
            until(lambda: len(hook.requests) >= 3, "some requests")
            hook.stop()
            for each in alerts[30:60]:
                sink.emit(each)
            until(lambda: sink.counters()["retried"] > 1, "a try that failed")
            hook.start()
            for each in alerts[60:]:
                sink.emit(each)
        assert sink.counters()["sent"] == 90
    assert without_repetitions(received(hook)) == ids_of(alerts)
    for path, headers, body in hook.requests:
        assert path == "/in"
        assert headers["Content-Type"] == "application/x-ndjson"
        assert verify(KEY, headers, body, now=time.time())
        assert not verify(KEY, headers, body + b" ", now=time.time())
        assert not verify(KEY, headers, body, now=time.time() + 301)
        assert not verify("another", headers, body, now=time.time())


def test_certificates_are_verified(tmp_path: Path, key: str) -> None:
    tls = certificate(tmp_path)
    with running(Hook(tls)) as hook:
        with sink_of(f"webhook+https://127.0.0.1:{hook.port}/", tmp_path, secret_env=key, drain=0.3) as sink:
            sink.emit(numbered(1)[0])
        assert hook.requests == []
    assert "certificate verify failed" in sink.counters()["last_error"]
    assert sink.counters()["spooled"] == 1


def test_authorities_that_cannot_be_read_and_those_that_are_none(tmp_path: Path, key: str) -> None:
    junk = tmp_path / "junk.pem"
    junk.write_text("no certificate")
    url = "webhook+https://127.0.0.1:9/"
    with pytest.raises(SourceUnavailable, match=r"the authorities in nowhere\.pem cannot be read: No such file"):
        sink_of(url, tmp_path, secret_env=key, ca="nowhere.pem")
    with pytest.raises(ConfigError, match=r"junk\.pem cannot be used"):
        sink_of(url, tmp_path, secret_env=key, ca=str(junk))


def test_redirections_are_not_followed(tmp_path: Path) -> None:
    with running(Hook()) as hook:
        hook.answers = [307] * 1000
        with sink_of(f"webhook+http://127.0.0.1:{hook.port}/in", tmp_path, signed="no", drain=0.3) as sink:
            sink.emit(numbered(1)[0])
    assert hook.requests == []
    assert "redirections are not followed" in sink.counters()["last_error"]
    assert sink.counters()["spooled"] == 1


def test_answers_that_mean_later_and_answers_that_mean_never(tmp_path: Path) -> None:
    with running(Hook()) as hook:
        hook.answers = [503, 429, 401, 200, 400, 200]
        url = f"webhook+http://127.0.0.1:{hook.port}/in"
        with sink_of(url, tmp_path, signed="no", batch=1, token_file=str(_token(tmp_path))) as sink:
            for each in numbered(3):
                sink.emit(each)
    count = sink.counters()
    assert (count["sent"], count["retried"], count["dropped"]) == (2, 3, {"rejected": 1})
    assert received(hook) == [ids_of(numbered(3))[i] for i in (0, 2)]
    _, headers, body = hook.requests[0]
    assert headers["Content-Type"] == "application/json"
    assert headers["Authorization"] == "Bearer t0ken"
    assert body.count(b"\n") == 0


def _token(folder: Path) -> Path:
    path = folder / "token"
    path.write_text("t0ken\n")
    return path


def test_a_stix_bundle_is_one_document(tmp_path: Path) -> None:
    with running(Hook()) as hook:
        url = f"webhook+http://127.0.0.1:{hook.port}/in?format=stix"
        with sink_of(url, tmp_path, signed="no") as sink:
            for each in numbered(3):
                sink.emit(each)
    bundles = [json.loads(body) for _, _, body in hook.requests]
    assert sum(o["type"] == "indicator" for b in bundles for o in b["objects"]) == 3
    assert hook.requests[0][1]["Content-Type"] == "application/stix+json;version=2.1"


def test_a_receiver_that_drips_its_answer_is_cut_off(tmp_path: Path) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    ends = threading.Event()

    def drip() -> None:
        while not ends.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    while not ends.wait(0.05):
                        connection.sendall(b"H")
                except OSError:
                    pass

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    url = f"webhook+http://127.0.0.1:{listener.getsockname()[1]}/in"
    with sink_of(url, tmp_path, signed="no", timeout=0.3, drain=30) as sink:
        sink.emit(numbered(1)[0])
        until(lambda: sink.counters()["retried"] >= 1, "the end of the try")
        sink.delivery.settings = sink.delivery.settings.__class__(drain_s=0.0)  # type: ignore[attr-defined]
        ends.set()
        listener.close()
    assert sink.counters()["spooled"] == 1


def test_signature_is_the_documented_one() -> None:
    expected = hmac.new(b"secret", b'1700000000.{"a":1}', hashlib.sha256).hexdigest()
    assert signature("secret", "1700000000", b'{"a":1}') == f"v1={expected}"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("webhook+https://h/x", "requests are signed: name the key with secret_env=VARIABLE"),
        ("webhook+http://192.0.2.1/x?signed=no", "webhook\\+http:// is for this machine"),
        ("webhook+https:///x?signed=no", "is written webhook\\+https://HOST/PATH"),
        ("webhook+https://h/x?secret_env=CLAN_NO_SUCH", "CLAN_NO_SUCH should hold the key of a webhook"),
        ("webhook+https://h/x?signed=no&batch=0", "batch is between"),
        ("webhook+https://h/x?signed=no&timeout=2h", "timeout is between"),
        ("webhook+https://u:p@h/x", "password_env"),
        ("webhook+https://h/x?signed=no&token_scheme=a%0d%0ab", "token_scheme is letters"),
    ],
)
def test_mistakes(url: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        sink_of(url, tmp_path)


def test_the_path_is_not_shown(tmp_path: Path) -> None:
    settings = SinkSettings.from_url("webhook+https://h/services/T0/SECRET?signed=no")
    transport = settings.kind.opener.open_transport(settings.address, settings.options, encoding_of("ecs"))
    assert "SECRET" not in transport.place + repr(settings) + settings.name
