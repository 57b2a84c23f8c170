"""The check of links in the documents finds what is broken and nothing else."""

from __future__ import annotations

from pathlib import Path

from docs.check_links import broken_links


def test_links_are_followed_to_files_and_headings(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# What is it?\n")
    page = tmp_path / "page.md"
    page.write_text(
        "# Top\n[a](other.md) [b](other.md#what-is-it) [c](#top) [d](https://example.org/none)\n"
        "`[code](nowhere.md)`\n```\n[fenced](nowhere.md)\n```\n[e](gone.md) [f](other.md#gone) [g](../outside.md)\n"
    )
    assert broken_links(page, tmp_path) == [
        "page.md: gone.md leads to no file of the project",
        "page.md: other.md#gone names a heading that is not there",
        "page.md: ../outside.md leads to no file of the project",
    ]
