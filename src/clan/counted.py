"""Numbers of things, in words."""

from __future__ import annotations


def counted(n: float, noun: str, *, form: str = ",") -> str:
    """Write how many there are of something.

    Args:
        n: How many.
        noun: What one of them is called; more have an ``s`` behind it.
        form: How the number is written, as in a format string.

    Example:
        >>> counted(1, "flow"), counted(0, "flow"), counted(2_000, "benign flow"), counted(0.5, "alert", form="g")
        ('1 flow', '0 flows', '2,000 benign flows', '0.5 alerts')
    """
    number = f"{n:{form}}"
    return f"{number} {noun}" if number == "1" else f"{number} {noun}s"
