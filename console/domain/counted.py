"""How are so many things told?"""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return a number and what it counts, such as `1 slot` or `2 slots`.

    Args:
        number: how many there are.
        noun: one of them; its plural takes an `s`.
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
