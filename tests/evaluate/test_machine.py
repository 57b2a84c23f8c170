"""A result names the code that it is of."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from clan.evaluate import machine


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a repository with the package's file and a results file in it, committed."""
    for name in ("src/clan/evaluate/machine.py", "benchmarks/results/p1.csv"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("as it was\n")
    for words in (("init", "-q"), ("add", "."), ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a")):
        subprocess.run([_git(), "-C", str(tmp_path), *words], check=True)
    monkeypatch.setattr(machine, "__file__", str(tmp_path / "src/clan/evaluate/machine.py"))
    return tmp_path


def _git() -> str:
    git = shutil.which("git")
    assert git, "git is not installed"
    return git


def test_a_commit_is_dirty_where_code_differs_and_not_where_results_do(checkout: Path) -> None:
    clean = machine._commit()
    assert clean
    assert not clean.endswith("-dirty")
    (checkout / "benchmarks/results/p1.csv").write_text("one more run\n")
    assert machine._commit() == clean
    (checkout / "src/clan/evaluate/machine.py").write_text("other code\n")
    assert machine._commit() == f"{clean}-dirty"


def test_an_installed_package_has_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "__file__", str(tmp_path / "machine.py"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert machine._commit() == ""
