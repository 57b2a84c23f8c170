"""Benign traffic: what the people at the desks do with curl, dig, ssh, scp, ping and chronyd."""

# ruff: noqa: S311

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

from network import APP, DOMAIN, NAMES, SHELL, WEB, Host, Network
from services import PAGES

_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0) Chrome/126.0",
    "inventory/2.4",
)
_COMMANDS = ("uptime", "ls -l /usr", "df -h", "cat /etc/services", "date", "ls /usr/bin | head -200", "id")
SSH_OPTIONS = (
    "-F",
    "none",
    "-o",
    "StrictHostKeyChecking=no",
    "-o",
    "UserKnownHostsFile=/dev/null",
    "-o",
    "LogLevel=ERROR",
)


class Desk(threading.Thread):
    """One program user at one client: draws a session, runs it to its end, thinks, draws the next.

    Args:
        network: Where it happens.
        host: The client.
        folder: Holds the ssh key; what is fetched is thrown away.
        seed: Of every draw; the same seed draws the same sessions in the same order.
        think_s: Mean pause between two sessions, in seconds (exponential).
        patient: Draw only sessions that last long and mostly idle.
    """

    def __init__(
        self, network: Network, host: Host, *, folder: Path, seed: int, think_s: float, patient: bool = False
    ) -> None:
        super().__init__(name=f"{host.name}/{seed}", daemon=True)
        self.network, self.host, self.folder, self.think_s, self.patient = network, host, folder, think_s, patient
        self.rng = random.Random(seed)
        self.finished = 0
        self._stop_asked = threading.Event()
        self._may_start = threading.Event()
        self._may_start.set()
        self._between = threading.Event()

    def run(self) -> None:
        """Sessions and pauses until `stop`."""
        sessions = self._patient_sessions() if self.patient else self._sessions()
        actions, weights = list(sessions), list(sessions.values())
        while not self._stop_asked.is_set():
            self._between.set()
            self._stop_asked.wait(self.rng.expovariate(1 / self.think_s))
            self._may_start.wait()
            if self._stop_asked.is_set():
                return
            self._between.clear()
            self.rng.choices(actions, weights)[0]()
            self.finished += 1

    def stop(self) -> None:
        """Start no further session."""
        self._stop_asked.set()
        self._may_start.set()

    def pause(self) -> None:
        """Start no session until `resume`; returns when no session that opens connections is under way."""
        self._may_start.clear()
        if not self.patient:  # a patient session opened its one connection long ago
            self._between.wait(30)

    def resume(self) -> None:
        """Carry on after `pause`."""
        self._may_start.set()

    def _sessions(self) -> dict[Callable[[], None], float]:
        return {
            self._browse: 30, self._browse_tls: 26, self._call_api: 14, self._look_up: 20, self._download: 4,
            self._upload: 5, self._miss: 3, self._check: 4, self._revalidate: 4, self._shell: 4, self._copy: 1.5,
            self._ping: 3, self._ask_time: 3, self._slow_download: 1.5, self._refused: 0.4,
        }  # fmt: skip

    def _patient_sessions(self) -> dict[Callable[[], None], float]:
        return {self._poll: 3, self._terminal: 2, self._slow_download: 1}

    def _curl(self, *arguments: str, seconds: float = 40) -> None:
        common = [
            "curl",
            "-q",
            "-s",
            "-k",
            "-o",
            "/dev/null",
            "--max-time",
            str(int(seconds)),
            "-A",
            self.rng.choice(_AGENTS),
        ]
        self.network.run(self.host, [*common, *arguments], seconds=seconds + 5)

    def _pages(self, base: str, most: int) -> list[str]:
        kinds = self.rng.choices((("page", "html"), ("image", "png")), (2, 1), k=self.rng.randint(1, most))
        urls = [f"{base}/{kind}/{self._number()}.{suffix}" for kind, suffix in kinds]
        return [word for url in urls for word in ("-o", "/dev/null", url)][
            2:
        ]  # one -o for each URL; the first stands already

    def _number(self) -> int:
        return min(int(self.rng.expovariate(1 / 15)), PAGES - 1)

    def _browse(self) -> None:
        pace = ["--rate", f"{self.rng.choice((2, 4, 8))}/s"] if self.rng.random() < 0.3 else []
        self._curl(*pace, *self._pages(f"http://{self.rng.choice(('www', 'static'))}.{DOMAIN}", 3))

    def _browse_tls(self) -> None:
        version = self.rng.choice((["--http1.1"], ["--http2"], ["--tls-max", "1.2"]))
        self._curl(*version, *self._pages(f"https://{self.rng.choice(('www', 'static', 'app'))}.{DOMAIN}", 3))

    def _call_api(self) -> None:
        base = f"http://api.{DOMAIN}:8080/api"
        if self.rng.random() < 0.5:
            self._curl(f"{base}/status")
            return
        body = '{"item":"' + "x" * self.rng.randint(5, 900) + '"}'
        self._curl("-H", "Content-Type: application/json", "--data-binary", body, f"{base}/item")

    def _download(self) -> None:
        scheme = self.rng.choice(("http", "https"))
        self._curl(f"{scheme}://files.{DOMAIN}/file/{self._number()}.bin")

    def _slow_download(self) -> None:
        self._curl(f"http://files.{DOMAIN}/slow/{self._number()}.bin", seconds=20)

    def _upload(self) -> None:
        local = self.folder / "site" / "image" / f"{self._number()}.png"
        self._curl("-T", str(local), f"http://app.{DOMAIN}:8080/upload/{self.rng.randrange(10**6)}.png")

    def _miss(self) -> None:
        self._curl(f"http://www.{DOMAIN}/page/{self.rng.choice(('index.php', 'favicon.ico', 'gone.html'))}")

    def _check(self) -> None:
        self._curl("-I", f"http://www.{DOMAIN}/page/{self._number()}.html")

    def _revalidate(self) -> None:
        if self.rng.random() < 0.5:
            self._curl("-L", f"http://www.{DOMAIN}/old/{self._number()}.html")
        else:
            self._curl("-z", "tomorrow", f"http://www.{DOMAIN}/page/{self._number()}.html")

    def _refused(self) -> None:
        self._curl("--connect-timeout", "2", f"http://app.{DOMAIN}:{self.rng.choice((81, 8081, 3000))}/")

    def _look_up(self) -> None:
        names = ("www", "app", "api", "static", "files", "shell", "ns")
        kind = self.rng.choices(("A", "AAAA", "MX", "TXT", "SRV", "PTR", "none"), (8, 5, 2, 1, 1, 3, 3))[0]
        question = {
            "MX": ["MX", DOMAIN],
            "TXT": ["TXT", DOMAIN],
            "SRV": ["SRV", f"_ldap._tcp.{DOMAIN}"],
            "PTR": ["-x", self.rng.choice((WEB, APP, SHELL)).address],
            "none": ["A", f"{self.rng.choice(('wpad', 'printer', 'intranet', 'mail2'))}.{DOMAIN}"],
        }.get(kind, [kind, f"{self.rng.choice(names)}.{DOMAIN}"])
        transport = ["+tcp"] if self.rng.random() < 0.05 else []
        self.network.run(self.host, ["dig", f"@{NAMES.address}", "+tries=1", *transport, *question], seconds=8)

    def _ping(self) -> None:
        target = self.rng.choice((WEB, APP, SHELL)).address
        count, gap, size = self.rng.randint(1, 5), self.rng.choice((0.2, 0.5, 1.0)), self.rng.choice((56, 56, 120))
        self.network.run(self.host, ["ping", "-c", str(count), "-i", str(gap), "-s", str(size), target], seconds=12)

    def _ask_time(self) -> None:
        # -Q prints the offset and sets nothing; -x besides, so that the clock cannot be touched.
        ask = ["chronyd", "-Q", "-x", "-u", "root", "-t", "4", f"server {NAMES.address} iburst maxsamples 1"]
        private = [f"pidfile {self.folder}/{self.host.name}-{self.ident}.pid", "cmdport 0", "bindcmdaddress /"]
        self.network.run(self.host, [*ask, *private], seconds=8)

    def _ssh(self, command: str, *options: str, given: str = "", seconds: float = 20) -> None:
        arguments = [
            "ssh",
            *SSH_OPTIONS,
            "-i",
            str(self.folder / "client_key"),
            *options,
            f"root@shell.{DOMAIN}",
            command,
        ]
        self.network.run(self.host, arguments, seconds=seconds, given=given)

    def _shell(self) -> None:
        self._ssh("; ".join(self.rng.sample(_COMMANDS, self.rng.randint(1, 3))))

    def _terminal(self) -> None:
        typed = "".join(f"{self.rng.choice(_COMMANDS)}\nsleep {self.rng.uniform(2, 9):.1f}\n" for _ in range(4))
        self._ssh("sh", "-o", "ServerAliveInterval=5", given=typed, seconds=45)

    def _copy(self) -> None:
        local = self.folder / "site" / "file" / f"{self._number()}.bin"
        remote = f"root@shell.{DOMAIN}"
        arguments = ["scp", "-q", *SSH_OPTIONS, "-i", str(self.folder / "client_key")]
        there = f"{self.folder}/upload-{self.host.name}"
        if self.rng.random() < 0.5:
            arguments += [str(local), f"{remote}:{there}"]
        else:
            arguments += [f"{remote}:{local}", "/dev/null"]
        self.network.run(self.host, arguments, seconds=20)

    def _poll(self) -> None:
        urls = [
            word
            for _ in range(self.rng.randint(3, 6))
            for word in ("-o", "/dev/null", f"http://www.{DOMAIN}/api/status")
        ]
        self._curl("--rate", f"{self.rng.choice((6, 8, 12))}/m", *urls[2:], seconds=60)


def stop_all(desks: list[Desk], *, seconds: float) -> None:
    """Ask every desk to stop and wait at most `seconds` for the sessions under way."""
    for desk in desks:
        desk.stop()
    end = time.monotonic() + seconds
    for desk in desks:
        desk.join(max(0.0, end - time.monotonic()))
