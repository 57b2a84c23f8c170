"""Checks that every relative link in the project's Markdown files leads to a file, and every `#anchor` to a heading."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.MULTILINE)
_SKIP = {".venv", ".git", "out", "build", "dist", ".pytest_cache"}


def documents(root: Path) -> list[Path]:
    """Every Markdown file of the project, sorted."""
    return sorted(path for path in root.rglob("*.md") if not _SKIP & set(path.relative_to(root).parts))


def anchors(document: Path) -> set[str]:
    """The `#names` that headings get on the common hosts: lower case, no punctuation, dashes for spaces."""
    headings = _HEADING.findall(_FENCE.sub("", document.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(document: Path, root: Path) -> list[str]:
    """One line for each relative link of `document` that leads nowhere, or out of the project."""
    text = _CODE.sub("", _FENCE.sub("", document.read_text(encoding="utf-8")))
    broken = []
    for link in _LINK.findall(text):
        if re.match(r"[a-z][a-z+.-]*:", link):
            continue  # another site: not ours to check, and CI has no network
        name, _, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        if not target.exists() or not target.is_relative_to(root):
            broken.append(f"{document.relative_to(root)}: {link} leads to no file of the project")
        elif anchor and target.suffix == ".md" and anchor not in anchors(target):
            broken.append(f"{document.relative_to(root)}: {link} names a heading that is not there")
    return broken


def main() -> int:
    """Print what is broken; the exit status is 1 if anything is."""
    found = documents(ROOT)
    broken = [line for document in found for line in broken_links(document, ROOT)]
    sys.stdout.writelines(f"{line}\n" for line in broken)
    sys.stdout.write(f"{len(found)} documents, {len(broken)} broken links\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
