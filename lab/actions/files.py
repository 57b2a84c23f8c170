"""Files: FTP, Samba, rsync, Git and packages."""

from __future__ import annotations

from lab.actions.scene import FOLDER, Action, Scene
from lab.command import Command


def ftp(scene: Scene) -> list[Command]:
    """List a folder by FTP, and take some files."""
    folder, suffix = scene.rng.choice((("page", "html"), ("image", "png"), ("file", "bin")))
    takes = "; ".join(f"cat {scene.number()}.{suffix}" for _ in range(scene.rng.randint(1, 3)))
    script = f"set net:max-retries 1; set net:timeout 8; open ftp://{scene.name('ftp')}; cd {folder}; ls; {takes}; bye"
    return [Command(argv=("lftp", "--norc", "-c", script), seconds=20)]


def share(scene: Scene) -> list[Command]:
    """List a folder of the share, and take some files."""
    takes = "; ".join(f"get {scene.number()}.png /dev/null" for _ in range(scene.rng.randint(1, 4)))
    where = f"//{scene.site.running('samba').address}/share"
    return [Command(argv=("smbclient", "-N", where, "-c", f"cd image; ls; {takes}"), seconds=15)]


def mirror_pages(scene: Scene) -> list[Command]:
    """Bring one of eight copies of a folder up to date by rsync; the first time all of it is missing."""
    kind = scene.rng.choice(("page", "image"))
    source = f"rsync://{scene.site.running('rsync').address}/pages/{kind}/"
    target = f"{FOLDER}/copy-{scene.host.name}-{scene.rng.randrange(8)}/"
    return [Command(argv=("rsync", "-rt", "--delete", "--timeout=10", source, target), seconds=25)]


def git_clone(scene: Scene) -> list[Command]:
    """Clone, or ask what is new: by Git's own protocol or by HTTP."""
    url = scene.rng.choice(
        (
            f"git://{scene.name('git')}/project.git",
            f"git://{scene.name('git')}/project.git",
            f"http://{scene.name('www')}/repository/project.git",
        )
    )
    if scene.rng.random() < 0.6:
        return [Command(argv=("git", "ls-remote", "-q", url), seconds=15)]
    depth = ("--depth", "1") if scene.rng.random() < 0.5 else ()
    target = f"{FOLDER}/clone-{scene.host.name}-{scene.rng.randrange(10**6)}"
    return [Command(argv=("git", "clone", "-q", "--bare", *depth, url, target), seconds=25)]


def packages(scene: Scene) -> list[Command]:
    """Ask the mirror what there is, and take a package."""
    own = f"{FOLDER}/apt-{scene.host.name}"
    options = [
        "-qq", "-o", f"Dir::State={own}/state", "-o", f"Dir::Cache={own}/cache", "-o", "Dir::State::status=/dev/null",
        "-o", f"Dir::Etc::SourceList={own}/sources.list", "-o", "Dir::Etc::SourceParts=/dev/null",
        "-o", "Dir::Etc::Parts=/dev/null", "-o", "Acquire::Languages=none", "-o", "APT::Sandbox::User=root",
        "-o", "Dir::Etc::PreferencesParts=/dev/null", "-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=8",
    ]  # fmt: skip
    update = Command(argv=("apt-get", *options, "update"), seconds=20)
    if scene.rng.random() < 0.5:
        return [update]
    package = f"lab{scene.rng.randrange(5)}"
    return [update, Command(argv=("apt-get", *options, "--allow-unauthenticated", "download", package), seconds=20)]


FILES: dict[str, Action] = {
    "ftp": ftp, "share": share, "mirror_pages": mirror_pages, "git": git_clone, "packages": packages,
}  # fmt: skip
