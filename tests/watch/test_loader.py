"""Settings: every value is checked, everything wrong is said at once with its line, and what is shown reads back."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clan.errors import ConfigError, SettingsError
from clan.watch import WatchSettings, show
from clan.watch.document import Document
from clan.watch.kinds import Checked, FilePath, FromEnvironment, Range, ip_address
from clan.watch.loader import load


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part.

    Attributes:
        name: Its name.
        share: How much
            of it.
    """

    name: str
    share: Annotated[float, Range(0, 1)] = 0.5

    def __post_init__(self) -> None:
        if self.name == "no":
            raise ConfigError("no part is called no")


@dataclass(frozen=True, kw_only=True)
class Whole:
    """All kinds.

    Attributes:
        flag: A flag.
        number: A number.
        every_s: A time.
        most_bytes: A size.
        word: A word.
        path: A path.
        names: Some names.
        one: One part.
        parts: Several.
        secret: From the environment.
        maybe: Perhaps.
    """

    flag: bool = False
    number: Annotated[int, Range(1, 10)] = 3
    every_s: Annotated[float, Range(1, 1e9)] = 60.0
    most_bytes: Annotated[int, Range(1)] = 1 << 20
    word: Literal["left", "right"] = "left"
    path: Annotated[str, FilePath()] = "x"
    names: tuple[str, ...] = ()
    one: Part = field(default_factory=lambda: Part(name="one"))
    parts: tuple[Part, ...] = ()
    secret: Annotated[str, FromEnvironment("CLAN_TEST"), Checked(ip_address)] = "127.0.0.1"
    maybe: str | None = None


def read(text: str, **environment: str) -> Whole:
    return load(Whole, Document.of(text, path="/etc/clan/w.toml"), environment=environment)


def test_every_kind_of_value() -> None:
    assert read("") == Whole(path="/etc/clan/x")
    found = read(
        "flag = true\nnumber = 7\nevery = '7d'\nmost = '2 GB'\nword = 'right'\npath = 'm.clan'\nnames = ['a', 'b']\n"
        "maybe = 'x'\none = { name = 'n', share = 1 }\n[[parts]]\nname = 'p'\n",
        CLAN_TEST="::1",
    )
    assert found == Whole(
        flag=True, number=7, every_s=604_800.0, most_bytes=2 * 10**9, word="right", path="/etc/clan/m.clan",
        names=("a", "b"), one=Part(name="n", share=1.0), parts=(Part(name="p"),), secret="::1", maybe="x",
    )  # fmt: skip
    assert isinstance(found.one.share, float)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("flga = true", "w.toml:1: unknown key 'flga' in the top of the file; did you mean 'flag'?"),
        ("every_s = 3", "unknown key 'every_s' in the top of the file; did you mean 'every'?"),
        ("flag = 'yes'", 'w.toml:1: flag: expected true or false, got "yes"'),
        ("flag = 1", "flag: expected true or false, got 1"),
        ("number = true", "number: expected a whole number, got true"),
        ("number = 2.5", "number: expected a whole number, got 2.5"),
        ("number = 11", "number: must be between 1 and 10, got 11"),
        ("every = 'soon'", 'every: expected a time such as 30s, 5m, 12h or 7d, got "soon"'),
        ("every = nan", "every: must be between 1 and 1e+09, got nan"),
        ("every = inf", "every: must be between 1 and 1e+09, got inf"),
        ("every = true", 'every: expected a time such as "30s" or "7d", or seconds, got true'),
        ("most = '5 parsecs'", "most: expected a size such as 64KiB or 100MB"),
        ("most = 0", "most: must be at least 1, got 0"),
        ("word = 'rihgt'", "word: expected 'left' or 'right', got \"rihgt\"; did you mean 'right'?"),
        ("word = 3", "word: expected 'left' or 'right', got 3"),
        ("path = ''", "path: expected the path of a file"),
        ("names = 'a'", 'names: expected a list, written ["a"], got "a"'),
        ("names = ['a', 3]", "names.1: expected text, got 3"),
        ("names = 2024-05-06", "names: expected a list"),
        ("parts = { name = 'p' }", "parts: expected a list, written [[parts]], got a table"),
        ("parts = [3]", "parts.0: expected a table"),
        ("one = 3", "one: expected a table [one], got 3"),
        ("[one]\nshare = 1", "w.toml:1: one: name is missing"),
        ("[one]\nname = 'no'", "w.toml:1: one: no part is called no"),
        ("[[parts]]\nname = 'a'\n[[parts]]\nname = 'b'\nshare = 2", "w.toml:5: parts.1.share: must be between 0 and 1"),
        ("secret = 'localhost'", 'secret: expected an IP address such as "127.0.0.1", got "localhost"'),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(text)
    assert len(caught.value.problems) == 1
    assert message in caught.value.problems[0]


def test_everything_that_is_wrong_is_said_in_the_order_of_the_file() -> None:
    with pytest.raises(SettingsError, match="word") as caught:
        read("word = 'up'\nnubmer = 1\n[one]\nshare = 3\n[[parts]]\nname = 'no'\n")
    places = [problem.split(": ")[0].removeprefix("/etc/clan/") for problem in caught.value.problems]
    assert places == ["w.toml:1", "w.toml:2", "w.toml:3", "w.toml:4", "w.toml:5"]


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
PARTS = st.builds(Part, name=TEXTS.filter(lambda name: name != "no"), share=st.floats(0, 1))
WHOLES = st.builds(
    Whole,
    flag=st.booleans(),
    number=st.integers(1, 10),
    every_s=st.floats(1, 1e8).map(lambda value: round(value, 6)),
    most_bytes=st.integers(1, 10**12),
    word=st.sampled_from(["left", "right"]),
    path=TEXTS.map(lambda text: f"/{text}"),
    names=st.lists(TEXTS, max_size=3).map(tuple),
    one=PARTS,
    parts=st.lists(PARTS, max_size=2).map(tuple),
    secret=st.ip_addresses().map(str),
    maybe=st.none() | TEXTS,
)


@settings(max_examples=30)
@given(WHOLES)
def test_what_is_shown_reads_back_as_the_same(whole: Whole) -> None:
    shown = show.effective(whole, environment={})
    assert read(shown) == dataclasses.replace(whole, path=str(Path(whole.path)))


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=30)
@given(st.dictionaries(st.sampled_from([f.name for f in dataclasses.fields(WatchSettings)]), JUNK))
def test_any_values_are_taken_or_refused_with_reasons(values: dict[str, Any]) -> None:
    try:
        load(WatchSettings, Document(path="w.toml", values=values), environment={})
    except SettingsError as error:
        assert all(problem.startswith("w.toml: ") for problem in error.problems)  # noqa: PT017 - nearly all are


def test_default_paths_count_from_the_folder_too() -> None:
    settings = load(WatchSettings, Document.of("model = 'm.clan'\nsource.interfaces = ['lo']", path="/etc/clan/w.toml"))
    assert (settings.model, settings.state, settings.store.path) == (
        "/etc/clan/m.clan", "/etc/clan/clan.state", "/etc/clan/clan.db",
    )  # fmt: skip
    shown = show.effective(settings, folder=Path("/etc/clan"), environment={})
    assert 'path = "/etc/clan/clan.db"  # default' in shown
    assert 'state = "/etc/clan/clan.state"  # default' in shown


def test_a_path_elsewhere_is_no_default() -> None:
    text = "model = 'm.clan'\nsource.interfaces = ['lo']\nstore.path = '/any/where/clan.db'"
    settings = load(WatchSettings, Document.of(text, path="/etc/clan/w.toml"))
    assert 'path = "/any/where/clan.db"\n' in show.effective(settings, folder=Path("/etc/clan"), environment={})


def test_where_a_value_comes_from_is_shown() -> None:
    shown = show.effective(Whole(secret="::1", number=4), environment={"CLAN_TEST": "::1"})
    assert 'secret = "::1"  # from CLAN_TEST' in shown
    assert "\nnumber = 4\n" in shown
    assert 'every = "1m"  # default' in shown
    assert "# maybe is not set" in shown


def test_passwords_are_not_shown() -> None:
    whole = Whole(names=("redis://user:geheim@host:6379/key", "redis://:a%40b@h/k"))
    shown = show.effective(whole, environment={})
    assert "geheim" not in shown
    assert 'names = ["redis://user:***@host:6379/key", "redis://:***@h/k"]' in shown
