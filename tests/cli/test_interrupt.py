"""The first Ctrl-C waits for a good moment, the second does not."""

from __future__ import annotations

import signal
import sys
from types import ModuleType

import pytest

from clan.cli import main
from clan.cli.interrupt import first_interrupt


def test_an_interrupt_waits_until_it_is_asked_for() -> None:
    before = signal.getsignal(signal.SIGINT)
    with first_interrupt() as asked:
        assert not asked()
        signal.raise_signal(signal.SIGINT)
        assert asked()
        assert not asked()
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_one_goes_through() -> None:
    with first_interrupt():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_an_interrupt_while_the_program_loads_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    class Loading(ModuleType):
        def __getattr__(self, name: str) -> object:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "clan.cli.app", Loading("clan.cli.app"))
    assert main(["--version"]) == 130
