"""Sinks as people write them: one URL, with options behind the question mark."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from clan.errors import ConfigError, SourceUnavailable

_MOST = 4096


class Address(NamedTuple):
    """A sink's URL in parts.

    Attributes:
        scheme: What stands before the colon, in lower case.
        host: Host, without brackets; empty where there is none.
        port: Port, or None.
        netloc: Hosts and ports as they were written.
        path: What follows, decoded; a file's path, a topic, a stream.
        raw_path: The same as it was written.
        options: What stands behind the question mark.
    """

    scheme: str
    host: str
    port: int | None
    netloc: str
    path: str
    raw_path: str
    options: Mapping[str, str]


def address_of(url: str) -> Address:
    """Take a sink's URL apart. `env:NAME` stands for the URL in an environment variable, `-` for `file:-`.

    Raises:
        ConfigError: It is no URL, or it has a secret in it; the message does not repeat what may be one.
    """
    if url.startswith("env:"):
        name = url.removeprefix("env:")
        if not os.environ.get(name):
            raise ConfigError(f"the environment variable {name} is not set, and a sink's URL should be in it")
        url = os.environ[name]
    if url == "-":
        url = "file:-"
    if len(url) > _MOST:
        raise ConfigError(f"a sink's URL has {_MOST} characters at most, this one {len(url)}")
    scheme, colon, _ = url.partition(":")
    if not colon or not scheme.replace("+", "").isalnum():
        raise ConfigError(
            f"{_shown(url)} is no sink: write file:alerts.ndjson, syslog+udp://127.0.0.1:514 or another URL "
            "(clan sinks list)"
        )
    try:
        parts = urlsplit(url)
        port = None if "," in parts.netloc else parts.port
        pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=64)
    except ValueError as error:
        raise ConfigError(f"the URL of a {scheme} sink cannot be read: {error}") from error
    if "@" in parts.netloc:
        raise ConfigError(
            f"the URL of this {scheme} sink holds a user or password; URLs end up in logs, so give them as "
            "username=... and password_env=VARIABLE or password_file=FILE"
        )
    if parts.fragment:
        raise ConfigError(f"the URL of this {scheme} sink has a #; write it as %23")
    if len(dict(pairs)) != len(pairs):
        raise ConfigError(f"an option of this {scheme} sink is given twice")
    return Address(
        scheme=parts.scheme,
        host="" if "," in parts.netloc else (parts.hostname or ""),
        port=port,
        netloc=parts.netloc,
        path=unquote(parts.path),
        raw_path=parts.path,
        options=dict(pairs),
    )


def _shown(url: str) -> str:
    """The first characters of something that is no URL, in case it is a secret."""
    return repr(url if len(url) <= 12 else url[:8] + "...")


def secret_of(env: str | None, file: str | None, *, what: str) -> str | None:
    """Read a secret from where it may be; None where neither is given.

    Args:
        env: Name of an environment variable.
        file: Path of a file; its first line counts.
        what: What it is, for messages.

    Raises:
        ConfigError: Both are given, or there is nothing there.
        SourceUnavailable: The file cannot be read.
    """
    if env is not None and file is not None:
        raise ConfigError(f"the {what} is given twice, by environment variable and by file")
    if env is not None:
        found = os.environ.get(env, "")
        where = f"the environment variable {env}"
    elif file is not None:
        try:
            with Path(file).open(encoding="utf-8") as lines:
                found = lines.readline(_MOST).rstrip("\r\n")
        except OSError as error:
            raise SourceUnavailable(f"the {what} cannot be read from {file}: {error.strerror or error}") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{file}, where the {what} should be, is no UTF-8 text") from error
        where = file
    else:
        return None
    if not found:
        raise ConfigError(f"{where} should hold the {what}, and is empty or not set")
    return found
