"""Where the captures and data sets of the tests are found, and how properties are tried."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says what else the machine does.
settings.register_profile("clan", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("clan")


# A shell starts what runs in the background with SIGINT ignored, which every program that a test starts would inherit.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder that CLAN_TEST_DATA names; a test that needs it skips without the variable."""
    path = os.environ.get("CLAN_TEST_DATA")
    if not path:
        pytest.skip("CLAN_TEST_DATA is not set")
    folder = Path(path)
    if not (folder / "captures" / "index.csv").is_file():
        pytest.fail(f"CLAN_TEST_DATA={path} holds no captures/index.csv")
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that asks for the data, so that they can be selected and counted."""
    for item in items:
        if "test_data" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.data)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where the data are there, a skipped test is a failed run: nothing may be passed over in silence."""
    if not os.environ.get("CLAN_TEST_DATA"):
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if reporter and skipped and session.exitstatus == 0:
        reporter.write_line(f"{len(skipped)} tests were skipped although CLAN_TEST_DATA is set", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
