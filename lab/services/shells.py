"""OpenSSH on the code server and on some desks, and Git behind it."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

from lab.services.base import Service
from lab.shell import output
from lab.site import Host, Site

KEY = "client_key"
"""File of the private key that opens every server of the recording; made for it, thrown away with it."""

_SSHD = """
Port 22
ListenAddress {address}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/client_key.pub
PidFile {folder}/sshd-{name}.pid
PermitRootLogin prohibit-password
PasswordAuthentication yes
UsePAM no
UseDNS no
StrictModes no
MaxStartups 60
MaxAuthTries 2
PrintMotd no
Subsystem sftp internal-sftp
"""


def shell_servers(site: Site, folder: Path) -> list[Service]:
    """Make keys, and configure sshd on every server and on the developers' desks."""
    Path("/run/sshd").mkdir(exist_ok=True)  # sshd insists on its empty folder
    for name in ("host_key", KEY):
        output("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(folder / name))
    return [_sshd(host, folder) for host in shell_hosts(site)]


def shell_hosts(site: Site) -> list[Host]:
    """Give the hosts that one can log in to: the servers, and the developers' desks."""
    desks = [host for host in site.segment("clients").hosts if host.profile == "developer"]
    return [*site.segment("servers").hosts, *desks]


def git_server(site: Site, folder: Path, seed: int) -> Service:
    """Make a repository with some history, and serve it by the Git protocol."""
    write_repository(folder / "repository" / "project.git", folder / "work", seed)
    argv = ("git", "daemon", "--reuseaddr", "--export-all", f"--base-path={folder / 'repository'}")
    return Service(name="git", host=site.running("git"), argv=argv, port=9418)


def write_repository(bare: Path, work: Path, seed: int) -> None:
    """Make a bare repository of twelve small commits."""
    rng = random.Random(seed)
    author = {"GIT_AUTHOR_NAME": "lab", "GIT_AUTHOR_EMAIL": "lab@localhost"}
    author |= {"GIT_COMMITTER_NAME": "lab", "GIT_COMMITTER_EMAIL": "lab@localhost"}
    environment = {**os.environ, **author, "HOME": str(work.parent), "GIT_CONFIG_NOSYSTEM": "1"}

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], check=True, capture_output=True, env=environment)

    git("init", "-q", "-b", "main", str(work))
    for number in range(12):
        (work / f"file{number}.txt").write_text("\n".join(str(rng.random()) for _ in range(rng.randint(20, 600))))
        git("-C", str(work), "add", ".")
        git("-C", str(work), "commit", "-q", "-m", f"change {number}")
    bare.parent.mkdir()
    git("clone", "-q", "--bare", str(work), str(bare))
    git("-C", str(bare), "update-server-info")


def _sshd(host: Host, folder: Path) -> Service:
    path = folder / f"sshd-{host.name}.conf"
    path.write_text(_SSHD.format(address=host.address, folder=folder, name=host.name))
    return Service(name=f"sshd-{host.name}", host=host, argv=("/usr/sbin/sshd", "-D", "-e", "-f", str(path)), port=22)
