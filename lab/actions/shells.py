"""ssh: a command, a terminal, a copy."""

from __future__ import annotations

from lab.actions.scene import FOLDER, Action, Scene
from lab.command import Command
from lab.services.shells import KEY

_COMMANDS = ("uptime", "ls -l /usr", "df -h", "cat /etc/services", "date", "ls /usr/bin | head -200", "id")
OPTIONS = (
    "-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
    "-o", "ConnectTimeout=8", "-i", f"{FOLDER}/{KEY}",
)  # fmt: skip
"""Of ssh and scp."""


def remote(scene: Scene) -> list[Command]:
    """Run a command or a few on the shell server."""
    wanted = "; ".join(scene.rng.sample(_COMMANDS, scene.rng.randint(1, 3)))
    return [Command(argv=("ssh", *OPTIONS, f"root@{scene.name('shell')}", wanted), seconds=20)]


def terminal(scene: Scene) -> list[Command]:
    """Sit at a remote shell and type now and then."""
    typed = "".join(
        f"{scene.rng.choice(_COMMANDS)}\nsleep {scene.rng.uniform(1, 7):.1f}\n" for _ in range(scene.rng.randint(2, 6))
    )
    argv = ("ssh", *OPTIONS, "-o", "ServerAliveInterval=5", f"root@{scene.name('shell')}", "sh")
    return [Command(argv=argv, given=typed, seconds=50)]


def copy(scene: Scene) -> list[Command]:
    """Copy a file to the shell server, or from it."""
    local = f"{FOLDER}/pages/file/{scene.number()}.bin"
    there = f"root@{scene.name('shell')}"
    away = scene.rng.random() < 0.5
    ends = (local, f"{there}:{FOLDER}/copied-{scene.host.name}") if away else (f"{there}:{local}", "/dev/null")
    return [Command(argv=("scp", "-q", *OPTIONS, *ends), seconds=25)]


SHELLS: dict[str, Action] = {"remote": remote, "terminal": terminal, "copy": copy}
