"""The short table that a run ends with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from clan.alerts.alert import SEVERITIES, Alert
from clan.alerts.fitting_table import FittingTable
from clan.alerts.quantity import count, number
from clan.alerts.text import visible
from clan.counted import counted
from clan.schema import has_ports

STYLES = {1: "bold red", 2: "dark_orange", 3: "yellow", 4: "dim"}


def summary(
    alerts: Sequence[Alert],
    *,
    n_flows: int,
    expected: float,
    interval: tuple[float, float],
    n_alerts: int | None = None,
    labels: Mapping[str, int] | None = None,
    top: int = 10,
) -> RenderableType:
    """Lay out the alerts that matter most and the hosts that raised most, for a terminal.

    Every cell is plain text with control characters spelled out: neither rich markup nor terminal escapes in an
    address or a path do anything.

    Args:
        alerts: The alerts of the run, or the least likely of them.
        n_flows: Flows that were scored, >= 0.
        expected: Alerts that the budget expects among so many benign flows, >= 0.
        interval: Its interval, low and high.
        n_alerts: How many alerts there were in all; default: as many as are given.
        labels: How many alerts have which name; empty or None where the model names nothing.
        top: Rows of the tables, >= 1.

    Returns:
        Something for `rich.console.Console.print`; nothing is printed here.
    """
    low, high = interval
    found = len(alerts) if n_alerts is None else n_alerts
    # of one run's chance alone; whether the budget holds is for clan.drift.Holding to say
    verdict = "as many as" if low <= found <= high else "more than" if found > high else "fewer than"
    head = Text(
        f"{counted(found, 'alert')} in {counted(n_flows, 'flow')}; "
        f"{count(expected)} expected ({count(low)} to {count(high)}): {verdict} expected"
    )
    if not alerts:
        return Group(head)
    named = [Text(f"named: {visible(names_of(labels), limit=400)}")] if labels else []
    return Group(head, *named, _alert_table(alerts, top), _host_table(alerts, top))


def names_of(labels: Mapping[str, int]) -> str:
    """Write how many alerts have which name, the commonest first.

    Example:
        >>> names_of({"unknown": 2, "port_scan": 1_200})
        '1,200 port_scan, 2 unknown'
    """
    return ", ".join(f"{n:,} {label}" for label, n in sorted(labels.items(), key=lambda item: (-item[1], item[0])))


def name_of(alert: Alert) -> str:
    """Write the name of an alert, with the likeliest class where it is unknown; empty without a name.

    Whoever shows it escapes it.
    """
    if alert.label is None or alert.likeliest_label is None or alert.label_probability is None:
        return alert.label or ""
    if alert.label == alert.likeliest_label:
        return f"{alert.label} {alert.label_probability:.2f}"
    return f"{alert.label} (likeliest {alert.likeliest_label} {alert.label_probability:.2f})"


def endpoint(ip: str | None, port: int | None) -> str:
    """Write an address and port, brackets around IPv6; printable whatever the address holds.

    Example:
        >>> endpoint("10.0.0.1", 80), endpoint("fe80::1", 80), endpoint(None, None)
        ('10.0.0.1:80', '[fe80::1]:80', '?')
    """
    address = "?" if ip is None else visible(ip, limit=80)
    if port is None:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def ends_of(alert: Alert) -> tuple[str, str]:
    """Write where a flow came from and where it went, with ports where its protocol has some; both are printable."""
    src, dst = (alert.src_port, alert.dst_port) if has_ports(alert.protocol) else (None, None)
    return endpoint(alert.src_ip, src), endpoint(alert.dst_ip, dst)


def _source(alert: Alert) -> str:
    """Write where a flow came from; where a table names no host, which flow it is."""
    if alert.src_ip is None and alert.dst_ip is None:
        return f"flow {visible(alert.uid, limit=40)}"
    return ends_of(alert)[0]


def _alert_table(alerts: Sequence[Alert], top: int) -> FittingTable:
    each = {a.incident_id or a.uid: a for a in sorted(alerts, key=lambda a: (-a.p_value, a.anomaly_score))}
    worst = sorted(each.values(), key=lambda a: (a.p_value, -a.anomaly_score))[:top]
    more = f", {len(worst)} of {len(alerts):,}" if len(worst) < len(alerts) else ""
    more += ", the worst of each incident" if any(a.incident_id for a in worst) else ""
    named = any(a.label is not None for a in worst)
    years = {a.timestamp.year for a in worst if a.timestamp is not None}
    form = "%m-%d %H:%M:%S" if years <= {datetime.now(UTC).year} else "%Y-%m-%d %H:%M:%S"
    return FittingTable(
        f"Least like benign{more}",
        ("began (UTC)", "severity", "from", "to", "proto", *(("name",) if named else ()), "p-value", "why"),
        [
            [
                Text("" if a.timestamp is None else a.timestamp.strftime(form)),
                Text(SEVERITIES[a.severity], style=STYLES[a.severity]),
                Text(_source(a)),
                Text(ends_of(a)[1]),
                Text(a.transport_words or "?"),
                *([Text(visible(a.label or "", limit=24))] if named else []),
                Text(number(a.p_value)),
                Text(visible(a.headline, limit=160)),
            ]
            for a in worst
        ],
    )


def _host_table(alerts: Sequence[Alert], top: int) -> Table:
    sent = Counter(a.src_ip for a in alerts if a.src_ip is not None)
    received = Counter(a.dst_ip for a in alerts if a.dst_ip is not None)
    table = Table(title="Hosts with most alerts", title_justify="left", show_edge=False, pad_edge=False)
    table.add_column("host")
    for name in ("as source", "as destination"):
        table.add_column(name, justify="right")
    for host, _ in sorted((sent + received).items(), key=lambda item: (-item[1], item[0]))[:top]:
        table.add_row(Text(endpoint(host, None)), Text(f"{sent[host]:,}"), Text(f"{received[host]:,}"))
    return table
