"""The Python in README and documents runs as it stands, in a folder with the files that it names."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import clan
from clan.alerts.store import Store
from clan.detect import PRESETS
from clan.flows import FlowSettings

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
QUOTED = ROOT / "docs" / "extending.md"
"""Its blocks are parts of one program, which has tests of its own."""
SNIPPETS = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in PAGES
    if page != QUOTED
    for number, block in enumerate(re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S))
]
NAMES = sorted(
    {
        name
        for page in PAGES
        for name in re.findall(r"`(clan(?:\.[A-Za-z_]\w*)+)", page.read_text(encoding="utf-8"))
        if name not in ("clan.db", "clan.sinks")  # a file, and a field of the stats events
    }
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the documents name, made small."""
    place = tmp_path_factory.mktemp("site")
    for name in ("quiet-day.pcap", "today.pcap"):
        shutil.copy(ROOT / "samples" / "alpha-benign-2.pcapng.zst", place / name)
    flows = clan.read_flows(str(place / "quiet-day.pcap"))
    narrow = replace(PRESETS["default"], scorer="feature_prototypes")
    detector = clan.ClanDetector(preset=narrow, fpr=0.01, n_folds=2, random_state=0)
    detector.fit(flows, source={"kind": "packets", "settings": asdict(FlowSettings())})
    detector.save(place / "office.clan")
    some = flows.head(60)
    named = clan.FlowClassifier(detector, random_state=0).fit(some, np.repeat(["benign", "port_scan"], 30))
    named.save(place / "named.clan")
    Store(place / "clan.db", create=True).close()
    random = np.random.default_rng(0)
    for name in ("benign", "other"):
        pl.DataFrame(random.normal(size=(40, 3)), schema=["a", "b", "c"]).write_parquet(place / f"{name}.parquet")
    return place


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A default recipe that trains in no time; what is shown is how it is called."""
    default = PRESETS["default"]
    monkeypatch.setitem(PRESETS, "default", replace(default, train=replace(default.train, width=16, dim=8, epochs=1)))


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("code", SNIPPETS)
def test_snippets_run_as_written(code: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "snippet"}
    exec(compile(code, "snippet", "exec"), names)


def test_snippets_are_found() -> None:
    assert {parameter.id for parameter in SNIPPETS} >= {"README-0", "alerts-0", "sinks-0", "sinks-1", "rivals-0"}


@pytest.mark.parametrize("name", NAMES)
def test_names_in_the_text_are_there(name: str) -> None:
    found: Any = clan
    for part in name.split(".")[1:]:
        try:
            found = getattr(found, part)
        except AttributeError:
            found = importlib.import_module(f"{found.__name__}.{part}")


def test_packages_load_when_they_are_named() -> None:
    code = "import clan; clan.monitor.Monitor, clan.context.ContextEngine, clan.alerts.store.Store"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    with pytest.raises(AttributeError, match="module 'clan' has no attribute 'cinema'"):
        clan.cinema  # noqa: B018
    assert {"monitor", "context", "ClanDetector"} <= set(dir(clan))
