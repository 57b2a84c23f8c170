"""The few SVG elements that the pictures are drawn with; every text is escaped here and nowhere else."""

from __future__ import annotations

import html

from clan.alerts.text import visible


def text(x: float, y: float, words: str, *, style: str = "tick", anchor: str = "start") -> str:
    """Write words at a point; `anchor` is start, middle or end."""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{style}" text-anchor="{anchor}">{_safe(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, *, style: str = "grid") -> str:
    """Draw a straight line."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{style}"/>'


def bar(x: float, y: float, width: float, height: float, *, style: str, tip: str = "", radius: float = 1.5) -> str:
    """Draw a filled rectangle; `tip` shows when the pointer rests on it."""
    shape = f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}" rx="{radius:g}"'
    return f'{shape} class="{style}"><title>{_safe(tip)}</title></rect>' if tip else f'{shape} class="{style}"/>'


def dot(x: float, y: float, radius: float, *, style: str) -> str:
    """Draw a filled circle."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" class="{style}"/>'


def area(points: list[tuple[float, float]], *, style: str) -> str:
    """Fill a polygon."""
    return f'<polygon points="{_points(points)}" class="{style}"/>'


def path(points: list[tuple[float, float]], *, style: str) -> str:
    """Draw an open line through points."""
    return f'<polyline points="{_points(points)}" class="{style}"/>'


def picture(width: int, height: int, parts: list[str], *, label: str) -> str:
    """Put parts into one picture that scales with the page; `label` is what a screen reader says."""
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{_safe(label)}" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def blank(width: int, height: int, words: str) -> str:
    """Say in place of a picture why there is none."""
    return picture(width, height, [text(width / 2, height / 2, words, style="none", anchor="middle")], label=words)


def _safe(words: str) -> str:
    return html.escape(visible(words))


def _points(points: list[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
