"""Which known word was probably meant?"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_SIMILARITY = 0.6
"""difflib's own measure of a good match, from 0 to 1."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most like `word`; None where none is like it."""
    # difflib's ratio takes us-esat-1 for us-west-1 as soon as for us-east-1: edits decide.
    close = get_close_matches(word, tuple(known), n=8, cutoff=_SIMILARITY)
    return min(close, key=lambda candidate: _edits(word, candidate), default=None)


def _edits(one: str, other: str) -> int:
    """Return how many letters have to be put in, left out, replaced or swapped with the next."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        last, row = row, [i]
        for j, target in enumerate(other, start=1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != target))
            is_swap = i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == target
            row.append(min(cost, before[j - 2] + 1) if is_swap else cost)
        before = last
    return row[-1]
