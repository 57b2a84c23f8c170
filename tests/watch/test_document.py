"""A TOML file keeps the lines of its keys, whatever strings and lists look like, and says what is wrong with it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clan.errors import ConfigError, SourceUnavailable
from clan.watch.document import MAX_BYTES, Document, key_lines

TEXT = '''# a = 1
a = """
b = 2
"""
c = [ # d = 3
  "[e]",
  'f = 1',
]
g."h.i" = { j = 1 }
[k . l]
m = "\\"# n = 1"
n = 5
[[o]]
p = 1
[o.q]
r = 1
[[o]]
p = 2
'''


def test_lines_of_keys_and_of_nothing_else() -> None:
    assert dict(key_lines(TEXT)) == {
        ("a",): 2, ("c",): 5, ("g", "h.i"): 9, ("k", "l"): 10, ("k", "l", "m"): 11, ("k", "l", "n"): 12,
        ("o", 0): 13, ("o", 0, "p"): 14, ("o", 0, "q"): 15, ("o", 0, "q", "r"): 16, ("o", 1): 17, ("o", 1, "p"): 18,
    }  # fmt: skip


KEYS = st.from_regex(r"[a-z_-]{1,6}", fullmatch=True)
VALUES = st.sampled_from(["1", "'x = 1'", '"""\n[t]\ny = 1\n"""', "[\n1,\n'#'\n]", '{ z = "}" }', "'''\\'''"])


@settings(max_examples=40)
@given(st.dictionaries(KEYS, VALUES, max_size=5), st.lists(st.sampled_from(["", "# q = 1", "   "]), max_size=3))
def test_every_key_of_a_file_is_found_on_its_line(pairs: dict[str, str], gaps: list[str]) -> None:
    lines: list[str] = []
    expected = {}
    for key, value in pairs.items():
        lines += gaps
        expected[(key,)] = len(lines) + 1
        lines += f"{key} = {value}".split("\n")
    text = "\n".join(lines)
    assert tomllib.loads(text).keys() == pairs.keys()
    assert dict(key_lines(text)) == expected


@settings(max_examples=50)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        document = Document.of(text, path="x.toml")
    except ConfigError as error:
        assert str(error).startswith("x.toml")  # noqa: PT017 - most texts are no TOML
    else:
        assert set(document.lines) >= {(key,) for key in document.values if (key,) in document.lines}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = 1\nmodel = office.clan", r"x.toml:2: this is no TOML, at column 9: Invalid value; text stands in quotes"),
        ('a = "C:\\new"\nb = "C:\\path"', r"x.toml:2: .*a backslash in double quotes is written twice"),
        ("a = 1\na = 2", r"x.toml:2: .*each key may be there once"),
        ("[a]\n[a]", r"x.toml:2: .*each table may be there once"),
        ("a = " + "1" * 5000, "x.toml is no TOML that clan reads"),
        ("a = [1", "x.toml, at its end: this is no TOML: Unclosed array"),
        ("a = " + "[" * 5000, "x.toml"),
    ],
)
def test_what_is_no_toml(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Document.of(text, path="x.toml")


def test_files_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    with pytest.raises(SourceUnavailable, match=r"cannot read .*: No such file"):
        Document.read(path)
    path.write_bytes(b"a = 1\nb = '\xff'\n")
    with pytest.raises(ConfigError, match=r"x.toml:2: this is no UTF-8 text"):
        Document.read(path)
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(ConfigError, match="that is no configuration"):
        Document.read(path)
    path.write_bytes(b"\xef\xbb\xbfa = 1\r\nb = 2\r\n")
    assert Document.read(path).values == {"a": 1, "b": 2}


def test_keys_that_the_command_line_sets() -> None:
    document = Document.of("a = 1\n[[s]]\nu = 1\n", path="x.toml")
    changed = document.overridden(["a=2", "t.v = [1, 2]", "s.0.u=plain text"])
    assert changed.values == {"a": 2, "t": {"v": [1, 2]}, "s": [{"u": "plain text"}]}
    assert document.values == {"a": 1, "s": [{"u": 1}]}
    assert changed.where(("s", 0, "u")) == "command line: "
    assert changed.where(("s", 0)) == "x.toml:2: "
    assert changed.where(("nowhere",)) == "x.toml: "


@pytest.mark.parametrize("text", ["a", "=3", "a..b=1", "a.b=1", "s.7.u=1", "s.u=1"])
def test_what_cannot_be_set(text: str) -> None:
    with pytest.raises(ConfigError, match="--set"):
        Document.of("a = 1\n[[s]]\n", path="x.toml").overridden([text])
