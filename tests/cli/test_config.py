"""`clan config`: the default file is what the golden one is, and every mistake is said in one go."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from clan.cli import main

GOLDEN = Path(__file__).parents[1] / "golden" / "watch-default.toml"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run the command; gives exit code, standard output and standard error on one line."""
    code = main(["config", *arguments])
    said = capsys.readouterr()
    return code, said.out, " ".join(said.err.split())


def test_the_default_file(capsys: pytest.CaptureFixture[str]) -> None:
    """After a change of the settings: `clan config show --default > tests/golden/watch-default.toml`."""
    code, out, _ = run(capsys, "show", "--default")
    assert code == 0
    assert out == GOLDEN.read_text()


def test_the_default_file_is_a_configuration_and_so_is_every_comment_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "w.toml"
    path.write_text(GOLDEN.read_text())
    code, out, _ = run(capsys, "show", "-c", str(path))
    assert code == 0
    assert tomllib.loads(out)["source"]["interfaces"] == ["eth0"]
    assert "  # default" in out
    every = [
        line.removeprefix("# ") if " = " in line or line.startswith("# [") else line
        for line in GOLDEN.read_text().splitlines()
    ]
    assert len(tomllib.loads("\n".join(every))["source"]) > 5


def test_mistakes_are_said_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "w.toml"
    path.write_text('model_ = "m.clan"\n[source]\ninterface = ["eth0"]\nearly = "soon"\n[log]\nlevel = "inf"\n')
    code, _, err = run(capsys, "check", "-c", str(path))
    assert code == 2
    for part in (
        "w.toml:1: unknown key 'model_'",
        "did you mean 'interfaces'?",
        "w.toml:4: source.early",
        "mean 'info'?",
    ):
        assert part in err
    assert main(["watch", "-c", str(path)]) == 2
    assert "did you mean 'interfaces'?" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["show"], 2, "name a configuration with -c; clan config show --default prints one"),
        (["show", "--default", "-c", "x"], 2, "--default takes no file"),
        (["check", "-c", "nowhere.toml"], 1, "cannot read nowhere.toml"),
        (["check", "-c", "{good}", "--set", "log.level=loud"], 2, "command line: log.level: expected 'debug'"),
        (["check", "-c", "{good}", "--set", "x"], 2, "--set x: expected KEY=VALUE"),
        (["check", "-c", "{good}", "--set", "source.bpf=udp"], 2, "bpf and capture_tool are for live capture"),
        (["check", "-c", "{good}", "--set", 'source.interfaces=["lo"]'], 2, "one kind of source at a time"),
        (["check", "-c", "{good}"], 1, "model: "),
        (["check", "-c", "{short}"], 2, 'source: nothing to watch: name interfaces = ["eth0"]'),
    ],
)
def test_one_mistake(
    arguments: list[str], code: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = tmp_path / "w.toml"
    good.write_text('model = "m.clan"\nsource.listen = ["udp://:0"]\n')
    short = tmp_path / "short.toml"
    short.write_text('model = "m.clan"\n')
    given = [{"{good}": str(good), "{short}": str(short)}.get(argument, argument) for argument in arguments]
    found, _, err = run(capsys, *given)
    assert (found, message in err) == (code, True), err


def test_everything_that_keeps_a_watch_from_beginning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "w.toml"
    path.write_text(
        'model = "nowhere.clan"\nstate = "no/folder/state"\nlog.file = "."\nsource.interfaces = ["no-such-if"]\n'
        "[metrics]\nenabled = true\naddress = '0.0.0.0'\n"
    )
    code, out, _ = run(capsys, "check", "-c", str(path), "--json")
    found = json.loads(out)
    assert (code, found["ok"]) == (1, False)
    said = "\n".join(found["problems"])
    for part in ("nowhere.clan", "state: there is no folder", "log.file: ", "there is no interface 'no-such-if'"):
        assert part in said
    assert found["warnings"] == ["metrics: everybody who reaches 0.0.0.0:9469 can read them"]
