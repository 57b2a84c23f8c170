"""Sinks as they are written: what is wrong is named with the nearest right name, and no secret is repeated."""

from __future__ import annotations

import pytest

from clan.alerts import SinkSettings
from clan.alerts.sinks.address import secret_of
from clan.errors import ConfigError, SourceUnavailable


def test_a_url_and_a_table_say_the_same() -> None:
    url = SinkSettings.from_url("file:/tmp/a%20b.ndjson?rotate=100MB&rotate_every=1d&keep=3&wait=250ms&severity=low")
    table = SinkSettings.from_table(
        {"url": "file:/tmp/a%20b.ndjson", "rotate": "100MB", "rotate_every": 86400, "keep": 3, "wait": 0.25,
         "severity": "low"}
    )  # fmt: skip
    assert url.options == table.options
    assert (url.options.rotate, url.options.rotate_every_s, url.options.keep) == (100_000_000, 86400.0, 3)
    assert (url.delivery, url.name, url.severity) == (table.delivery, table.name, 3)
    assert url.delivery.wait_s == 0.25
    assert (url.address.path, url.format, url.spooled) == ("/tmp/a b.ndjson", "eve", True)


def test_names_tell_sinks_apart_and_stay() -> None:
    a, b = (SinkSettings.from_url(f"file:{name}") for name in "ab")
    assert a.name != b.name
    assert a.name == SinkSettings.from_url("file:a?keep=1&rotate=1MB").name
    assert SinkSettings.from_url("file:a?name=soc").name == "soc"


def test_an_environment_variable_may_hold_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAN_TEST_SINK", "file:x?spool=off")
    settings = SinkSettings.from_url("env:CLAN_TEST_SINK")
    assert settings.address.path == "x"
    assert not settings.spooled


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("alerts.ndjson", "is no sink: write file:alerts"),
        ("filee:a", "unknown kind of sink 'filee'; did you mean 'file'"),
        ("file:", "is written file:alerts"),
        ("file://host/a", "is written file:alerts"),
        ("file:a?rotatee=1MB", "unknown option of a file sink 'rotatee'; did you mean 'rotate'"),
        ("file:a?rotate=big", "option rotate of a file sink takes a whole number or a size such as 100MB, got 'big'"),
        ("file:a?rotate=10", "rotate must be at least 1 KiB"),
        ("file:a?keep=3", "keep counts rotated files"),
        ("file:a?append=maybe", "takes yes or no"),
        ("file:a?wait=soon", "takes a time such as 5s"),
        ("file:a?overflow=all", "takes wait or newest or oldest, got 'all'"),
        ("file:a?severity=1", "takes high or medium or low or marginal"),
        ("file:a?format=evee", "unknown format 'evee'; did you mean 'eve'"),
        ("file:a?name=../x", "the name of a file sink is letters"),
        ("file:a?keep=1&keep=2", "given twice"),
        ("file:a#b", "write it as %23"),
        ("env:CLAN_NO_SUCH_VARIABLE", "CLAN_NO_SUCH_VARIABLE is not set"),
        ("file:" + "a" * 5000, "4096 characters at most"),
        ("file:a?" + "&".join(f"o{i}=1" for i in range(100)), "cannot be read"),
        ("file:a?spool_max=1", "at least 1 MiB"),
    ],
)
def test_mistakes(url: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        SinkSettings.from_url(url)
    assert message in str(error.value)


def test_secrets_have_no_place_in_a_url_and_are_not_repeated() -> None:
    with pytest.raises(ConfigError, match="password_env=VARIABLE") as error:
        SinkSettings.from_url("file://user:hunter2@host/a")
    assert "hunter2" not in str(error.value)
    with pytest.raises(ConfigError, match="is no sink") as error:
        SinkSettings.from_url("hunter2hunter2hunter2")
    assert "hunter2hunter2" not in str(error.value)
    assert "secretpath" not in repr(SinkSettings.from_url("file:secretpath"))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, "a sink needs a url"),
        ({"url": 3}, "a sink needs a url"),
        ({"url": "file:a", "formatt": "eve"}, "did you mean 'format'"),
        ({"url": "file:a?keep=1", "keep": 2}, "has keep in its URL and beside it"),
        ({"url": "file:a", "keep": [1]}, "must be one value, got list"),
        ({"url": "file:a", "keep": True}, "takes a whole number"),
    ],
)
def test_mistakes_in_a_table(table: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        SinkSettings.from_table(table)
    assert message in str(error.value)


def test_secrets_come_from_a_variable_or_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    from pathlib import Path

    file = Path(str(tmp_path)) / "secret"
    file.write_text("from file\nsecond line\n")
    monkeypatch.setenv("CLAN_TEST_SECRET", "from variable")
    assert secret_of("CLAN_TEST_SECRET", None, what="key") == "from variable"
    assert secret_of(None, str(file), what="key") == "from file"
    assert secret_of(None, None, what="key") is None
    for env, path in (("CLAN_NO_SUCH", None), ("CLAN_TEST_SECRET", str(file))):
        with pytest.raises(ConfigError, match=r"key"):
            secret_of(env, path, what="key")
    with pytest.raises(SourceUnavailable, match=r"key cannot be read from /no/such/file: No such file"):
        secret_of(None, "/no/such/file", what="key")
