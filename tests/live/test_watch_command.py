"""`clan watch` on a real link: a new model is taken over under traffic without losing a packet, SIGTERM flushes."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.live.link import WAIT_S, Link, wait_for
from tests.live.test_namespaces import SAMPLE, SETTLE_S, errors, part_of_sample

from clan import ClanDetector, read_flows
from clan.alerts.store import Query, Store
from clan.flows import FlowSettings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("ip") is None,
        reason="making network namespaces needs root and the ip command; run as root to test live capture",
    ),
]


@pytest.fixture
def link() -> Iterator[Link]:
    with Link() as pair:
        yield pair


def test_a_model_is_exchanged_under_traffic(link: Link, tmp_path: Path) -> None:
    flows = read_flows(SAMPLE.with_name("alpha-benign.pcapng.zst"))
    source = {"kind": "packets", "formats": ["pcap"], "settings": FlowSettings().manifest()}
    for name, fpr in (("first", 0.005), ("second", 0.02)):
        detector = ClanDetector(fpr=fpr, scorer="feature_prototypes", random_state=0)
        detector.fit(flows, source=source).save(tmp_path / f"{name}.clan")
    second = detector.model_id_
    model, config, sent = tmp_path / "m.clan", tmp_path / "w.toml", tmp_path / "sent.pcap"
    model.write_bytes((tmp_path / "first.clan").read_bytes())
    config.write_text('model = "m.clan"\nsource.interfaces = ["eth0"]\n[[sinks]]\nurl = "file:alerts.ndjson"\n')
    n = part_of_sample(sent, 0, 24_000)
    log = tmp_path / "log"
    watch = link.start(link.near, ["-m", "clan", "watch", "-c", str(config)], out=log)
    wait_for("the capture", lambda: "watching eth0" in errors(log))
    time.sleep(1)  # the tool has said that it captures, and does so a moment later
    sender = link.start(
        link.far, [str(Path(__file__).with_name("send.py")), "eth0", str(sent), "3000"], out=tmp_path / "sent"
    )
    time.sleep(2)
    model.write_bytes((tmp_path / "second.clan").read_bytes())
    watch.send_signal(signal.SIGHUP)
    wait_for("the new model", lambda: "reloaded; model" in errors(log))
    assert sender.wait(WAIT_S) == 0
    time.sleep(SETTLE_S)
    watch.send_signal(signal.SIGTERM)
    assert watch.wait(WAIT_S) == 0, errors(log)
    said = " ".join(errors(log).split())
    expected = read_flows(sent, settings=FlowSettings())
    assert f"read {n:,} packets in 1 stream: {expected.height:,} flows" in said
    with Store(tmp_path / "clan.db") as store:
        alerts = [stored.alert for stored in store.alerts(Query())]
        incidents = list(store.incidents(Query()))
    assert f"stored {len(alerts):,} alerts in" in said
    assert len({alert.uid for alert in alerts}) == len(alerts) > 20
    assert {alert.model_id for alert in alerts} == {second}  # nothing had ended before
    assert {incident.state for incident in incidents} == {"closed"}
    assert sum(incident.n_alerts for incident in incidents if incident.merged_into is None) == len(alerts)
