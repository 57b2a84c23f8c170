"""How bad an incident is: what its least likely alert says, raised by how long it lasts and how far it spreads."""

from __future__ import annotations

LASTING_ALERTS = 100
"""So many alerts raise the severity by one level, however short the incident."""
LASTING_FEW = 10
LASTING_S = 600.0
"""At least `LASTING_FEW` alerts over at least so many seconds raise it as well."""
WIDE_HOSTS = 16
WIDE_PORTS = 100
"""So many actors or targets, or so many ports, raise it by one level."""


def incident_severity(worst: int, *, n_alerts: int, duration_s: float, n_hosts: int, n_ports: int) -> int:
    """Grade an incident.

    | | severity |
    |---|---|
    | the worst of its alerts (p-value beside the budget, `clan.alerts.severity_of`) | 1 to 4 |
    | persistence: 100 alerts or more, or 10 or more over at least 10 minutes | one level worse |
    | spread: 16 or more hosts on one side, or 100 or more ports | one level worse |

    One odd flow keeps its own grade. What goes on, or reaches many, is not chance, whatever each of its flows looks
    like: the p-value of a flow says how often benign traffic has one like it, not how often it has hundreds.

    Args:
        worst: Severity of its worst alert, 1 (high) to 4 (marginal).
        n_alerts: Its alerts.
        duration_s: From its first flow to its last, in seconds; 0 where there are no times.
        n_hosts: Its actors or its targets, whichever are more.
        n_ports: Ports of its targets.

    Returns:
        1 (high), 2 (medium), 3 (low) or 4 (marginal).

    Example:
        >>> incident_severity(4, n_alerts=10_000, duration_s=12.0, n_hosts=1, n_ports=10_000)
        2
    """
    persists = n_alerts >= LASTING_ALERTS or (n_alerts >= LASTING_FEW and duration_s >= LASTING_S)
    spreads = n_hosts >= WIDE_HOSTS or n_ports >= WIDE_PORTS
    return max(worst - persists - spreads, 1)
