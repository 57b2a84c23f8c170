"""Text from outside becomes one printable line, whatever it holds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.alerts.frames import HOSTILE

from clan.alerts.text import visible


@given(st.text(max_size=300))
def test_result_is_always_printable_and_short(text: str) -> None:
    assert visible(text, limit=60).isprintable()
    assert len(visible(text, limit=60)) <= 60


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=240))
def test_plain_text_is_left_alone(text: str) -> None:
    assert visible(text) == text


def test_escapes_and_overrides_are_spelled_out() -> None:
    shown = visible(HOSTILE)
    for spelling in ("\\x1b", "\\x9b", "\\u202e", "\\u2028", "\\x0d\\x0a", "\\x07", "\\x7f", "\\u200b"):
        assert spelling in shown


def test_lone_surrogate_of_a_file_name_can_be_written_as_utf8() -> None:
    assert visible("caf\udce9").encode() == b"caf\\udce9"
