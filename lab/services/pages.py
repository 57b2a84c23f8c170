"""What the web, file and package servers hold: pages, images and downloads of seeded contents, small packages."""

from __future__ import annotations

import hashlib
import random
import shutil
from pathlib import Path

from lab.shell import output

PAGES = 60
"""Pages, images and downloads of each kind."""
PACKAGES = 5
"""Packages on the mirror."""


def write_pages(folder: Path, seed: int) -> Path:
    """Write everything below `folder`; gives it."""
    rng = random.Random(seed)
    words = ["".join(rng.choice(part) for part in ("bcdfglmnprst", "aeiou", "nrstl", "aeiou")) for _ in range(400)]
    for kind in ("page", "image", "file", "upload"):
        (folder / kind).mkdir(parents=True)
    for number in range(PAGES):
        text = " ".join(rng.choices(words, k=max(40, int(rng.lognormvariate(5.8, 0.9)))))
        (folder / "page" / f"{number}.html").write_text(f"<html><body><p>{text}</p></body></html>\n")
        (folder / "image" / f"{number}.png").write_bytes(rng.randbytes(max(300, int(rng.lognormvariate(8.3, 0.9)))))
        size = min(400_000, int(rng.lognormvariate(10.0, 1.1)))
        (folder / "file" / f"{number}.bin").write_bytes(rng.randbytes(size))
    (folder / "upload").chmod(0o777)
    return folder


def write_mirror(folder: Path, seed: int) -> None:
    """Write a flat Debian repository of small packages of random contents."""
    rng = random.Random(seed)
    folder.mkdir()
    stanzas = []
    for number in range(PACKAGES):
        tree = folder / f"tree{number}"
        (tree / "DEBIAN").mkdir(parents=True)
        (tree / "usr" / "share").mkdir(parents=True)
        (tree / "usr" / "share" / f"lab{number}").write_bytes(rng.randbytes(rng.randint(5_000, 90_000)))
        control = (
            f"Package: lab{number}\nVersion: 1.{number}\nArchitecture: all\n"
            f"Maintainer: Nobody <nobody@localhost>\nDescription: nothing\n"
        )
        (tree / "DEBIAN" / "control").write_text(control)
        package = folder / f"lab{number}.deb"
        output("dpkg-deb", "--build", "--root-owner-group", str(tree), str(package))
        shutil.rmtree(tree)
        data = package.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        stanzas.append(f"{control}Filename: ./{package.name}\nSize: {len(data)}\nSHA256: {digest}\n")
    (folder / "Packages").write_text("\n".join(stanzas))
