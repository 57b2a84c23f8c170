"""Requests to the toy application that are shaped like SQL injection and cross-site scripting.

The application has no database and escapes what it shows: these textbook strings do nothing, only their shape counts.
"""

from __future__ import annotations

from lab.attacks.attack import Attack, Behaviour, Stage
from lab.command import Command

_SQL = (
    "' OR '1'='1", "1' AND 1=2--", "x' UNION SELECT NULL,NULL,NULL--", "1; SELECT 1--", "' OR SLEEP(0)#",
    "1' ORDER BY {n}--", "x' UNION SELECT {n},{n},{n} FROM information_schema.tables WHERE 'a'='a",
)  # fmt: skip
_SCRIPTS = (
    "<script>alert({n})</script>", "<img src=x onerror=alert({n})>", "<svg onload=alert({n})>",
    "javascript:alert({n})", '"><script>document.title={n}</script>', "<body onpageshow=alert({n})>",
)  # fmt: skip
REQUESTS = 36


def sql_injection(stage: Stage) -> Attack:
    """36 requests, one connection each, a third of a second apart."""
    return _requests(stage, "sql_injection", _SQL)


def cross_site_scripting(stage: Stage) -> Attack:
    """36 requests, one connection each, a third of a second apart."""
    return _requests(stage, "cross_site_scripting", _SCRIPTS)


def _requests(stage: Stage, label: str, shapes: tuple[str, ...]) -> Attack:
    target = stage.target("web", 80)
    url = f"http://{target.address}/app/search"
    commands = []
    for _ in range(REQUESTS):
        text = stage.rng.choice(shapes).format(n=stage.rng.randint(1, 999)) * stage.rng.choice((1, 1, 2, 3))
        argv = ("curl", "-q", "-s", "-o", "/dev/null", "-m", "5", "-G", "--data-urlencode", f"q={text}", url)
        commands.append(Command(argv=argv, seconds=6, after_s=stage.rng.uniform(0.1, 0.4)))
    return Attack(label=label, source=stage.source, targets=(target,), strands=(tuple(commands),))


REQUESTING: dict[str, Behaviour] = {"sql_injection": sql_injection, "cross_site_scripting": cross_site_scripting}
