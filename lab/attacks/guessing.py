"""Password guessing by hydra: ssh, FTP, and the form of the toy application. No account has these names."""

from __future__ import annotations

from lab.actions.scene import FOLDER
from lab.attacks.attack import Attack, Behaviour, Stage
from lab.command import Command

GUESSES = 48
"""Lines of the list of passwords that the recording writes."""
WORDS = f"{FOLDER}/guesses.txt"


def ssh_guessing(stage: Stage) -> Attack:
    """48 guesses, 8 at a time, for 45 seconds at most."""
    target = stage.target("ssh", 22)
    return _guess(stage, "ssh_guessing", "ssh", 22, (f"ssh://{target.address}",))


def ftp_guessing(stage: Stage) -> Attack:
    """48 guesses, 8 at a time, for 45 seconds at most."""
    target = stage.target("ftp", 21)
    return _guess(stage, "ftp_guessing", "ftp", 21, (f"ftp://{target.address}",))


def web_guessing(stage: Stage) -> Attack:
    """48 guesses, 8 at a time, for 45 seconds at most."""
    form = "/app/login:user=^USER^&password=^PASS^:failed"
    return _guess(stage, "web_guessing", "web", 80, (stage.site.running("web").address, "http-post-form", form))


def _guess(stage: Stage, label: str, service: str, port: int, where: tuple[str, ...]) -> Attack:
    account = f"no-such-{stage.rng.choice(('user', 'admin', 'operator'))}"
    argv = ("hydra", "-I", "-t", "8", "-l", account, "-P", WORDS, *where)
    return Attack(
        label=label,
        source=stage.source,
        targets=(stage.target(service, port),),
        strands=((Command(argv=argv, seconds=45),),),
    )


GUESSING: dict[str, Behaviour] = {
    "ssh_guessing": ssh_guessing, "ftp_guessing": ftp_guessing, "web_guessing": web_guessing,
}  # fmt: skip
