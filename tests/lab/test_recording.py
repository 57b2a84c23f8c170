"""A real, short recording: namespaces, servers, users and two attacks, and nothing left of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from lab.__main__ import main, missing_packages
from lab.site import PREFIX

from clan import read_flows
from clan.sources.tabular import label_flows, read_labels

os.environ["PATH"] += ":/usr/sbin:/sbin"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0 or shutil.which("ip") is None, reason="network namespaces need root and ip"),
    pytest.mark.skipif(bool(missing_packages()), reason=f"run lab/install.sh: {' '.join(missing_packages())}"),
]


def namespaces() -> list[str]:
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if line.startswith(PREFIX)]


def test_a_short_recording_is_labelled_and_leaves_nothing(tmp_path: Path) -> None:
    if namespaces():
        pytest.skip("the lab is recording on this machine")
    wanted = ["--site", "alpha", "--kind", "mixed", "--attacks", "syn_scan,sql_injection", "--seconds", "35"]
    assert main(["record", *wanted, "--output", str(tmp_path)]) == 0
    assert namespaces() == []
    report = json.loads((tmp_path / "alpha-mixed.json").read_text())
    assert report["problems"] == []
    assert report["compression"] == pytest.approx(86_400 / 35)
    flows = read_flows(tmp_path / "alpha-mixed.pcapng.zst")
    named = label_flows(flows, read_labels(tmp_path / "alpha-labels.csv"))[0].fill_null("benign")
    counts = {str(name): n for name, n in named.value_counts().rows()}
    assert counts == report["flows"]
    assert counts["syn_scan"] >= 400
    assert counts["sql_injection"] == 36
    assert counts["benign"] > 40
