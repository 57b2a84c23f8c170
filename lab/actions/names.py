"""Names, time, and whether somebody is there."""

from __future__ import annotations

from lab.actions.scene import FOLDER, Action, Scene
from lab.command import Command

_ABSENT = ("wpad", "printer", "intranet", "mail2", "isatap", "backup")


def look_up(scene: Scene) -> list[Command]:
    """Ask the resolver for a name, a few in a row."""
    names = sorted(scene.site.names)
    found = []
    for _ in range(scene.rng.choice((1, 1, 2, 4))):
        kind = scene.rng.choices(("A", "AAAA", "MX", "TXT", "SRV", "PTR", "none"), (8, 5, 2, 1, 1, 3, 2))[0]
        question = {
            "MX": ("MX", scene.site.domain),
            "TXT": ("TXT", scene.site.domain),
            "SRV": ("SRV", f"_ldap._tcp.{scene.site.domain}"),
            "PTR": ("-x", scene.rng.choice(sorted(scene.site.names.values()))),
            "none": ("A", scene.name(scene.rng.choice(_ABSENT))),
        }.get(kind, (kind, scene.rng.choice(names)))
        transport = ("+tcp",) if scene.rng.random() < 0.04 else ()
        server = f"@{scene.site.running('dns').address}"
        found.append(Command(argv=("dig", server, "+tries=2", "+time=3", *transport, *question), seconds=8))
    return found


def ask_time(scene: Scene) -> list[Command]:
    """Measure the time server's offset; -Q prints it and -x makes sure that nothing is set."""
    pid = f"pidfile {FOLDER}/chronyd-{scene.host.name}-{scene.rng.randrange(10**6)}.pid"
    samples = scene.rng.choice((1, 1, 2, 4))
    server = f"server {scene.site.running('time').address} iburst maxsamples {samples}"
    argv = ("chronyd", "-Q", "-x", "-u", "root", "-t", "5", server, pid, "cmdport 0", "bindcmdaddress /")
    return [Command(argv=argv, seconds=8)]


def ping(scene: Scene) -> list[Command]:
    """See whether a server answers."""
    target = scene.rng.choice([*scene.site.segment("servers").hosts, scene.site.running("world")]).address
    count, gap, size = scene.rng.randint(1, 5), scene.rng.choice((0.2, 0.5, 1.0)), scene.rng.choice((56, 56, 120))
    return [Command(argv=("ping", "-c", f"{count}", "-i", f"{gap}", "-s", f"{size}", target), seconds=12)]


def knock(scene: Scene) -> list[Command]:
    """Try a port where nothing listens, as a program with old settings does."""
    port = scene.rng.choice((81, 3000, 8081, 9000))
    target = scene.rng.choice([host.name for host in scene.site.segment("servers").hosts])
    return [scene.fetch([f"http://{scene.name(target)}:{port}/"], "--connect-timeout", "2")]


NAMES: dict[str, Action] = {"look_up": look_up, "ask_time": ask_time, "ping": ping, "knock": knock}
